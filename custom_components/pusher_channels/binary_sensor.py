"""Binary sensors: subscribed channels, members, watched users and values."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import CONF_DEVICE_CLASS, EntityCategory, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.enum import try_parse_enum

from .client import DecryptionFailure, MemberAdded, MemberRemoved
from .const import CONF_OFF_DELAY
from .entity import ChannelEntity, ShareEntity, UserEntity, ValueEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry
from .hub.values import Value, values_of

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of the app and its channels."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        entities: list[Entity] = [SubscribedSensor(hub, channel)]
        if channel.kind.is_presence:
            members = channel.tracked_members
            entities += [MemberSensor(hub, channel, user_id) for user_id in members]
        entities += [
            ValueBinarySensor(hub, channel, value)
            for value in values_of(channel.subentry.data, Platform.BINARY_SENSOR)
        ]
        return entities

    online = [OnlineSensor(hub, user_id) for user_id in hub.watchlist]
    hub.add_platform(Platform.BINARY_SENSOR, async_add_entities, online, make)
    hub.shares.add_platform(
        Platform.BINARY_SENSOR, async_add_entities, lambda share: [UpToDateSensor(hub, share)]
    )


class SubscribedSensor(ChannelEntity, BinarySensorEntity):
    """Whether the channel is subscribed; without a subscription it is off, not unavailable."""

    _key = "subscribed"
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        if isinstance(change, DecryptionFailure):
            self._refresh_and_write()
        else:
            super()._handle_change(change)

    @override
    def _refresh(self) -> None:
        self._attr_is_on = self._channel.is_available
        self._attr_extra_state_attributes = {"error": self._channel.error}


class MemberSensor(ChannelEntity, BinarySensorEntity):
    """Whether a user is a member of the presence channel."""

    _key = "member"
    _attr_device_class = BinarySensorDeviceClass.OCCUPANCY

    def __init__(self, hub: Hub, channel: ConfiguredChannel, user_id: str) -> None:
        self._user_id = user_id
        super().__init__(hub, channel)
        self._attr_unique_id = f"{self._attr_unique_id}_{user_id}"
        self._attr_translation_placeholders = {"user_id": user_id}

    @override
    def _refresh(self) -> None:
        presence = self._channel.presence
        self._attr_is_on = None if presence is None else self._user_id in presence.members

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        match change:
            case MemberAdded(member=member) if member.user_id == self._user_id:
                self._refresh_and_write()
            case MemberRemoved(user_id=user_id) if user_id == self._user_id:
                self._refresh_and_write()
            case _:
                super()._handle_change(change)


class ValueBinarySensor(ValueEntity, BinarySensorEntity):
    """A value that is on or off."""

    _end_of_state = False

    def __init__(self, hub: Hub, channel: ConfiguredChannel, value: Value) -> None:
        super().__init__(hub, channel, value)
        self._attr_device_class = try_parse_enum(
            BinarySensorDeviceClass, value.settings.get(CONF_DEVICE_CLASS)
        )

    @property
    @override
    def is_on(self) -> bool | None:
        state = self._reader.state
        return None if state is None else bool(state)

    @property
    @override
    def _seconds_of_state(self) -> float | None:
        seconds: float | None = self._value.settings.get(CONF_OFF_DELAY)
        return seconds if self.is_on else None

    @override
    def _stored_state(self) -> dict[str, Any]:
        return {"is_on": self.is_on}

    @override
    def _restored_state(self, stored: Mapping[str, Any], state: State) -> object:
        return stored.get("is_on", state.state)


class OnlineSensor(UserEntity, BinarySensorEntity):
    """Whether a watched user is online."""

    _key = "online"
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    def __init__(self, hub: Hub, user_id: str) -> None:
        super().__init__(hub)
        self._user_id = user_id
        self._attr_unique_id = f"{self._attr_unique_id}_{user_id}"
        self._attr_translation_placeholders = {"user_id": user_id}

    @property
    @override
    def is_on(self) -> bool:
        return self._hub.user.is_online(self._user_id)


class UpToDateSensor(ShareEntity, BinarySensorEntity):
    """Whether a share could send everything that it should have sent by now."""

    _key = "up_to_date"

    @property
    @override
    def is_on(self) -> bool:
        return self._share.is_up_to_date
