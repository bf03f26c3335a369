"""The actions: send events, subscribe temporary channels, and query the server."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service

from .client import (
    CLIENT_EVENT_PREFIX,
    MAX_CHANNELS,
    BatchEvent,
    Channel,
    ChannelKind,
    ConnectionState,
    HttpApi,
    Json,
    Member,
    Misuse,
    PresenceChannel,
    PusherClient,
    RequestError,
    RequestFailure,
)
from .const import CONF_CHANNEL, DOMAIN
from .hub.action_errors import action_error, server_api, translated, validation_error
from .hub.hub import Hub, PusherConfigEntry
from .hub.yaml_text import yaml_text

ATTR_CHANNEL = "channel"
ATTR_CHANNELS = "channels"
ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_DATA = "data"
ATTR_EVENT = "event"
ATTR_EVENTS = "events"
ATTR_EXCLUDE_SELF = "exclude_self"
ATTR_FROM_SERVER = "from_server"
ATTR_INFO = "info"
ATTR_PREFIX = "prefix"
ATTR_USER_ID = "user_id"
ATTR_VIA = "via"

SUBSCRIPTION_COUNT = "subscription_count"
USER_COUNT = "user_count"
REFUSED_COUNT = (400, 401)


class Via(StrEnum):
    """How an event is sent: as a client event over the connection, or by the server API."""

    AUTO = "auto"
    CLIENT = "client"
    SERVER = "server"


type Fields = dict[vol.Marker, Any]
type Action = Callable[[Hub, ServiceCall], Awaitable[ServiceResponse]]

CHANNEL: Fields = {vol.Required(ATTR_CHANNEL): yaml_text}
USER: Fields = {vol.Required(ATTR_USER_ID): yaml_text}
# Some servers refuse an event with an empty text as data.
EVENT: Fields = {
    vol.Required(ATTR_EVENT): yaml_text,
    vol.Optional(ATTR_DATA, default=dict): object,
}
TRIGGER: Fields = {
    vol.Optional(ATTR_CHANNEL): yaml_text,
    vol.Optional(ATTR_CHANNELS): vol.All(cv.ensure_list, [yaml_text]),
    **EVENT,
    vol.Optional(ATTR_VIA, default=Via.AUTO): vol.Coerce(Via),
    vol.Optional(ATTR_EXCLUDE_SELF, default=False): cv.boolean,
    vol.Optional(ATTR_INFO, default=list): vol.All(
        cv.ensure_list, [vol.In((USER_COUNT, SUBSCRIPTION_COUNT))]
    ),
}
BATCH: Fields = {vol.Required(ATTR_EVENTS): vol.All(cv.ensure_list, [{**CHANNEL, **EVENT}])}
GET_CHANNEL: Fields = {**CHANNEL, vol.Optional(ATTR_FROM_SERVER, default=False): cv.boolean}
LIST_CHANNELS: Fields = {vol.Optional(ATTR_PREFIX, default=""): yaml_text}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""

    def register(
        name: str,
        action: Action,
        fields: Fields,
        supports_response: SupportsResponse = SupportsResponse.NONE,
        *,
        is_for_admins: bool = False,
    ) -> None:
        async def run(call: ServiceCall) -> ServiceResponse:
            return await action(_find_entry(hass, call.data).runtime_data, call)

        schema = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **fields})
        if is_for_admins:
            service.async_register_admin_service(hass, DOMAIN, name, run, schema)
        else:
            hass.services.async_register(
                DOMAIN, name, run, schema=schema, supports_response=supports_response
            )

    register("trigger", _trigger, TRIGGER, SupportsResponse.OPTIONAL)
    register("trigger_batch", _trigger_batch, BATCH)
    register("subscribe", _subscribe, CHANNEL)
    register("unsubscribe", _unsubscribe, CHANNEL)
    register("get_channel", _get_channel, GET_CHANNEL, SupportsResponse.ONLY)
    register("list_channels", _list_channels, LIST_CHANNELS, SupportsResponse.ONLY)
    register("send_to_user", _send_to_user, {**USER, **EVENT})
    register("terminate_user_connections", _terminate_user_connections, USER, is_for_admins=True)


def _find_entry(hass: HomeAssistant, data: Mapping[str, Any]) -> PusherConfigEntry:
    """Return the app that an action names, else the only one, else the only one with its channels.

    Raises `ServiceValidationError`.
    """
    entry_id = data.get(ATTR_CONFIG_ENTRY_ID)
    entries = hass.config_entries.async_entries(DOMAIN, include_disabled=False)
    if entry_id is None and len(entries) > 1:
        channels = _named_channels(data)
        if not channels:
            raise validation_error("app_not_named")
        matching = [entry for entry in entries if channels <= _channels_of(entry)]
        if len(matching) != 1:
            raise validation_error("app_not_found", channel=", ".join(sorted(channels)))
        entry_id = matching[0].entry_id
    entry: PusherConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


def _named_channels(data: Mapping[str, Any]) -> set[str]:
    """Return the channels in an action's data."""
    named = {*data.get(ATTR_CHANNELS, ()), *(it[ATTR_CHANNEL] for it in data.get(ATTR_EVENTS, ()))}
    return named | {data[ATTR_CHANNEL]} if data.get(ATTR_CHANNEL) else named


