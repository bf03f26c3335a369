"""Event entities: the latest event of a channel and of the signed-in user."""

from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    ClientNotice,
    Event,
    SignedIn,
    StateChange,
)
from .entity import AppEntity, ChannelEntity, ThrottledEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry

PARALLEL_UPDATES = 0

RECEIVED = "received"
OTHER = "other"


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


class LatestEvent(ThrottledEntity, EventEntity):
    """Shows the latest event; written at most 50 times a second."""

    _unrecorded_attributes = frozenset({"data"})
    _seconds_between_writes = 0.02
    _latest: Event

    @callback
    def _handle_event(self, event: Event) -> None:
        self._latest = event
        self._write_soon()

    def _event_type(self, event: Event) -> str:
        return RECEIVED

    @callback
    @override
    def _write(self) -> None:
        event_type = self._event_type(self._latest)
        if event_type in self.event_types:
            self._trigger_event(event_type, _attributes(self._latest))
            self.async_write_ha_state()


class ChannelEvent(ChannelEntity, LatestEvent):
    """The latest event of a channel that passed the filter."""

    _key = "event"
    _attr_name = None

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        super().__init__(hub, channel)
        self._set_types()

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._channel.listen_events(self._handle_event))

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        self._set_types()
        super()._handle_change(change)

    def _set_types(self) -> None:
        patterns = self._channel.patterns
        self._literal = [name for name in patterns if not _is_glob(name)]
        types = self._literal.copy() if patterns else [RECEIVED]
        if len(self._literal) < len(patterns):
            types.append(OTHER)
        if types != getattr(self, "_attr_event_types", None):
            self._attr_event_types = types

    @override
    def _event_type(self, event: Event) -> str:
        if event.name in self._literal:
            return event.name
        return OTHER if self._channel.patterns else RECEIVED


class UserEvent(AppEntity, LatestEvent):
    """The latest event that was sent to the signed-in user."""

    _key = "user_event"
    _attr_event_types = [RECEIVED]

    @property
    @override
    def available(self) -> bool:
        return self._hub.client.user.user_id is not None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.user.bind(self._handle_event))

    @override
    def _handle_notice(self, notice: ClientNotice) -> None:
        if isinstance(notice, StateChange | SignedIn):
            super()._handle_notice(notice)


def _is_glob(name: str) -> bool:
    return any(character in name for character in "*?[")


def _attributes(event: Event) -> dict[str, Any]:
    return {
        "event": event.name,
        "data": event.writable(),
        "user_id": event.user_id,
        "cached": event.cached,
    }
