"""Base classes of the entities of an app and of its channels."""

import logging
from typing import ClassVar, override

from homeassistant.core import callback
from homeassistant.helpers.debounce import Debouncer
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
from .hub.devices import channel_identifier
from .hub.hub import Hub
from .hub.share import ConfiguredShare

_LOGGER = logging.getLogger(__name__)


class ThrottledEntity(Entity):
    """An entity that limits how often its state is written; the last state is always written."""

    _seconds_between_writes: ClassVar[float]

    @override
    async def async_added_to_hass(self) -> None:
        self._debouncer = Debouncer(
            self.hass,
            _LOGGER,
            cooldown=self._seconds_between_writes,
            immediate=True,
            function=self._write,
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

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._hub.client.listen(self._handle_notice))

    def _handle_notice(self, notice: ClientNotice) -> None:
        self.async_write_ha_state()


class ChannelEntity(Entity):
    """An entity of a channel's device; unavailable while the channel is not subscribed."""

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
            identifiers={channel_identifier(entry_id, channel.subentry_id)}
        )

    @property
    @override
    def available(self) -> bool:
        return self._channel.is_subscribed

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._channel.listen(self._handle_change))

    def _handle_change(self, change: ChannelChange) -> None:
        """Write what the user changed, and whether the channel is subscribed."""
        if isinstance(change, SubscriptionSucceeded | SubscriptionRefused | Unsubscribed | None):
            self.async_write_ha_state()


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
            identifiers={channel_identifier(entry_id, share.subentry_id)}
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._share.listen(self._handle_change))

    def _handle_change(self, _: None) -> None:
        self.async_write_ha_state()
