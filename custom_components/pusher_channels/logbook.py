"""Logbook lines for what no entity shows; without the data of events.

Received events and the state of the connection have lines of their entities.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

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
type Message = Callable[[Event], str]


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Register the descriptions of the bus events."""
    for event_type, (icon, message) in _LINES.items():
        async_describe_event(DOMAIN, event_type, partial(_describe, hass, icon, message))


@callback
def _describe(hass: HomeAssistant, icon: str, message: Message, event: Event) -> Line:
    return {
        LOGBOOK_ENTRY_NAME: _name(hass, event),
        LOGBOOK_ENTRY_MESSAGE: message(event),
        LOGBOOK_ENTRY_ICON: icon,
    }


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


# The icon and the message of each kind of event.
_LINES: Final[Mapping[str, tuple[str, Message]]] = {
    EVENT_MEMBER_ADDED: ("mdi:account-plus", lambda event: f"{_member(event)} joined"),
    EVENT_MEMBER_REMOVED: ("mdi:account-minus", lambda event: f"{_member(event)} left"),
    EVENT_WEBHOOK: (
        "mdi:webhook",
        lambda event: f"received the webhook event {_event_name(event)}",
    ),
    EVENT_SUBSCRIPTION_ERROR: ("mdi:link-off", lambda _: "was refused by the server"),
    EVENT_DECRYPTION_FAILURE: (
        "mdi:lock-alert",
        lambda event: f"could not decrypt the event {_event_name(event)}",
    ),
    EVENT_GAP: ("mdi:timeline-alert", lambda _: "may have missed events"),
}
