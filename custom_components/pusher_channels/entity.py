"""Base classes of the entities of an app and of its channels."""

import logging
from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, ClassVar, override

from homeassistant.core import State, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity
from homeassistant.util import dt as dt_util
from orjson import dumps

from .client import (
    ClientNotice,
    Event,
    StateChange,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unsubscribed,
)
from .const import CACHE_MISS, DOMAIN
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.devices import subentry_identifier
from .hub.hub import Hub
from .hub.share import ConfiguredShare
from .hub.timer import Timer
from .hub.value_reader import ValueReader
from .hub.value_states import ValueState
from .hub.values import Value, value_of

_LOGGER = logging.getLogger(__name__)


def is_stored(event: Event) -> bool:
    """Return whether it is what a cache channel sends after each subscription: its latest event or none.

    Where it is known already, a reconnect changes no state.
    """
    return event.cached or event.name == CACHE_MISS


def is_same(event: Event, other: Event) -> bool:
    """Return whether two events have the same content."""
    return (event.channel, event.name, event.raw) == (other.channel, other.name, other.raw)


def digest_of(event: Event) -> str:
    """Return a text that is the same for the same event of a channel, also after a restart."""
    content = dumps([event.channel, event.name, event.writable()])
    return blake2b(content, digest_size=16).hexdigest()


class ThrottledEntity(Entity):
    """An entity that limits how often its state is written; the last state is always written."""

    _seconds_between_writes: ClassVar[float]

    @override
    async def async_added_to_hass(self) -> None:
        # Not the method: its text, which has the entity's state in it, would name each task.
        @callback
        def write() -> None:
            self._write()

        self._debouncer = Debouncer(
            self.hass,
            _LOGGER,
            cooldown=self._seconds_between_writes,
            immediate=True,
            function=write,
        )
        self.async_on_remove(self._debouncer.async_shutdown)
        await super().async_added_to_hass()

    @callback
    def _write_soon(self) -> None:
        """Write the state now, or as soon as the limit allows."""
        self._debouncer.async_schedule_call()

    @callback
    def _write(self) -> None:
        self.async_write_ha_state()


class AppEntity(Entity):
    """An entity of the app's device; `_key` is its translation key and ends its unique id."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _key: ClassVar[str]

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._attr_translation_key = self._key
        self._attr_unique_id = f"{hub.entry.entry_id}_{self._key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, hub.entry.entry_id)})


class ConnectionEntity(AppEntity):
    """An entity that shows the state of the app's connection."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.listen(self._handle_notice))

    def _handle_notice(self, notice: ClientNotice) -> None:
        if isinstance(notice, StateChange):
            self.async_write_ha_state()


class UserEntity(AppEntity):
    """An entity of the app's user; unavailable while not signed in."""

    @property
    @override
    def available(self) -> bool:
        return self._hub.user.is_available

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.user.listen(self._handle_user_change))

    @callback
    def _handle_user_change(self, _: None) -> None:
        self.async_write_ha_state()


class ChannelEntity(Entity):
    """An entity of a channel's device; unavailable while the channel is not subscribed.

    `_refresh` copies the state of the channel. It is not called in an outage of less than 10 s,
    so that the entity keeps what it shows.
    """

    _attr_has_entity_name = True
    _attr_should_poll = False
    _key: ClassVar[str]

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        entry_id = hub.entry.entry_id
        self._hub = hub
        self._channel = channel
        self._attr_translation_key = self._key
        self._attr_unique_id = f"{entry_id}_{channel.subentry_id}_{self._key}"
        self._attr_device_info = DeviceInfo(
            identifiers={subentry_identifier(entry_id, channel.subentry_id)}
        )
        self._refresh()

    @property
    @override
    def available(self) -> bool:
        return self._channel.is_available

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if not self._channel.is_holding:
            self._refresh()
        self.async_on_remove(self._channel.listen(self._handle_change))

    def _handle_change(self, change: ChannelChange) -> None:
        """Write what the user changed, and whether the channel is subscribed."""
        if isinstance(change, SubscriptionSucceeded | SubscriptionRefused | Unsubscribed | None):
            self._refresh_and_write()

    @callback
    def _refresh_and_write(self) -> None:
        if not self._channel.is_holding:
            self._refresh()
            self.async_write_ha_state()

    def _refresh(self) -> None:
        """Set the attributes from the state of the channel."""


