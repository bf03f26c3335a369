"""Captured events of Home Assistant's bus."""

import json
from typing import Any

from homeassistant.core import Event, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from .home_assistant import device_named


class BusEvents:
    """Captured bus events; the fields that every event has are checked and left out."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._events: dict[str, list[Event]] = {}

    def capture(self, name: str) -> None:
        self._events[name] = async_capture_events(self._hass, f"pusher_channels_{name}")

    def count(self, name: str) -> int:
        return len(self._events[name])

    def fired(self, name: str, *, of: str | None = None) -> list[dict[str, Any]]:
        """Return the events of a channel's device, or of the app's."""
        key = self._entry.entry_id if of is None else f"id-{of}"
        device = device_named(self._hass, self._entry, key)
        assert device is not None
        data = [json.loads(json.dumps(event.data)) for event in self._events[name]]
        for it in data:
            assert it.pop("entry_id") == self._entry.entry_id
            assert it.pop("device_id") == device.id
        return data


def capture_bus_events(hass: HomeAssistant, entry: MockConfigEntry, *names: str) -> BusEvents:
    bus = BusEvents(hass, entry)
    for name in names:
        bus.capture(name)
    return bus
