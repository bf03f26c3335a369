"""The app of the documentation: Shop, with its channels, its user, and what happens there in a day."""

import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from homeassistant.components.webhook import async_handle_webhook
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from tests.tools.devserver.peer import Peer
from tools.devserver import DevServer, frames

from ..actions import act, connected_guest
from ..conftest import APP, app_data, channel_subentry, until

CHANNELS: dict[str, dict[str, Any]] = {
    "orders": {"events": ["order.shipped", "order.*"]},
    "ticker": {},
    "cache-weather": {},
    "private-alerts": {},
    "private-orders": {},
    "private-encrypted-vault": {},
    "private-home": {},
    "presence-lobby": {"members": ["ada", "grace"]},
}
EVENTS = [
    ("orders", "order.shipped", {"id": 42, "customer": "Ada", "total": 34.5}),
    ("ticker", "price", {"eur": 3.1}),
    ("cache-weather", "changed", {"wind": 14, "temperature": 21.5}),
    ("private-alerts", "alert", "Water in the cellar"),
    ("private-orders", r"App\Events\OrderShipped", {"id": 42, "customer": "Ada"}),
    ("private-encrypted-vault", "note", {"text": "The key is under the mat"}),
]
WEBHOOK_ID = "shop"
ADA = {"user_id": "ada", "user_info": {"name": "Ada"}}


def shop_entry(server: DevServer, **changes: Any) -> MockConfigEntry:
    """Return the entry of the app, not set up yet."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Shop",
        unique_id="shop",
        data=app_data(server, **changes),
        options={
            "sign_in": True,
            "watchlist": ["grace"],
            "webhook": True,
            "webhook_id": WEBHOOK_ID,
        },
        subentries_data=[channel_subentry(name, **data) for name, data in CHANNELS.items()],
    )


@asynccontextmanager
async def ada_in_the_lobby(server: DevServer) -> AsyncIterator[Peer]:
    """Keep Ada on the presence channel during the block."""
    async with connected_guest(server) as guest:
        await guest.join("presence-lobby", ADA)
        yield guest
        await guest.leave()


async def live_a_day(hass: HomeAssistant, server: DevServer, hub: Hub) -> None:
    """Let everything happen that triggers, entities and bus events report."""
    for channel, event, data in EVENTS:
        await server.publish(channel, event, data)
    await _send_webhook(hass, {"name": "channel_occupied", "channel": "presence-lobby"})
    await server.send_raw(frames.event("private-encrypted-vault", "note", "not sealed"))
    async with ada_in_the_lobby(server) as ada:
        await ada.send("client-wave", {"text": "Hello"}, "presence-lobby")
        await ada.join("private-home")
        await ada.send("client-run", {"script": "good_night"}, "private-home")
        await until(lambda: _is(hass, "binary_sensor.presence_lobby_member_ada", "on"))
    await until(lambda: _is(hass, "binary_sensor.presence_lobby_member_ada", "off"))
    server.faults.subscribe_answers["private-closed"] = frames.subscription_error(
        "private-closed", "Nobody is let in"
    )
    with pytest.raises(HomeAssistantError):
        await act(hass, "subscribe", channel="private-closed")
    await server.close_all(4200, "Please come back")
    await until(lambda: not hub.channels["id-orders"].is_subscribed)
    await until(lambda: all(channel.is_subscribed for channel in hub.channels.values()))


async def _send_webhook(hass: HomeAssistant, event: dict[str, str]) -> None:
    """Deliver a webhook as Nabu Casa does."""
    time_ms = round(dt_util.utcnow().timestamp() * 1000)
    body = json.dumps({"time_ms": time_ms, "events": [event]}).encode()
    signature = hmac.new(APP.secret.encode(), body, "sha256").hexdigest()
    headers = {"X-Pusher-Key": APP.key, "X-Pusher-Signature": signature}
    request = MockRequest(body, "shop", "POST", headers=headers)
    answer = await async_handle_webhook(hass, WEBHOOK_ID, request)
    assert answer.status == 200


def _is(hass: HomeAssistant, entity_id: str, value: str) -> bool:
    state = hass.states.get(entity_id)
    return state is not None and state.state == value
