"""The switch that connects and disconnects an app."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import ConnectionState
from .entity import AppEntity
from .hub.channel import ConfiguredChannel
from .hub.hub import PusherConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the app's switch."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        return []

    hub.add_platform(Platform.SWITCH, async_add_entities, [ConnectionSwitch(hub)], make)


class ConnectionSwitch(AppEntity, SwitchEntity):
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
