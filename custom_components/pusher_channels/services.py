"""The actions: send events, follow channels for a while, and ask the server."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import voluptuous as vol
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
)
from .const import DOMAIN
from .hub.action_errors import failed, invalid, server_api, translated
from .hub.hub import Hub, PusherConfigEntry

ATTR_CHANNEL = "channel"
ATTR_CHANNELS = "channels"
ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_DATA = "data"
ATTR_EVENT = "event"
ATTR_EVENTS = "events"
ATTR_EXCLUDE_SELF = "exclude_self"
ATTR_FROM_SERVER = "from_server"
ATTR_PREFIX = "prefix"
ATTR_USER_ID = "user_id"
ATTR_VIA = "via"

SUBSCRIPTION_COUNT = "subscription_count"
USER_COUNT = "user_count"
BAD_REQUEST = 400


class Via(StrEnum):
    """How an event is sent: to the other members over our connection, or by the server API."""

    AUTO = "auto"
    CLIENT = "client"
    SERVER = "server"


type Fields = dict[vol.Marker, Any]
type Action = Callable[[Hub, ServiceCall], Awaitable[ServiceResponse]]

CHANNEL: Fields = {vol.Required(ATTR_CHANNEL): cv.string}
USER: Fields = {vol.Required(ATTR_USER_ID): cv.string}
# Some servers refuse an event whose data is an empty text.
EVENT: Fields = {
    vol.Required(ATTR_EVENT): cv.string,
    vol.Optional(ATTR_DATA, default=dict): object,
}
TRIGGER: Fields = {
    vol.Optional(ATTR_CHANNEL): cv.string,
    vol.Optional(ATTR_CHANNELS): vol.All(cv.ensure_list, [cv.string]),
    **EVENT,
    vol.Optional(ATTR_VIA, default=Via.AUTO): vol.Coerce(Via),
    vol.Optional(ATTR_EXCLUDE_SELF, default=False): cv.boolean,
}
BATCH: Fields = {vol.Required(ATTR_EVENTS): vol.All(cv.ensure_list, [{**CHANNEL, **EVENT}])}
GET_CHANNEL: Fields = {**CHANNEL, vol.Optional(ATTR_FROM_SERVER, default=False): cv.boolean}
LIST_CHANNELS: Fields = {vol.Optional(ATTR_PREFIX, default=""): cv.string}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; they exist whether or not an app is loaded."""

    def register(
        name: str,
        action: Action,
        fields: Fields,
        supports_response: SupportsResponse = SupportsResponse.NONE,
    ) -> None:
        async def run(call: ServiceCall) -> ServiceResponse:
            entry: PusherConfigEntry = service.async_get_config_entry(
                hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
            )
            return await action(entry.runtime_data, call)

        schema = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **fields})
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
    register("terminate_user_connections", _terminate_user_connections, USER)


async def _trigger(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Send one event. The caller hears of a server that refuses; nothing is ever sent again.

    Who wants a response asks the server for counts, and a server that does not count refuses all.
    """
    channels = _channels(call.data)
    event, data = call.data[ATTR_EVENT], call.data[ATTR_DATA]
    via = call.data[ATTR_VIA]
    if via is Via.AUTO:
        via = _best_way(hub.client, channels, event)
    if via is Via.CLIENT:
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
            info=_countable(channels) if call.return_response else (),
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
    """Join a channel until the next reload."""
    channel = call.data[ATTR_CHANNEL]
    if hub.is_configured(channel):
        return None
    if hub.client.state is not ConnectionState.CONNECTED:
        raise failed(Misuse.NOT_CONNECTED)
    with translated(channel):
        await hub.temporary_channels.subscribe(channel)
    return None


async def _unsubscribe(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Leave a channel that `subscribe` joined."""
    channel = call.data[ATTR_CHANNEL]
    if hub.is_configured(channel):
        raise invalid("channel_is_configured", channel=channel)
    if channel not in hub.temporary_channels:
        raise invalid(Misuse.NOT_SUBSCRIBED, channel=channel)
    hub.temporary_channels.unsubscribe(channel)
    return None


async def _get_channel(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Tell what this connection knows of a channel, and on request what the server knows."""
    name, from_server = call.data[ATTR_CHANNEL], call.data[ATTR_FROM_SERVER]
    channel = hub.client.channels.get(name)
    if channel is None and not hub.is_configured(name) and not from_server:
        raise invalid(Misuse.NOT_SUBSCRIBED, channel=name)
    answer: dict[str, Json] = {
        "channel": name,
        "kind": ChannelKind.of(name).value,
        "subscribed": False,
    }
    if channel is not None and channel.is_subscribed:
        answer |= _seen(channel)
    if from_server:
        with server_api(hub) as api:
            answer["server"] = await _ask_server(api, name)
    return answer


async def _list_channels(hub: Hub, call: ServiceCall) -> ServiceResponse:
    """Tell which channels somebody is subscribed to."""
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
        raise invalid("channel_or_channels")
    wanted: list[str] = channels or [channel]
    if len(wanted) > MAX_CHANNELS:
        raise invalid(Misuse.TOO_MANY_CHANNELS)
    return wanted


def _best_way(client: PusherClient, channels: list[str], event: str) -> Via:
    """Return client for a client event where every channel is joined and takes such events."""
    if not event.startswith(CLIENT_EVENT_PREFIX):
        return Via.SERVER
    for name in channels:
        channel = client.channels.get(name)
        if channel is None or not channel.is_subscribed or not channel.kind.takes_client_events:
            return Via.SERVER
    return Via.CLIENT


def _countable(channels: list[str]) -> tuple[str, ...]:
    """Return which counts to ask for: members only where every channel has some."""
    if all(ChannelKind.of(channel).is_presence for channel in channels):
        return (SUBSCRIPTION_COUNT, USER_COUNT)
    return (SUBSCRIPTION_COUNT,)


def _sent(
    via: Via, channels: list[str], infos: Mapping[str, Mapping[str, Json]]
) -> ServiceResponse:
    return {
        "via": via.value,
        "channels": {channel: dict(infos.get(channel, {})) for channel in channels},
    }


def _seen(channel: Channel) -> dict[str, Json]:
    """Return what this connection knows of a joined channel."""
    seen: dict[str, Json] = {"subscribed": True}
    if channel.subscription_count is not None:
        seen["subscription_count"] = channel.subscription_count
    if isinstance(channel, PresenceChannel):
        seen["count"] = channel.count
        seen["members"] = [_member(member) for member in channel.members.values()]
        if channel.me is not None:
            seen["me"] = _member(channel.me)
    return seen


def _member(member: Member) -> dict[str, Json]:
    return {"user_id": member.user_id, "user_info": member.user_info}


async def _ask_server(api: HttpApi, channel: str) -> dict[str, Json]:
    """Return what the server says of a channel, with all that its kind has to say.

    A server that does not count subscriptions refuses the question, and is asked without.
    """
    kind = ChannelKind.of(channel)
    info = [USER_COUNT] * kind.is_presence + ["cache"] * kind.is_cache
    try:
        answer = dict(await api.channel(channel, info=[SUBSCRIPTION_COUNT, *info]))
    except RequestError as err:
        if err.status != BAD_REQUEST:
            raise
        answer = dict(await api.channel(channel, info=info))
    if kind.is_presence:
        answer["users"] = list[Json](await api.users(channel))
    return answer
