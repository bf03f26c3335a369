"""Notify entities: a message is sent as an event on a channel."""

from typing import override

from homeassistant.components.notify import NotifyEntity, NotifyEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client import (
    CLIENT_EVENT_PREFIX,
    ChannelKind,
    HttpApi,
    Json,
)
from .entity import ChannelEntity
from .hub.action_errors import server_api, translated
from .hub.channel import ConfiguredChannel
from .hub.hub import PusherConfigEntry

PARALLEL_UPDATES = 1

NOTIFICATION = "notification"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PusherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a notify entity for each channel to which this app can send."""
    hub = entry.runtime_data

    def make(channel: ConfiguredChannel) -> list[Entity]:
        return [ChannelNotify(hub, channel)] if _can_send(hub.api, channel.kind) else []

    hub.add_platform(Platform.NOTIFY, async_add_entities, [], make)


class ChannelNotify(ChannelEntity, NotifyEntity):
    """Sends messages to a channel: by the server API, else as client events.

    Home Assistant does not receive its own messages.
    """

    _key = NOTIFICATION
    _attr_entity_registry_enabled_default = False
    _attr_supported_features = NotifyEntityFeature.TITLE

    @property
    @override
    def available(self) -> bool:
        """Return whether a message can be sent: the server API needs no subscription."""
        return self._hub.api is not None or super().available

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        name, client = self._channel.name, self._hub.client
        data: dict[str, Json] = {"message": message}
        if title is not None:
            data["title"] = title
        if self._hub.api is None:
            with translated(name):
                await client.trigger(name, f"{CLIENT_EVENT_PREFIX}{NOTIFICATION}", data)
            return
        with server_api(self._hub) as api:
            await api.trigger(name, NOTIFICATION, data, socket_id=client.socket_id)


def _can_send(api: HttpApi | None, kind: ChannelKind) -> bool:
    """Return whether a message can be sent; without the server API only client events can."""
    if api is None:
        return kind.takes_client_events
    return api.master_key is not None or not kind.is_encrypted
