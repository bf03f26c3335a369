"""Sensors: the state of the connection, members, subscriptions and values."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    CONF_STATE_CLASS,
    SensorDeviceClass,
    SensorEntity,
    SensorExtraStoredData,
    SensorStateClass,
)
from homeassistant.const import (
    CONF_DEVICE_CLASS,
    CONF_UNIT_OF_MEASUREMENT,
    EntityCategory,
    Platform,
)
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util
from homeassistant.util.enum import try_parse_enum

from .client import (
    ClientNotice,
    ConnectionFailedError,
    ConnectionState,
    MemberAdded,
    MemberRemoved,
    MemberUpdated,
    PresenceChannel,
    StateChange,
    SubscriptionCount,
)
from .const import CONF_DISPLAY_PRECISION, CONF_EXPIRE_AFTER, MAX_MEMBER_NAME_CHARS
from .entity import ChannelEntity, ConnectionEntity, ShareEntity, ThrottledEntity, ValueEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry
from .hub.value_states import ValueState
from .hub.values import Value, values_of

PARALLEL_UPDATES = 0

MAX_MEMBERS_SHOWN: Final = 100


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the app and its channels."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        entities: list[Entity] = [
            ValueSensor(hub, channel, value)
            for value in values_of(channel.subentry.data, Platform.SENSOR)
        ]
        if channel.kind.is_presence:
            return [MembersSensor(hub, channel), OthersSensor(hub, channel), *entities]
        return [SubscriptionCountSensor(hub, channel), *entities]

    hub.add_platform(Platform.SENSOR, async_add_entities, [ConnectionStateSensor(hub)], make)
    hub.shares.add_platform(
        Platform.SENSOR, async_add_entities, lambda share: [MessagesSentSensor(hub, share)]
    )


class ConnectionStateSensor(ConnectionEntity, SensorEntity):
    """The state of the app's connection."""

    _key = "connection_state"
    _next_attempt: str | None = None
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_options = [state.value for state in ConnectionState]

    @property
    @override
    def native_value(self) -> str:
        return self._hub.client.state.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        client = self._hub.client
        error = client.last_error
        return {
            "socket_id": client.socket_id,
            "last_error": None if error is None else str(error),
            "next_attempt": self._next_attempt,
        }

    @override
    def _handle_notice(self, notice: ClientNotice) -> None:
        """Write each state once; a failure that ends a connection is followed by a new state."""
        client = self._hub.client
        match notice:
            case StateChange():
                pass
            case ConnectionFailedError() if client.state is not ConnectionState.CONNECTED:
                pass
            case _:
                return
        delay = client.next_attempt
        self._next_attempt = (
            None
            if delay is None
            else (dt_util.utcnow() + timedelta(seconds=delay - self.hass.loop.time())).isoformat()
        )
        self.async_write_ha_state()


class CountSensor(ChannelEntity, ThrottledEntity, SensorEntity):
    """A count, which may change often; written at most twice a second."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _seconds_between_writes = 0.5

    @callback
    @override
    def _write(self) -> None:
        self._refresh_and_write()

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        if isinstance(change, MemberAdded | MemberRemoved | MemberUpdated | SubscriptionCount):
            self._write_soon()
        else:
            super()._handle_change(change)


class MembersSensor(CountSensor):
    """The number of members of a presence channel, this connection included."""

    _key = "members"
    _unrecorded_attributes = frozenset({"members", "names"})

    @override
    def _refresh(self) -> None:
        presence = self._channel.presence
        if presence is None:
            self._attr_native_value = None
            self._attr_extra_state_attributes = {}
            return
        shown = sorted(presence.members)[:MAX_MEMBERS_SHOWN]
        me = presence.me
        self._attr_native_value = presence.count
        self._attr_extra_state_attributes = {
            "others": _count_others(presence),
            "members": shown,
            "names": _names(presence, shown),
            "me": None if me is None else me.user_id,
        }


class OthersSensor(CountSensor):
    """The number of members of a presence channel without this connection."""

    _key = "others"

    @override
    def _refresh(self) -> None:
        presence = self._channel.presence
        self._attr_native_value = None if presence is None else _count_others(presence)


class SubscriptionCountSensor(CountSensor):
    """The number of connections that are subscribed to a channel; few servers send it."""

    _key = "subscription_count"
    _attr_entity_registry_enabled_default = False

    @override
    def _refresh(self) -> None:
        """Copy the count; after a short outage keep the last one until the server sends it."""
        channel = self._channel.client_channel
        count = None if channel is None else channel.subscription_count
        if count is not None or not self._channel.is_available:
            self._attr_native_value = count


class MessagesSentSensor(ShareEntity, ThrottledEntity, SensorEntity):
    """The number of messages that a share has sent since the app was set up."""

    _key = "messages_sent"
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_state_class = SensorStateClass.TOTAL_INCREASING
    _seconds_between_writes = 1

    @property
    @override
    def native_value(self) -> int:
        return self._share.messages_sent

    @override
    def _handle_change(self, _: None) -> None:
        self._write_soon()


class ValueSensor(ValueEntity, SensorEntity):
    """A value that is a text, a number, a date or a time."""

    def __init__(self, hub: Hub, channel: ConfiguredChannel, value: Value) -> None:
        super().__init__(hub, channel, value)
        settings = value.settings
        self._attr_device_class = try_parse_enum(SensorDeviceClass, settings.get(CONF_DEVICE_CLASS))
        self._attr_state_class = try_parse_enum(SensorStateClass, settings.get(CONF_STATE_CLASS))
        self._attr_native_unit_of_measurement = settings.get(CONF_UNIT_OF_MEASUREMENT)
        self._attr_suggested_display_precision = settings.get(CONF_DISPLAY_PRECISION)

    @property
    @override
    def native_value(self) -> ValueState:
        return self._reader.state

    @property
    @override
    def _seconds_of_state(self) -> float | None:
        seconds: float | None = self._value.settings.get(CONF_EXPIRE_AFTER)
        return seconds

    @override
    def _stored_state(self) -> dict[str, Any]:
        return SensorExtraStoredData(self.native_value, self.native_unit_of_measurement).as_dict()

    @override
    def _restored_state(self, stored: Mapping[str, Any], state: State) -> object:
        data = SensorExtraStoredData.from_dict(dict(stored))
        return None if data is None else data.native_value


def _count_others(presence: PresenceChannel) -> int:
    return presence.count if presence.me is None else presence.count - 1


def _names(presence: PresenceChannel, user_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of the members that have one, by id."""
    names: dict[str, str] = {}
    for user_id in user_ids:
        match presence.members[user_id].user_info:
            case {"name": str(name)}:
                names[user_id] = name[:MAX_MEMBER_NAME_CHARS]
            case _:
                pass
    return names
