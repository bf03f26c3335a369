"""Logbook lines for what no entity shows; without the data of events.

Received events and the state of the connection have lines of their entities.
"""

from collections.abc import Callable

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import (
    DOMAIN,
    EVENT_DECRYPTION_FAILURE,
    EVENT_GAP,
    EVENT_MEMBER_ADDED,
    EVENT_MEMBER_REMOVED,
    EVENT_SUBSCRIPTION_ERROR,
    EVENT_WEBHOOK,
    MAX_EVENT_NAME_CHARS,
    MAX_MEMBER_NAME_CHARS,
)

type Line = dict[str, str]
type Describe = Callable[[Event], Line]


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Register the descriptions of the bus events."""

    def line(event: Event, icon: str, message: str) -> Line:
        return {
            LOGBOOK_ENTRY_NAME: _name(hass, event),
            LOGBOOK_ENTRY_MESSAGE: message,
            LOGBOOK_ENTRY_ICON: icon,
        }

    @callback
    def member_added(event: Event) -> Line:
        return line(event, "mdi:account-plus", f"{_member(event)} joined")

    @callback
    def member_removed(event: Event) -> Line:
        return line(event, "mdi:account-minus", f"{_member(event)} left")

    @callback
    def webhook(event: Event) -> Line:
        return line(event, "mdi:webhook", f"received the webhook event {_event_name(event)}")

    @callback
    def subscription_error(event: Event) -> Line:
        return line(event, "mdi:link-off", "was refused by the server")

    @callback
    def decryption_failure(event: Event) -> Line:
        return line(event, "mdi:lock-alert", f"could not decrypt the event {_event_name(event)}")

    @callback
    def gap(event: Event) -> Line:
        return line(event, "mdi:timeline-alert", "may have missed events")

    async_describe_event(DOMAIN, EVENT_MEMBER_ADDED, member_added)
    async_describe_event(DOMAIN, EVENT_MEMBER_REMOVED, member_removed)
    async_describe_event(DOMAIN, EVENT_WEBHOOK, webhook)
    async_describe_event(DOMAIN, EVENT_SUBSCRIPTION_ERROR, subscription_error)
    async_describe_event(DOMAIN, EVENT_DECRYPTION_FAILURE, decryption_failure)
    async_describe_event(DOMAIN, EVENT_GAP, gap)


def _name(hass: HomeAssistant, event: Event) -> str:
    """Return the name of the event's channel, or of the app for a channel without a device."""
    device = dr.async_get(hass).async_get(str(event.data.get("device_id")))
    is_of_channel = device is not None and device.config_subentry_id is not None
    if device is not None and (is_of_channel or "channel" not in event.data):
        return device.name_by_user or device.name or "Pusher Channels"
    return str(event.data.get("channel") or "Pusher Channels")


def _event_name(event: Event) -> str:
    return str(event.data.get("event"))[:MAX_EVENT_NAME_CHARS]


def _member(event: Event) -> str:
    match event.data.get("user_info"):
        case {"name": str(name)} if name:
            return name[:MAX_MEMBER_NAME_CHARS]
        case _:
            return f"user {event.data.get('user_id')}"
