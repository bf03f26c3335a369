"""Diagnostics, with secrets and personal data redacted."""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import nacl
import orjson
from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import AnyDeviceEntry
from yarl import URL

from .client import (
    CLIENT_VERSION,
    PROTOCOL_VERSION,
    Channel,
    ChannelKind,
    PresenceChannel,
)
from .const import (
    CONF_AUTH_ENDPOINT,
    CONF_CHANNEL,
    CONF_EVENTS,
    CONF_MEMBERS,
    CONF_PROXY,
    CONF_SERVER,
    CONF_USER_AUTH_ENDPOINT,
    CONF_VALUES,
    CONF_WATCHLIST,
    SUBENTRY_CHANNEL,
    SUBENTRY_SHARE,
)
from .hub.hub import Hub, PusherConfigEntry
from .hub.redaction import TO_REDACT, without_secrets
from .hub.share import ShareSettings
from .web.webhook import async_webhook_url, has_webhook

URLS: Final = (CONF_AUTH_ENDPOINT, CONF_USER_AUTH_ENDPOINT, CONF_PROXY)
WEBHOOK_ID_CHARS: Final = 4


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: PusherConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of an app with all its channels."""
    channels = entry.get_subentries_of_type(SUBENTRY_CHANNEL)
    return _app(hass, entry) | {
        "channels": [_channel(entry, subentry) for subentry in channels],
        "shares": [_share(entry, it) for it in entry.get_subentries_of_type(SUBENTRY_SHARE)],
        "other_channels": [
            _channel_state(entry, channel) for channel in _unconfigured_channels(entry)
        ],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: PusherConfigEntry, device: AnyDeviceEntry
) -> dict[str, Any]:
    """Return the state of a device's app, and of its channel or share where it belongs to one."""
    if device.config_subentry_id is None:
        return _app(hass, entry)
    subentry = entry.subentries[device.config_subentry_id]
    if subentry.subentry_type == SUBENTRY_SHARE:
        return _app(hass, entry) | {"share": _share(entry, subentry)}
    return _app(hass, entry) | {"channel": _channel(entry, subentry)}


def _app(hass: HomeAssistant, entry: PusherConfigEntry) -> dict[str, Any]:
    hub = _hub(entry)
    options = async_redact_data(dict(entry.options), TO_REDACT)
    if CONF_WATCHLIST in options:
        options[CONF_WATCHLIST] = len(options[CONF_WATCHLIST])
    return {
        "versions": {
            "client": CLIENT_VERSION,
            "protocol": PROTOCOL_VERSION,
            "aiohttp": aiohttp.__version__,
            "orjson": orjson.__version__,
            "pynacl": nacl.__version__,
        },
        "data": _data(entry.data),
        "options": options,
        "entry_state": entry.state.value,
        "connection": None if hub is None else _connection(hass, hub),
        "webhook_url": _webhook_url(hass, entry),
    }


def _webhook_url(hass: HomeAssistant, entry: PusherConfigEntry) -> str | None:
    """Return the start of the webhook's address, which is a secret."""
    if not has_webhook(entry):
        return None
    url = async_webhook_url(hass, entry.options[CONF_WEBHOOK_ID])
    start, _, webhook_id = url.rpartition("/")
    return f"{start}/{webhook_id[:WEBHOOK_ID_CHARS]}{REDACTED}"


def _hub(entry: PusherConfigEntry) -> Hub | None:
    return entry.runtime_data if entry.state is ConfigEntryState.LOADED else None


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    redacted = async_redact_data(_bare_urls(data), TO_REDACT)
    return redacted | {CONF_SERVER: _bare_urls(redacted[CONF_SERVER])}


