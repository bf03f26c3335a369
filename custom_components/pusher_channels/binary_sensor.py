"""Binary sensors: subscribed channels, members and watched users."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory, Platform
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
from .entity import AppEntity, ChannelEntity, ShareEntity
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, PusherConfigEntry

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
        return entities

    online = [OnlineSensor(hub, user_id) for user_id in hub.watchlist]
    hub.add_platform(Platform.BINARY_SENSOR, async_add_entities, online, make)
    hub.shares.add_platform(
        Platform.BINARY_SENSOR, async_add_entities, lambda share: [UpToDateSensor(hub, share)]
    )


class SubscribedSensor(ChannelEntity, BinarySensorEntity):
    """Whether the channel is subscribed."""

    _key = "subscribed"
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

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
        channel = self._channel.client_channel
        error = None if channel is None else channel.error
        return {"error": None if error is None else error.error}


class MemberSensor(ChannelEntity, BinarySensorEntity):
    """Whether a user is a member of the presence channel."""

    _key = "member"
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    def __init__(self, hub: Hub, channel: ConfiguredChannel, user_id: str) -> None:
        super().__init__(hub, channel)
        self._user_id = user_id
        self._attr_unique_id = f"{self._attr_unique_id}_{user_id}"
        self._attr_translation_placeholders = {"user_id": user_id}

    @property
    @override
    def is_on(self) -> bool | None:
        presence = self._channel.presence
        return None if presence is None else self._user_id in presence.members

    @override
    def _handle_change(self, change: ChannelChange) -> None:
        match change:
            case MemberAdded(member=member) if member.user_id == self._user_id:
                self.async_write_ha_state()
            case MemberRemoved(user_id=user_id) if user_id == self._user_id:
                self.async_write_ha_state()
            case _:
                super()._handle_change(change)


class OnlineSensor(AppEntity, BinarySensorEntity):
    """Whether a watched user is online; unavailable while not signed in."""

    _key = "online"
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    def __init__(self, hub: Hub, user_id: str) -> None:
        super().__init__(hub)
        self._user_id = user_id
        self._attr_unique_id = f"{self._attr_unique_id}_{user_id}"
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
    def _handle_notice(self, notice: ClientNotice) -> None:
        match notice:
            case StateChange() | SignedIn():
                self.async_write_ha_state()
            case OnlineChange(user_id=user_id) if user_id == self._user_id:
                self.async_write_ha_state()
            case _:
                pass


class UpToDateSensor(ShareEntity, BinarySensorEntity):
    """Whether a share could send everything that it should have sent by now."""

    _key = "up_to_date"

    @property
    @override
    def is_on(self) -> bool:
        return self._share.is_up_to_date
