"""Event entities: the last event of a channel, and the last one sent to the user."""

from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    ClientNotice,
    Event,
    SignedIn,
    StateChange,
)
from .entity import AppEntity, ChannelEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry
from .hub.pace import Pace

PARALLEL_UPDATES = 0

RECEIVED = "received"
OTHER = "other"
SECONDS_BETWEEN_WRITES = 0.02


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the user's event entity if there is a user, and let the hub add those of channels."""
    hub = entry.runtime_data
    if hub.signs_in:
        async_add_entities([UserEvent(hub)])

    def make(channel: ConfiguredChannel) -> list[Entity]:
        return [ChannelEvent(hub, channel)]

    hub.add_platform(make, async_add_entities)


class PacedEvent(EventEntity):
    """Shows events as they come, at most 50 a second; the newest wins."""

    _unrecorded_attributes = frozenset({"data"})
    _newest: Event

    @override
    async def async_added_to_hass(self) -> None:
        self._pace = Pace(self.hass, SECONDS_BETWEEN_WRITES, self._write_newest)
        self.async_on_remove(self._pace.cancel)
        await super().async_added_to_hass()

    @callback
    def _received(self, event: Event) -> None:
        self._newest = event
        self._pace.ask()

    def _event_type(self, event: Event) -> str:
        return RECEIVED

    def _write_newest(self) -> None:
        """Write the newest event, unless a filter that changed meanwhile excludes it."""
        event_type = self._event_type(self._newest)
        if event_type in self.event_types:
            self._trigger_event(event_type, _attributes(self._newest))
            self.async_write_ha_state()


class ChannelEvent(ChannelEntity, PacedEvent):
    """The last event of a channel that passed the filter."""

    _attr_name = None

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        """Set the key and the types that the filter allows."""
        super().__init__(hub, channel, "event")
        self._set_types()

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._channel.listen_events(self._received))

    @override
    def _changed(self, change: ChannelChange) -> None:
        self._set_types()
        super()._changed(change)

    def _set_types(self) -> None:
        patterns = self._channel.patterns
        self._literal = [name for name in patterns if not _is_glob(name)]
        has_globs = len(self._literal) < len(patterns)
        types = self._literal + [OTHER] * has_globs if patterns else [RECEIVED]
        if types != getattr(self, "_attr_event_types", None):
            self._attr_event_types = types

    @override
    def _event_type(self, event: Event) -> str:
        if event.name in self._literal:
            return event.name
        return OTHER if self._channel.patterns else RECEIVED


class UserEvent(AppEntity, PacedEvent):
    """The last event that was sent to the signed-in user."""

    _attr_event_types = [RECEIVED]

    def __init__(self, hub: Hub) -> None:
        """Set the key."""
        super().__init__(hub, "user_event")

    @property
    @override
    def available(self) -> bool:
        return self._hub.client.user.user_id is not None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.user.bind(self._received))

    @override
    def _changed(self, notice: ClientNotice) -> None:
        if isinstance(notice, StateChange | SignedIn):
            super()._changed(notice)


def _is_glob(name: str) -> bool:
    return any(character in name for character in "*?[")


def _attributes(event: Event) -> dict[str, Any]:
    return {
        "event": event.name,
        "data": event.writable(),
        "user_id": event.user_id,
        "cached": event.cached,
    }
