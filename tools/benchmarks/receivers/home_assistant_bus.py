"""A Home Assistant bus with one listener, without the rest of Home Assistant."""

import tempfile
from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

EVENT = "pusher_channels_event"


def make_bus(hear: Callable[[object], None]) -> HomeAssistant:
    """Return a Home Assistant with one callback on its bus for the integration's events."""
    hass = HomeAssistant(tempfile.gettempdir())

    hass.bus.async_listen(EVENT, callback(hear))
    return hass
