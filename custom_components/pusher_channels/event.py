"""Event entities: the latest event of a channel and of the signed-in user."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.event import EventEntity, EventExtraStoredData
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from orjson import dumps

from .client import Event, Json
from .const import MAX_EVENT_NAME_CHARS
from .entity import ChannelEntity, ThrottledEntity, UserEntity, is_same, is_stored
from .hub.channel import ConfiguredChannel
from .hub.hub import PusherConfigEntry

PARALLEL_UPDATES = 0

RECEIVED = "received"
OTHER = "other"
MAX_DATA_BYTES: Final = 16 * 1024


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities of the user and of each channel."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        return [ChannelEvent(hub, channel)]

    user_events = [UserEvent(hub)] if hub.signs_in else []
    hub.add_platform(Platform.EVENT, async_add_entities, user_events, make)


@dataclass
class StoredEvent(EventExtraStoredData):
    """What is restored of an event; `received` is the state, even if it was stored as unavailable."""

    received: str | None


class LatestEvent(ThrottledEntity, EventEntity):
    """Shows the latest event; written at most 50 times a second."""

    _unrecorded_attributes = frozenset({"data"})
    _seconds_between_writes = 0.02
    _latest: Event | None = None

    @property
    @override
    def extra_restore_state_data(self) -> StoredEvent:
        stored = super().extra_restore_state_data
        return StoredEvent(stored.last_event_type, stored.last_event_attributes, self.state)

    @override
    async def async_get_last_state(self) -> State | None:
        """Return the last state as it was before an outage, from which the base class restores."""
        last_state = await super().async_get_last_state()
        extra_data = await self.async_get_last_extra_data()
        received = None if extra_data is None else extra_data.as_dict().get("received")
        if last_state is None or last_state.state != STATE_UNAVAILABLE or received is None:
            return last_state
        return State(last_state.entity_id, received, last_state.attributes)

    @callback
    def _handle_event(self, event: Event) -> None:
        if self._latest is None or not is_stored(event) or not is_same(event, self._latest):
            self._latest = event
            self._write_soon()

    def _event_type(self, name: str) -> str | None:
        """Return the type of an event; None for one that the filter excludes."""
        return RECEIVED

    @callback
    @override
    def _write(self) -> None:
        # The filter may have changed since the event was received.
        event = self._latest
        if event is not None and (event_type := self._event_type(event.name)) is not None:
            self._trigger_event(event_type, _attributes(event))
            self.async_write_ha_state()


class ChannelEvent(ChannelEntity, LatestEvent):
    """The latest event of a channel that passed the filter."""

    _key = "event"
    _attr_name = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._channel.listen_events(self._handle_event))

    @override
    def _refresh(self) -> None:
        patterns = self._channel.patterns
        types = [OTHER if _is_glob(name) else name for name in patterns] or [RECEIVED]
        self._attr_event_types = sorted(set(types), key=types.index)

    @override
    def _event_type(self, name: str) -> str | None:
        patterns = self._channel.patterns
        if not patterns:
            return RECEIVED
        if name in patterns and not _is_glob(name):
            return name
        return OTHER if self._channel.matches(name) else None


class UserEvent(UserEntity, LatestEvent):
    """The latest event that was sent to the signed-in user."""

    _key = "user_event"
    _attr_event_types = [RECEIVED]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.user.bind(self._handle_event))


def _is_glob(name: str) -> bool:
    return any(character in name for character in "*?[")


def _attributes(event: Event) -> dict[str, Json]:
    """Return an event's attributes; data over 16 KB is left out, with its size in its place."""
    data = event.writable()
    size = _size(event.raw if isinstance(event.raw, str) else data)
    shown: dict[str, Json] = {"data": data} if size <= MAX_DATA_BYTES else {"data_bytes": size}
    name = event.name[:MAX_EVENT_NAME_CHARS]
    return {"event": name, **shown, "user_id": event.user_id, "cached": event.cached}


def _size(data: Json) -> int:
    return len(data.encode() if isinstance(data, str) else dumps(data))
