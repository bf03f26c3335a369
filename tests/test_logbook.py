"""Lines in Home Assistant's logbook, as its own page asks for them."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceGenerator,
    WebSocketGenerator,
)

from custom_components.pusher_channels.client.webhooks import WebhookEvent
from tools.devserver import DevServer

from .actions import connected_guest
from .conftest import SetUp, app_entry, until


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: RecorderInstanceGenerator) -> None:
    """Let the test have a recorder."""


@pytest.fixture
async def logbook(hass: HomeAssistant, recorder_mock: object) -> None:
    """Set up the logbook, which needs a recorder."""
    assert await async_setup_component(hass, "logbook", {})


async def _lines(hass: HomeAssistant, client: Any) -> list[tuple[str, str]]:
    """Return our lines of the last minute, with the names in front."""
    await async_wait_recording_done(hass)
    since = dt_util.utcnow() - timedelta(minutes=1)
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": since.isoformat()})
    answer = await client.receive_json()
    return [
        (line["name"], line["message"])
        for line in answer["result"]
        if line.get("domain") == "pusher_channels"
    ]


@pytest.mark.usefixtures("logbook")
async def test_events_members_and_the_connection_have_a_line(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hub = await set_up(app_entry(server, "orders", "presence-a"))
    seen: list[object] = []
    hub.client.bind(seen.append)
    presence = hub.channels["id-presence-a"].presence
    assert presence is not None
    presence.listen(seen.append)

    await server.publish("orders", "order.shipped", {"canary": "of-the-payload"})
    await until(lambda: len(seen) == 1)
    async with connected_guest(server) as guest:
        await guest.join("presence-a", {"user_id": "42", "user_info": {"canary": "of-the-member"}})
        await until(lambda: len(seen) == 2)
        await guest.leave()
        await until(lambda: len(seen) == 3)
    hub.bus_of("orders").fire_webhook(WebhookEvent("channel_vacated", "orders"))
    await hub.client.disconnect()

    client = await hass_ws_client(hass)
    assert await _lines(hass, client) == [
        ("orders", "received order.shipped"),
        ("presence-a", "user 42 joined"),
        ("presence-a", "user 42 left"),
        ("orders", "told by webhook: channel_vacated"),
        ("Demo app", "is now disconnecting"),
        ("Demo app", "is now disconnected"),
    ]


@pytest.mark.usefixtures("logbook")
async def test_lines_of_an_app_that_was_removed_stay_readable(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    await hub.client.disconnect()
    assert await hass.config_entries.async_remove(entry.entry_id)

    client = await hass_ws_client(hass)
    assert await _lines(hass, client) == [
        ("Pusher Channels", "is now disconnecting"),
        ("Pusher Channels", "is now disconnected"),
    ]


@pytest.mark.usefixtures("logbook")
async def test_event_fired_by_hand_without_fields_does_not_spoil_the_page(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up(app_entry(server))
    for event in ("event", "member_added", "member_removed", "connection_state", "webhook"):
        hass.bus.async_fire(f"pusher_channels_{event}", {})

    lines = await _lines(hass, await hass_ws_client(hass))

    assert [name for name, _ in lines] == ["Pusher Channels"] * 5
