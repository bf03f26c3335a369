"""What all entities of an app, and all of a channel, have in common."""

from typing import override

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .client import (
    ClientNotice,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unsubscribed,
)
from .const import DOMAIN
from .hub.channel import ChannelChange, ConfiguredChannel
from .hub.hub import Hub, channel_identifier


class AppEntity(Entity):
    """An entity of the app's device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hub: Hub, key: str) -> None:
        """Name the entity by its key."""
        self._hub = hub
        self._attr_translation_key = key
        self._attr_unique_id = f"{hub.entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, hub.entry.entry_id)})

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.listen(self._changed))

    def _changed(self, notice: ClientNotice) -> None:
        self.async_write_ha_state()


class ChannelEntity(Entity):
    """An entity of a channel's device; unavailable while the channel is not joined."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hub: Hub, channel: ConfiguredChannel, key: str) -> None:
        """Name the entity by its key."""
        entry_id = hub.entry.entry_id
        self._channel = channel
        self._attr_translation_key = key
        self._attr_unique_id = f"{entry_id}_{channel.subentry_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={channel_identifier(entry_id, channel.subentry_id)}
        )

    @property
    @override
    def available(self) -> bool:
        return self._channel.is_subscribed

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._channel.listen(self._changed))

    def _changed(self, change: ChannelChange) -> None:
        """Write what the user changed, and whether the channel is joined."""
        if isinstance(change, SubscriptionSucceeded | SubscriptionRefused | Unsubscribed | None):
            self.async_write_ha_state()
