"""The switch that connects and disconnects an app."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import ConnectionState
from .entity import AppEntity
from .hub.hub import Hub, PusherConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the app's switch."""
    async_add_entities([ConnectionSwitch(entry.runtime_data)])


class ConnectionSwitch(AppEntity, SwitchEntity):
    """Whether the app is, or tries to be, connected; on again after a restart."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, hub: Hub) -> None:
        """Set the key."""
        super().__init__(hub, "connection")

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
