"""What the tests of values need: stored values, and events that they read."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tools.devserver import DevServer

from .conftest import app_entry, channel_subentry, until
from .home_assistant import skip

TOTAL = "sensor.orders_total"
DOOR = "binary_sensor.orders_door"

type Stored = dict[str, Any]


def sensor(name: str = "Total", value: str = "total", **settings: Any) -> Stored:
    return {"platform": "sensor", "name": name, "events": [], "value": value} | settings


def binary_sensor(name: str = "Door", value: str = "open", **settings: Any) -> Stored:
    return {"platform": "binary_sensor", "name": name, "events": [], "value": value} | settings


def shop(server: DevServer, channel: str = "orders", **values: Stored) -> MockConfigEntry:
    """Return an entry with one channel that has these values."""
    return app_entry(server, channel_subentry(channel, values=values))


def change_values(hass: HomeAssistant, entry: MockConfigEntry, **values: Stored) -> None:
    """Store other values, as the form does."""
    subentry = entry.subentries["id-orders"]
    data = {**subentry.data, "values": values}
    hass.config_entries.async_update_subentry(entry, subentry, data=data)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings about values."""
    return [it.getMessage() for it in caplog.records if ".hub.value" in it.name]


async def publish(hass: HomeAssistant, server: DevServer, data: object, name: str = "new") -> None:
    """Publish an event and wait until Home Assistant has handled it."""
    events = async_capture_events(hass, "pusher_channels_event")
    await server.publish("orders", name, data)
    await until(lambda: events)
    await skip(hass, 0.02)