def _channels_of(entry: PusherConfigEntry) -> set[str]:
    """Return the configured and the temporary channels of an app."""
    configured = {
        subentry.data[CONF_CHANNEL]
        for subentry in entry.subentries.values()
        if CONF_CHANNEL in subentry.data
    }
    if entry.state is not ConfigEntryState.LOADED:
        return configured
    return configured | entry.runtime_data.client.channels.keys()


async def _trigger(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Send one event, once: a refusal is an error and is not retried.

    Counts need the server API. A server that does not count refuses the whole event.
    """
    channels = _channels(call.data)
    event, data = call.data[ATTR_EVENT], call.data[ATTR_DATA]
    via, info = call.data[ATTR_VIA], call.data[ATTR_INFO]
    if via is Via.CLIENT and info:
        raise validation_error("info_needs_server")
    if via is Via.AUTO:
        via = Via.SERVER if info else _choose_via(hub.client, channels, event)
    if via is Via.CLIENT:
        for channel in channels:
            with translated(channel):
                hub.client.check_trigger(channel, event, data)
        for channel in channels:
            with translated(channel):
                await hub.client.trigger(channel, event, data)
        return _sent(via, channels, {})
    with server_api(hub) as api:
        infos = await api.trigger(
            channels,
            event,
            data,
            socket_id=hub.client.socket_id if call.data[ATTR_EXCLUDE_SELF] else None,
            info=info,
        )
    return _sent(via, channels, infos)


async def _trigger_batch(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Send several events, each to one channel, in one request."""
    events = [
        BatchEvent(event[ATTR_CHANNEL], event[ATTR_EVENT], event[ATTR_DATA])
        for event in call.data[ATTR_EVENTS]
    ]
    with server_api(hub) as api:
        await api.trigger_batch(events)
    return None


async def _subscribe(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Subscribe a channel until the next reload."""
    channel = call.data[ATTR_CHANNEL]
    if hub.is_configured(channel):
        return None
    if hub.client.state is not ConnectionState.CONNECTED:
        raise action_error(Misuse.NOT_CONNECTED)
    with translated(channel):
        await hub.temporary_channels.subscribe(channel)
    return None


async def _unsubscribe(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Unsubscribe a channel that `subscribe` subscribed."""
    channel = call.data[ATTR_CHANNEL]
    if hub.is_configured(channel):
        raise validation_error("channel_is_configured", channel=channel)
    if channel not in hub.temporary_channels:
        raise validation_error(Misuse.NOT_SUBSCRIBED, channel=channel)
    hub.temporary_channels.unsubscribe(channel)
    return None


async def _get_channel(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Return the state of a channel, on request also as the server API has it."""
    name, from_server = call.data[ATTR_CHANNEL], call.data[ATTR_FROM_SERVER]
    channel = hub.client.channels.get(name)
    if channel is None and not hub.is_configured(name) and not from_server:
        raise validation_error(Misuse.NOT_SUBSCRIBED, channel=name)
    answer: dict[str, Json] = {
        "channel": name,
        "kind": ChannelKind.of(name).value,
        "subscribed": False,
    }
    if channel is not None and channel.is_subscribed:
        answer |= _state_of(channel)
    if from_server:
        with server_api(hub) as api:
            answer["server"] = await _query_server(api, name)
    return answer


async def _list_channels(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Return the occupied channels."""
    prefix = call.data[ATTR_PREFIX]
    info = (USER_COUNT,) if ChannelKind.of(prefix).is_presence else ()
    with server_api(hub) as api:
        channels = await api.channels(prefix=prefix, info=info)
    return {"channels": {name: dict(info) for name, info in channels.items()}}


async def _send_to_user(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Send an event to every connection of a signed-in user."""
    with server_api(hub) as api:
        await api.send_to_user(call.data[ATTR_USER_ID], call.data[ATTR_EVENT], call.data[ATTR_DATA])
    return None


async def _terminate_user_connections(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Close every connection of a signed-in user."""
    with server_api(hub) as api:
        await api.terminate_user_connections(call.data[ATTR_USER_ID])
    return None


def _channels(data: Mapping[str, Any]) -> list[str]:
    channel, channels = data.get(ATTR_CHANNEL), data.get(ATTR_CHANNELS)
    if bool(channel) == bool(channels):
        raise validation_error("channel_or_channels")
    names: list[str] = channels or [channel]
    if len(names) > MAX_CHANNELS:
        raise validation_error(Misuse.TOO_MANY_CHANNELS)
    return names


def _choose_via(client: PusherClient, channels: list[str], event: str) -> Via:
    """Return client for a client event if each channel is subscribed and accepts client events."""
    if not event.startswith(CLIENT_EVENT_PREFIX):
        return Via.SERVER
    for name in channels:
        channel = client.channels.get(name)
        if channel is None or not channel.is_subscribed or not channel.kind.takes_client_events:
            return Via.SERVER
    return Via.CLIENT


def _sent(
    via: Via, channels: list[str], infos: Mapping[str, Mapping[str, Json]]
) -> ServiceResponse:
    return {
        "via": via.value,
        "channels": {channel: dict(infos.get(channel, {})) for channel in channels},
    }


def _state_of(channel: Channel) -> dict[str, Json]:
    """Return the state of a subscribed channel."""
    state: dict[str, Json] = {"subscribed": True}
    if channel.subscription_count is not None:
        state["subscription_count"] = channel.subscription_count
    if isinstance(channel, PresenceChannel):
        state["count"] = channel.count
        state["members"] = [_member(member) for member in channel.members.values()]
        if channel.me is not None:
            state["me"] = _member(channel.me)
    return state


def _member(member: Member) -> dict[str, Json]:
    return {"user_id": member.user_id, "user_info": member.user_info}


async def _query_server(api: HttpApi, channel: str) -> dict[str, Json]:
    """Return the attributes that the server has for a channel of this kind.

    A server that does not count subscriptions refuses that attribute; it is left out then. Poxa
    answers 401 to several attributes at once.
    """
    kind = ChannelKind.of(channel)
    info = [USER_COUNT] if kind.is_presence else []
    if kind.is_cache:
        info.append("cache")
    try:
        answer = dict(await api.channel(channel, info=[SUBSCRIPTION_COUNT, *info]))
    except RequestError as err:
        if err.failure is not RequestFailure.REFUSED or err.status not in REFUSED_COUNT:
            raise
        answer = dict(await api.channel(channel, info=info))
    if kind.is_presence:
        users = await api.users(channel) if answer.get("occupied") else []
        answer["users"] = list[Json](users)
    return answer
