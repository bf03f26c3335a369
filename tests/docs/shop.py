"""The app that the documentation speaks of: Shop, with its channels and its user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.const import DOMAIN
from devserver import DevServer

from ..actions import connected_guest
from ..conftest import app_data, channel_subentry
from ..devserver.peer import Peer

CHANNELS = {
    "orders": {"events": ["order.shipped", "order.*"]},
    "ticker": {},
    "cache-weather": {},
    "private-alerts": {},
    "private-orders": {},
    "private-encrypted-vault": {},
    "presence-lobby": {"members": ["ada", "grace"]},
}
USER = "home-assistant-12345678"
ADA = {"user_id": "ada", "user_info": {"name": "Ada"}}


def shop_entry(server: DevServer, **changes: Any) -> MockConfigEntry:
    """Return the entry of the app, not set up yet."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Shop",
        unique_id="shop",
        data=app_data(server, **changes),
        options={"sign_in": True, "watchlist": ["grace"]},
        subentries_data=[channel_subentry(name, **data) for name, data in CHANNELS.items()],
    )


@asynccontextmanager
async def ada_in_the_lobby(server: DevServer) -> AsyncIterator[Peer]:
    """Have Ada on the presence channel for the time of the block."""
    async with connected_guest(server) as guest:
        await guest.join("presence-lobby", ADA)
        yield guest
        await guest.leave()
