"""Lines in the logbook; never what an event carried."""

from collections.abc import Callable

from homeassistant.components.logbook import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import (
    DOMAIN,
    EVENT,
    EVENT_CONNECTION_STATE,
    EVENT_MEMBER_ADDED,
    EVENT_MEMBER_REMOVED,
    EVENT_WEBHOOK,
)

type Line = dict[str, str]
type Describe = Callable[[Event], Line]


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Tell the logbook how to put our bus events into words."""

    @callback
    def received(event: Event) -> Line:
        return _line(event.data.get("channel"), f"received {event.data.get('event')}")

    @callback
    def joined(event: Event) -> Line:
        return _line(event.data.get("channel"), f"user {event.data.get('user_id')} joined")

    @callback
    def left(event: Event) -> Line:
        return _line(event.data.get("channel"), f"user {event.data.get('user_id')} left")

    @callback
    def told(event: Event) -> Line:
        return _line(event.data.get("channel"), f"told by webhook: {event.data.get('event')}")

    @callback
    def connection_changed(event: Event) -> Line:
        entry = hass.config_entries.async_get_entry(event.data.get("entry_id", ""))
        return _line(None if entry is None else entry.title, f"is now {event.data.get('state')}")

    async_describe_event(DOMAIN, EVENT, received)
    async_describe_event(DOMAIN, EVENT_MEMBER_ADDED, joined)
    async_describe_event(DOMAIN, EVENT_MEMBER_REMOVED, left)
    async_describe_event(DOMAIN, EVENT_WEBHOOK, told)
    async_describe_event(DOMAIN, EVENT_CONNECTION_STATE, connection_changed)


def _line(name: str | None, message: str) -> Line:
    return {LOGBOOK_ENTRY_NAME: name or "Pusher Channels", LOGBOOK_ENTRY_MESSAGE: message}
