"""Sensors: the connection's state, and how many are on a channel."""

from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    ConnectionState,
    MemberAdded,
    MemberRemoved,
    SubscriptionCount,
)
from .entity import AppEntity, ChannelEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry
from .hub.pace import Pace

PARALLEL_UPDATES = 0

MEMBERS_SHOWN = 100
SECONDS_BETWEEN_COUNTS = 0.5


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the app's sensor, and let the hub add those of channels."""
    hub = entry.runtime_data
    async_add_entities([ConnectionStateSensor(hub)])

    def make(channel: ConfiguredChannel) -> list[Entity]:
        if channel.kind.is_presence:
            return [MembersSensor(hub, channel)]
        return [SubscriptionCountSensor(hub, channel)]

    hub.add_platform(make, async_add_entities)


class ConnectionStateSensor(AppEntity, SensorEntity):
    """The state of the app's connection."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [state.value for state in ConnectionState]

    def __init__(self, hub: Hub) -> None:
        """Set the key."""
        super().__init__(hub, "connection_state")

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


class CountSensor(ChannelEntity, SensorEntity):
    """A count that may change often; it is written a few times a second, and ends exact."""

    _attr_state_class = SensorStateClass.MEASUREMENT

    @override
    async def async_added_to_hass(self) -> None:
        self._pace = Pace(self.hass, SECONDS_BETWEEN_COUNTS, self.async_write_ha_state)
        self.async_on_remove(self._pace.cancel)
        await super().async_added_to_hass()

    @override
    def _changed(self, change: ChannelChange) -> None:
        if isinstance(change, MemberAdded | MemberRemoved | SubscriptionCount):
            self._pace.ask()
        else:
            super()._changed(change)


class MembersSensor(CountSensor):
    """How many are on a presence channel."""

    _unrecorded_attributes = frozenset({"members"})

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        """Set the key."""
        super().__init__(hub, channel, "members")

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
    """How many connections listen to a channel; few servers tell."""

    _attr_entity_registry_enabled_default = False

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        """Set the key."""
        super().__init__(hub, channel, "subscription_count")

    @property
    @override
    def native_value(self) -> int | None:
        channel = self._channel.channel
        return None if channel is None else channel.subscription_count
