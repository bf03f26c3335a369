"""A Home Assistant in this process, and the integration in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import MappingProxyType

import tools.ha_first  # noqa: F401  # before the test stack

# isort: split
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

import custom_components.pusher_channels  # noqa: F401  # before the plugin's own custom_components
from custom_components.pusher_channels.const import DOMAIN


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant that finds the integration."""
    async with async_test_home_assistant() as hass:
        hass.data.pop("custom_components", None)
        frame.async_setup(hass)
        if not await async_setup_component(hass, "network", {}):
            raise RuntimeError("network could not be set up")
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)


def add_app(hass: HomeAssistant, port: int, title: str, *channels: str) -> MockConfigEntry:
    """Add an app with these channels; return its entry, which is not set up yet."""
    server = {"host": "127.0.0.1", "port": port, "use_tls": False, "verify_ssl": True}
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=title,
        data={
            "app_key": "bench",
            "cluster": "mt1",
            "server": server,
            "authorization": "auth_none",
        },
        subentries_data=[
            ConfigSubentryDataWithId(
                subentry_id=f"id-{channel}",
                subentry_type="channel",
                title=channel,
                unique_id=channel,
                data=MappingProxyType({"channel": channel, "events": [], "members": []}),
            )
            for channel in channels
        ],
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an app up and wait until its channels are subscribed."""
    if not await hass.config_entries.async_setup(entry.entry_id):
        raise RuntimeError(f"{entry.title} could not be set up: {entry.reason}")
    for channel in reversed(list(entry.runtime_data.channels.values())):
        await channel.client_channel.wait_subscribed()
    await hass.async_block_till_done()