def _bare_urls(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with only scheme, host, port and path of each URL; the rest may be secret."""
    return {key: _bare_url(value) if key in URLS else value for key, value in data.items()}


def _bare_url(text: str) -> str:
    try:
        url = URL(text)
        bare = URL.build(
            scheme=url.scheme, host=url.host or "", port=url.explicit_port, path=url.path
        )
        return str(bare)
    except ValueError:
        return REDACTED


def _connection(hass: HomeAssistant, hub: Hub) -> dict[str, Any]:
    client = hub.client
    received = client.last_received
    return {
        "state": client.state.value,
        "past_states": [
            {"state": past.state.value, "since": past.since.isoformat()} for past in hub.past_states
        ],
        "has_socket_id": client.socket_id is not None,
        "seconds_since_last_frame": (
            None if received is None else round(hass.loop.time() - received, 1)
        ),
        "last_error": _last_error(hub),
        "signed_in": client.user.user_id is not None,
        "watched_users_online": sum(client.user.online.values()),
        "has_server_api": hub.api is not None,
    }


def _last_error(hub: Hub) -> dict[str, Any] | None:
    error = hub.client.last_error
    if error is None:
        return None
    return {
        "reason": error.reason.value,
        "code": error.code,
        "message": without_secrets(error.message, hub.entry.data),
    }


def _channel(entry: PusherConfigEntry, subentry: ConfigSubentry) -> dict[str, Any]:
    """Return the settings of a channel, and its state while the app is loaded."""
    name = subentry.data[CONF_CHANNEL]
    configured = {
        "channel": name,
        "kind": ChannelKind.of(name).value,
        "events": list(subentry.data.get(CONF_EVENTS, ())),
        "tracked_members": len(subentry.data.get(CONF_MEMBERS, ())),
        "values": list(subentry.data.get(CONF_VALUES, {}).values()),
    }
    hub = _hub(entry)
    channel = None if hub is None else hub.channels.get(subentry.subentry_id)
    if channel is None or channel.client_channel is None:
        return configured
    return (
        configured
        | _channel_state(entry, channel.client_channel)
        | {"decryption_failures": channel.decryption_failures}
    )


def _share(entry: PusherConfigEntry, subentry: ConfigSubentry) -> dict[str, Any]:
    """Return how a share is configured and whether it sends, without entities and states."""
    settings = ShareSettings.of(subentry.data)
    configured = {
        "channel": settings.channel,
        "kind": settings.kind.value,
        "event": settings.event,
        "listed_entities": len(settings.entities),
        "labels": len(settings.labels),
        "attributes": len(settings.attributes),
        "interval": settings.interval,
        "public": settings.public,
    }
    hub = _hub(entry)
    if hub is None:
        return configured
    share = hub.shares[subentry.subentry_id]
    return configured | {
        "sharing": share.is_sharing,
        "entities": share.entity_count,
        "up_to_date": share.is_up_to_date,
        "messages_sent": share.messages_sent,
        "failure": None if share.failure is None else share.failure.value,
    }


def _unconfigured_channels(entry: PusherConfigEntry) -> list[Channel]:
    """Return the channels of actions; the user's own channel has the user's id in its name."""
    hub = _hub(entry)
    if hub is None:
        return []
    configured = {channel.name for channel in hub.channels.values()}
    return [
        channel
        for name, channel in hub.client.channels.items()
        if name not in configured and channel.kind is not ChannelKind.USER
    ]


def _channel_state(entry: PusherConfigEntry, channel: Channel) -> dict[str, Any]:
    state = {
        "channel": channel.name,
        "kind": channel.kind.value,
        "state": channel.state.value,
        "error": _channel_error(entry, channel),
        "subscription_count": channel.subscription_count,
        "event_names": sorted(channel.event_names),
    }
    if isinstance(channel, PresenceChannel):
        state |= {"count": channel.count, "members": len(channel.members)}
    return state


def _channel_error(entry: PusherConfigEntry, channel: Channel) -> dict[str, Any] | None:
    error = channel.error
    if error is None:
        return None
    return {
        "type": error.type,
        "status": error.status,
        "message": without_secrets(error.error, entry.data),
    }
