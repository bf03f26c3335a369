"""Binary sensors: whether a channel is joined, who is on it, and who is online."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    ClientNotice,
    MemberAdded,
    MemberRemoved,
    OnlineChange,
    SignedIn,
    StateChange,
)
from .entity import AppEntity, ChannelEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one for each watched user, and let the hub add those of channels."""
    hub = entry.runtime_data
    async_add_entities(OnlineSensor(hub, user_id) for user_id in hub.watchlist)

    def make(channel: ConfiguredChannel) -> list[Entity]:
        entities: list[Entity] = [SubscribedSensor(hub, channel)]
        if channel.kind.is_presence:
            members = channel.tracked_members
            entities += [MemberSensor(hub, channel, user_id) for user_id in members]
        return entities

    hub.add_platform(make, async_add_entities)


class SubscribedSensor(ChannelEntity, BinarySensorEntity):
    """Whether the channel is joined."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, hub: Hub, channel: ConfiguredChannel) -> None:
        """Set the key."""
        super().__init__(hub, channel, "subscribed")

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self._channel.is_subscribed

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str | None]:
        channel = self._channel.channel
        error = None if channel is None else channel.error
        return {"error": None if error is None else error.error}


class MemberSensor(ChannelEntity, BinarySensorEntity):
    """Whether a member is on the presence channel."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    def __init__(self, hub: Hub, channel: ConfiguredChannel, user_id: str) -> None:
        """Name the entity by the member's id."""
        super().__init__(hub, channel, f"member_{user_id}")
        self._user_id = user_id
        self._attr_translation_key = "member"
        self._attr_translation_placeholders = {"user_id": user_id}

    @property
    @override
    def is_on(self) -> bool | None:
        presence = self._channel.presence
        return None if presence is None else self._user_id in presence.members

    @override
    def _changed(self, change: ChannelChange) -> None:
        match change:
            case MemberAdded(member=member) if member.user_id == self._user_id:
                self.async_write_ha_state()
            case MemberRemoved(user_id=user_id) if user_id == self._user_id:
                self.async_write_ha_state()
            case _:
                super()._changed(change)


class OnlineSensor(AppEntity, BinarySensorEntity):
    """Whether a watched user is online; unknown to anyone who is not signed in."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    def __init__(self, hub: Hub, user_id: str) -> None:
        """Name the entity by the user's id."""
        super().__init__(hub, f"online_{user_id}")
        self._user_id = user_id
        self._attr_translation_key = "online"
        self._attr_translation_placeholders = {"user_id": user_id}

    @property
    @override
    def available(self) -> bool:
        return self._hub.client.user.user_id is not None

    @property
    @override
    def is_on(self) -> bool:
        return self._hub.client.user.online.get(self._user_id, False)

    @override
    def _changed(self, notice: ClientNotice) -> None:
        match notice:
            case StateChange() | SignedIn():
                self.async_write_ha_state()
            case OnlineChange(user_id=user_id) if user_id == self._user_id:
                self.async_write_ha_state()
