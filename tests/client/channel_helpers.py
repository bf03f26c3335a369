"""Helpers for tests of channels: recorded events and notices, and frames that the server received."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.auth_answers import ChannelAuth, UserAuth
from custom_components.pusher_channels.client.authorizers import EndpointAuthorizer
from custom_components.pusher_channels.client.channel import Channel, ChannelNotice
from custom_components.pusher_channels.client.client import ClientNotice, PusherClient
from custom_components.pusher_channels.client.crypto import encrypt, parse_key, shared_secret
from custom_components.pusher_channels.client.exceptions import ConnectionFailedError, RequestError
from custom_components.pusher_channels.client.http_api import HttpApi
from custom_components.pusher_channels.client.messages import Event, Json, SubscriptionRefused
from custom_components.pusher_channels.client.presence import PresenceChannel
from custom_components.pusher_channels.client.server import Server
from tools.devserver import App, Connection, DevServer, Received, frames

from .conftest import APP, AUTHORIZER, MASTER_KEY, Clock, connect, until

ROOM = "presence-room"


def events_of(source: PusherClient | Channel, *patterns: str) -> list[Event]:
    """Return the list to which each event from now on is added."""
    received: list[Event] = []
    source.bind(received.append, *patterns)
    return received


def notices_of(channel: Channel) -> list[ChannelNotice]:
    """Return the list to which each notice about the channel is added."""
    received: list[ChannelNotice] = []
    channel.listen(received.append)
    return received


def client_notices[T: ClientNotice](client: PusherClient, kind: type[T]) -> list[T]:
    """Return the list to which each notice of this kind about the client is added."""
    received: list[T] = []
    client.listen(lambda notice: received.append(notice) if isinstance(notice, kind) else None)
    return received


def sent(server: DevServer, event: str) -> list[Received]:
    """Return the frames of that event that the server got."""
    return [received for received in server.received if received.event == event]


def subscribes(server: DevServer) -> list[object]:
    """Return the channels of the subscriptions that clients requested, in order."""
    return [received.channel for received in sent(server, "pusher:subscribe")]


async def subscribed(client: PusherClient, *names: str) -> list[Channel]:
    """Subscribe to the channels and wait until they are subscribed."""
    channels = [client.subscribe(name) for name in names]
    await until(lambda: all(channel.is_subscribed for channel in channels))
    return channels


async def refusal(channel: Channel) -> SubscriptionRefused:
    """Wait until the subscription of the channel fails; return the refusal."""
    await until(lambda: channel.error)
    assert channel.error is not None
    return channel.error


async def all_handled(client: PusherClient, connection: Connection) -> None:
    """Return when the client has acted on all that the connection was sent."""
    marker = "all-handled"
    received = events_of(client, marker)
    client.subscribe(marker)
    connection.send(frames.event(marker, marker, ""))
    await until(lambda: received)
    client.unsubscribe(marker)


def encrypted(channel: str, text: str) -> str:
    """Return the data of an encrypted event."""
    return json.dumps(encrypt(shared_secret(parse_key(MASTER_KEY), channel), text))


def presence(channel: str, data: Json) -> str:
    """Return a success with other presence data than soketi sends."""
    return json.dumps(
        {
            "event": "pusher_internal:subscription_succeeded",
            "channel": channel,
            "data": json.dumps({"presence": data}),
        }
    )


def endpoint(server: DevServer, session: ClientSession) -> EndpointAuthorizer:
    """Return an authorizer that asks the server's endpoints."""
    return EndpointAuthorizer(session, server.auth_url, server.user_auth_url)


def api_of(session: ClientSession, url: str, *, app: App = APP, path: str = "") -> HttpApi:
    """Return the app's server API at that address."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    server = Server.self_hosted(parts.hostname, parts.port, path=path, use_tls=False)
    return HttpApi(session, server, app.app_id, app.key, app.secret, parse_key(MASTER_KEY))


@dataclass
class HeldAuthorizer:
    """Signs as the app does, but for the held channels only once `gate` is open."""

    held: set[str]
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        self.asked.append(channel)
        if channel in self.held:
            await self.gate.wait()
        return await AUTHORIZER.authorize_channel(socket_id, channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        return await AUTHORIZER.authorize_user(socket_id)


async def subscribed_by_a_late_answer(
    client: PusherClient, server: DevServer, clock: Clock, authorizer: HeldAuthorizer
) -> Channel:
    """Subscribe private-a by an answer that arrives after 10 s, while the next authorization is held."""
    await connect(client)
    server.faults.unanswered_channels = {"private-a"}
    channel = client.subscribe("private-a")
    await server.wait_received("pusher:subscribe")
    clock.skip(10.1)
    await refusal(channel)
    authorizer.held = {"private-a"}
    clock.skip(2)
    await until(lambda: len(authorizer.asked) == 2)
    server.connections[0].send(frames.subscription_succeeded("private-a"))
    await channel.wait_subscribed()
    return channel


async def request_error(request: Awaitable[object]) -> RequestError:
    """Await a request to the server API that fails, and return its error."""
    with pytest.raises(RequestError) as caught:
        await request
    return caught.value


async def connection_failure(client: PusherClient) -> ConnectionFailedError:
    """Connect, and return why the first attempt failed."""
    client.connect()
    with pytest.raises(ConnectionFailedError) as caught:
        await client.wait_connected()
    assert client.last_error is caught.value
    return caught.value


async def signed_in(client: PusherClient) -> PusherClient:
    """Connect, sign in, and wait until the user's own channel is subscribed."""
    client.sign_in()
    await connect(client)
    await until(lambda: any(channel.is_subscribed for channel in client.channels.values()))
    return client


async def subscribe_room(client: PusherClient) -> PresenceChannel:
    """Connect, subscribe to the presence channel `ROOM` and return it."""
    await connect(client)
    [room] = await subscribed(client, ROOM)
    assert isinstance(room, PresenceChannel)
    return room


async def subscribe_unanswered(client: PusherClient, server: DevServer, name: str) -> Channel:
    """Connect, and subscribe to a channel for which the server sends no answer."""
    server.faults.unanswered_channels = {name}
    await connect(client)
    channel = client.subscribe(name)
    await server.wait_received("pusher:subscribe")
    return channel
