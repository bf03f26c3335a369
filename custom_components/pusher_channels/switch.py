"""Switches: whether an app is connected, and whether a share sends."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import STATE_OFF, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity

from .client import ConnectionState
from .entity import ConnectionEntity, ShareEntity
from .hub.channel import ConfiguredChannel
from .hub.hub import PusherConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of the app and of its shares."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        return []

    hub.add_platform(Platform.SWITCH, async_add_entities, [ConnectionSwitch(hub)], make)
    hub.shares.add_platform(
        Platform.SWITCH, async_add_entities, lambda share: [SharingSwitch(hub, share)]
    )


class ConnectionSwitch(ConnectionEntity, SwitchEntity):
    """Whether the app is connected or tries to connect; on after a restart."""

    _key = "connection"
    _attr_entity_category = EntityCategory.CONFIG

    @property
    @override
    def is_on(self) -> bool:
        off = (ConnectionState.DISCONNECTING, ConnectionState.DISCONNECTED)
        return self._hub.client.state not in off

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._hub.client.connect()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._hub.client.disconnect()


class SharingSwitch(ShareEntity, SwitchEntity, RestoreEntity):
    """Whether a share sends; off stays off after a restart."""

    _key = "sharing"

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        return RestoredExtraData({"share": self._share.subentry_id})

    @property
    @override
    def is_on(self) -> bool:
        return self._share.is_sharing

    @override
    async def async_added_to_hass(self) -> None:
        last_state = await self.async_get_last_state()
        if last_state is not None and last_state.state == STATE_OFF and await self._is_own_state():
            self._share.pause()
        await super().async_added_to_hass()

    async def _is_own_state(self) -> bool:
        """Return whether the last state is of this share, not of a removed one with the same name."""
        extra_data = await self.async_get_last_extra_data()
        if extra_data is None:
            return True
        share: str | None = extra_data.as_dict().get("share")
        return share in (None, self._share.subentry_id)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._share.resume()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._share.pause()
