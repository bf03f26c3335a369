"""Listeners that subscribe, unsubscribe or disconnect while they are called."""

import asyncio

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import (
    ClientNotice,
    ConnectionFailedError,
    ConnectionState,
    Event,
    Json,
    PusherClient,
    StateChange,
    Unsubscribed,
)
from custom_components.pusher_channels.client.channel import ChannelNotice, ChannelState
from tools.devserver import DevServer, frames

from .channel_helpers import all_handled, encrypted, endpoint, subscribed, subscribes
from .conftest import MakeClient, connect, leftovers, settle, until

SECRET_CHANNEL = "private-encrypted-a"


async def test_a_channel_subscribed_again_when_the_connection_is_lost_is_subscribed(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")

    def again(notice: ChannelNotice) -> None:
        if isinstance(notice, Unsubscribed):
            client.unsubscribe("a")
            client.subscribe("a")

    channel.listen(again)
    server.abort_all()
    await until(lambda: client.channels["a"] is not channel)

    await client.channels["a"].wait_subscribed()


async def test_a_channel_subscribed_again_when_it_is_unsubscribed_stays_subscribed(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")

    def again(notice: ChannelNotice) -> None:
        if isinstance(notice, Unsubscribed):
            client.subscribe("a")

    channel.listen(again)
    client.unsubscribe("a")
    await server.wait_received("pusher:unsubscribe")
    await client.channels["a"].wait_subscribed()

    order = [received.event for received in server.received]
    assert order == ["pusher:subscribe", "pusher:unsubscribe", "pusher:subscribe"]


async def test_a_lost_channel_may_unsubscribe_another(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [first, _] = await subscribed(client, "first", "second")
    first.listen(lambda _: client.unsubscribe("second"))

    server.abort_all()
    await until(lambda: not first.is_subscribed)
    await first.wait_subscribed()

    assert list(client.channels) == ["first"]
    assert subscribes(server) == ["first", "second", "first"]


async def test_repeated_changes_of_a_channel_end_unsubscribed(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")

    client.unsubscribe("a")
    client.subscribe("a")
    client.unsubscribe("a")
    await server.wait_unsubscribed("a")
    await all_handled(client, server.connections[0])

    assert channel.state is ChannelState.UNSUBSCRIBED
    assert list(client.channels) == []


@pytest.mark.parametrize("state", [ConnectionState.CONNECTING, ConnectionState.CONNECTED])
async def test_a_listener_that_disconnects_leaves_nothing_behind(
    client: PusherClient, server: DevServer, state: ConnectionState
) -> None:
    """A task that starts eagerly disconnects while the listener is called."""
    server.faults.unanswered_channels = {"*"}
    channel = client.subscribe("a")
    tasks: list[asyncio.Task[None]] = []

    def disconnect(notice: ClientNotice) -> None:
        if isinstance(notice, StateChange) and notice.state is state:
            tasks.append(asyncio.create_task(client.disconnect(), eager_start=True))

    client.listen(disconnect)
    client.connect()
    await until(lambda: tasks)
    await tasks[0]
    await settle()

    assert client.state is ConnectionState.DISCONNECTED
    assert channel.state is ChannelState.UNSUBSCRIBED
    assert leftovers() == []


async def test_a_listener_that_connects_afresh_after_a_failure_has_one_connection(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_close = 4001
    tasks: list[asyncio.Task[None]] = []

    def start_over(notice: ClientNotice) -> None:
        if isinstance(notice, ConnectionFailedError) and not tasks:
            server.faults.reset()
            tasks.append(asyncio.create_task(client.disconnect(), eager_start=True))
            client.connect()

    client.listen(start_over)
    client.connect()
    await until(lambda: client.state is ConnectionState.CONNECTED)
    client.connect()
    await settle()

    assert len(server.connections) == 1
    assert leftovers() == ["pusher_channels connection"]


async def test_an_unsubscribed_encrypted_channel_gets_no_event_that_waited_for_a_key(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.wrong_shared_secrets = 1
    client = await connect(make_client(authorizer=endpoint(server, session)))
    [channel] = await subscribed(client, SECRET_CHANNEL)
    received: list[Json] = []

    def unsubscribe(event: Event) -> None:
        received.append(event.data)
        client.unsubscribe(SECRET_CHANNEL)

    channel.bind(unsubscribe)
    server.faults.auth_hold = asyncio.Event()
    for number in range(3):
        data = encrypted(SECRET_CHANNEL, str(number))
        server.connections[0].send(frames.event(SECRET_CHANNEL, "x", data))
    await server.wait_auth_requests(2)
    server.faults.auth_hold.set()
    await until(lambda: received)
    await settle()

    assert received == [0]
