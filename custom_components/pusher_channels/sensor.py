"""Sensors: the state of the connection, members and subscriptions."""

from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    ConnectionState,
    MemberAdded,
    MemberRemoved,
    SubscriptionCount,
)
from .entity import AppEntity, ChannelEntity, ShareEntity, ThrottledEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import PusherConfigEntry

PARALLEL_UPDATES = 0

MEMBERS_SHOWN = 100


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the app and its channels."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        if channel.kind.is_presence:
            return [MembersSensor(hub, channel)]
        return [SubscriptionCountSensor(hub, channel)]

    hub.add_platform(Platform.SENSOR, async_add_entities, [ConnectionStateSensor(hub)], make)
    hub.shares.add_platform(
        Platform.SENSOR, async_add_entities, lambda share: [MessagesSentSensor(hub, share)]
    )


class ConnectionStateSensor(AppEntity, SensorEntity):
    """The state of the app's connection."""

    _key = "connection_state"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [state.value for state in ConnectionState]

    @property
    @override
    def native_value(self) -> str:
        return self._hub.client.state.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        error = self._hub.client.last_error
        return {
            "socket_id": self._hub.client.socket_id,
            "last_error": None if error is None else str(error),
        }


class CountSensor(ChannelEntity, ThrottledEntity, SensorEntity):
    """A count, which may change often; written at most twice a second."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _seconds_between_writes = 0.5

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        if isinstance(change, MemberAdded | MemberRemoved | SubscriptionCount):
            self._write_soon()
        else:
            super()._handle_change(change)


class MembersSensor(CountSensor):
    """The number of members of a presence channel, this connection included."""

    _key = "members"
    _unrecorded_attributes = frozenset({"members"})

    @property
    @override
    def native_value(self) -> int | None:
        presence = self._channel.presence
        return None if presence is None else presence.count

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        presence = self._channel.presence
        if presence is None:
            return {}
        me = presence.me
        return {
            "others": presence.count - (me is not None),
            "members": list(presence.members)[:MEMBERS_SHOWN],
            "me": None if me is None else me.user_id,
        }


class SubscriptionCountSensor(CountSensor):
    """The number of connections that are subscribed to a channel; few servers send it."""

    _key = "subscription_count"
    _attr_entity_registry_enabled_default = False

    @property
    @override
    def native_value(self) -> int | None:
        channel = self._channel.client_channel
        return None if channel is None else channel.subscription_count


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
