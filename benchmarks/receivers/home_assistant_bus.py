"""A Home Assistant bus with one listener, without the rest of Home Assistant."""

from homeassistant.core import Event, EventBus, HomeAssistant, callback


def make_bus() -> tuple[HomeAssistant, EventBus]:
    """Return a bus on which one callback hears the integration's events."""
    hass = HomeAssistant("")

    @callback
    def hear(_: Event) -> None:
        pass

    hass.bus.async_listen("pusher_channels_event", hear)
    return hass, hass.bus