class ShareEntity(Entity):
    """An entity of a share's device."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _key: ClassVar[str]

    def __init__(self, hub: Hub, share: ConfiguredShare) -> None:
        entry_id = hub.entry.entry_id
        self._share = share
        self._attr_translation_key = self._key
        self._attr_unique_id = f"{entry_id}_{share.subentry_id}_{self._key}"
        self._attr_device_info = DeviceInfo(
            identifiers={subentry_identifier(entry_id, share.subentry_id)}
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._share.listen(self._handle_change))

    def _handle_change(self, _: None) -> None:
        self.async_write_ha_state()


class ValueEntity(ChannelEntity, ThrottledEntity, RestoreEntity):
    """An entity that shows a value; written at most 50 times a second, restored after a restart."""

    _key = "value"
    _seconds_between_writes = 0.02
    _end_of_state: ClassVar[ValueState] = None

    def __init__(self, hub: Hub, channel: ConfiguredChannel, value: Value) -> None:
        super().__init__(hub, channel)
        self._attr_unique_id = f"{self._attr_unique_id}_{value.id}"
        self._attr_translation_key = None
        self._attr_name = value.name
        self._value = value
        self._reader = ValueReader(hub.hass, value)
        self._shown: ValueState = None
        self._received: datetime | None = None
        self._restored_event: str | None = None
        self._restored_digest: str | None = None
        self._timer = Timer(hub.hass, self._handle_end_of_state)

    @abstractmethod
    def _stored_state(self) -> dict[str, Any]:
        """Return what is stored of the state."""

    @abstractmethod
    def _restored_state(self, stored: Mapping[str, Any], state: State) -> object:
        """Return the state of what was stored."""

    @property
    @abstractmethod
    def _seconds_of_state(self) -> float | None:
        """How long the present state lasts without another event; None: until the next."""

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        event = self._reader.event
        return RestoredExtraData(
            {
                **self._stored_state(),
                "value": self._value.id,
                "source": self._value.source,
                "event": self._restored_event if event is None else event.name,
                "digest": self._restored_digest if event is None else digest_of(event),
                "received": None if self._received is None else self._received.isoformat(),
            }
        )

    def continue_after(self, event: Event | None, received: datetime | None) -> None:
        """Take over from an earlier entity of this value what it read last, and when that came."""
        self._reader.event, self._received = event, received

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        await self._restore()
        self._accept_state()
        read_before = self._reader.event
        self._reader.replay(self._channel.latest_events.values())
        if self._accept_state() and self._reader.event is not read_before:
            self._received = dt_util.utcnow()
        self.async_on_remove(self._timer.cancel)
        self._start_timer()
        self.async_on_remove(self._channel.listen_events(self._handle_event))

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        if change is None and (value := self._current_value) != self._value:
            if value is not None:
                self._hub.entry.async_create_task(self.hass, self._replace())
        else:
            super()._handle_change(change)

    @callback
    def _handle_event(self, event: Event) -> None:
        is_known = is_stored(event) and self._is_repeated(event)
        if not is_known and self._reader.offer(event):
            self._write_soon()

    def _is_repeated(self, event: Event) -> bool:
        """Return whether the state is from this event, received before a reconnect or a restart."""
        latest = self._reader.event
        if latest is not None:
            return is_same(event, latest)
        return self._restored_digest == digest_of(event)

    @callback
    @override
    def _write(self) -> None:
        if self._reader.settle() and self._accept_state():
            self._received = dt_util.utcnow()
            self._start_timer()
            self.async_write_ha_state()

    @property
    def _current_value(self) -> Value | None:
        """The value as it is configured now, if it is still there and of this platform."""
        value = value_of(self._channel.subentry.data, self._value.id)
        return value if value is not None and value.platform is self._value.platform else None

    async def _replace(self) -> None:
        """Replace this entity by one with the changed settings; a removed value gets none."""
        platform = self.platform
        await self.async_remove()
        value = self._current_value
        if value is not None:
            entity = type(self)(self._hub, self._channel, value)
            entity.continue_after(self._reader.event, self._received)
            await platform.async_add_entities(
                [entity], config_subentry_id=self._channel.subentry_id
            )

    def _accept_state(self) -> bool:
        """Take the state if Home Assistant can show it, else return to the one shown; return whether it can."""
        try:
            self.state  # noqa: B018  # it converts units, which not every number allows
        except ArithmeticError, TypeError, ValueError:
            self._reader.refuse(self._shown)
            return False
        self._reader.accept()
        self._shown = self._reader.state
        return True

    async def _restore(self) -> None:
        """Restore the last state, if it is of this value and from the same source and events."""
        state = await self.async_get_last_state()
        if state is None:
            return
        extra_data = await self.async_get_last_extra_data()
        stored = {} if extra_data is None else extra_data.as_dict()
        value, event = self._value, stored.get("event")
        if (
            stored.get("value", value.id) == value.id
            and stored.get("source", value.source) == value.source
            and (event is None or self._reader.matches(str(event)))
        ):
            self._restored_event, self._restored_digest = event, stored.get("digest")
            self._reader.restore(self._restored_state(stored, state))
            received = dt_util.parse_datetime(str(stored.get("received")))
            self._received = received or state.last_updated

    def _start_timer(self) -> None:
        """End the state once it has lasted as long as it may."""
        self._timer.cancel()
        seconds = self._seconds_of_state
        if seconds is None or self._received is None:
            return
        left = self._received + timedelta(seconds=seconds) - dt_util.utcnow()
        if left > timedelta():
            self._timer.start(left.total_seconds())
        else:
            self._reader.state = self._shown = self._end_of_state

    @callback
    def _handle_end_of_state(self) -> None:
        self._reader.state = self._shown = self._end_of_state
        self.async_write_ha_state()
