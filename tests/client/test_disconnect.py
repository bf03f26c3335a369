"""Disconnect in every state of a connection, and connect again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.messages import Event
from tools.devserver import DevServer

from .conftest import Clock, connect, leftovers, settle, until
from .record import Record

CONNECTING = ConnectionState.CONNECTING
CONNECTED = ConnectionState.CONNECTED
DISCONNECTING = ConnectionState.DISCONNECTING
DISCONNECTED = ConnectionState.DISCONNECTED
RECONNECTING = ConnectionState.RECONNECTING


async def test_disconnect_leaves_no_timer_and_delivers_nothing_more(
    client: PusherClient, server: DevServer
) -> None:
    events: list[Event] = []
    record = Record(client)
    client.bind(events.append)
    client.subscribe("orders")
    await connect(client)
    await server.wait_subscribed("orders")
    for number in range(100):
        await server.publish("orders", "e", number)

    leaving = asyncio.create_task(client.disconnect())
    await settle(1)
    received = len(events)
    await leaving

    assert len(events) == received
    assert record.states == [CONNECTING, CONNECTED, DISCONNECTING, DISCONNECTED]
    assert record.failures == []
    assert client.socket_id is None
    assert leftovers() == []
    await server.wait_disconnected()


type Scene = Callable[[PusherClient, DevServer], Awaitable[object]]


async def while_the_request_is_answered(client: PusherClient, server: DevServer) -> None:
    server.freeze()
    client.connect()
    await server.wait_attempts(1)


async def while_the_welcome_is_awaited(client: PusherClient, server: DevServer) -> None:
    server.faults.handshake_silent = True
    client.connect()
    await server.wait_connected()


async def between_two_first_attempts(client: PusherClient, server: DevServer) -> None:
    server.faults.upgrade_status = 503
    client.connect()
    await until(lambda: client.last_error)


async def between_two_later_attempts(client: PusherClient, server: DevServer) -> None:
    await connect(client)
    server.faults.upgrade_status = 503
    server.abort_all()
    await until(lambda: len(server.attempts) > 1 and client.last_error)
    assert client.state is RECONNECTING


async def with_a_server_gone_silent(client: PusherClient, server: DevServer) -> None:
    await connect(client)
    server.silence_all()


async def right_after_connect(client: PusherClient, _: DevServer) -> None:
    client.connect()


async def after_it_was_refused(client: PusherClient, server: DevServer) -> None:
    server.faults.handshake_close = 4001
    client.connect()
    await until(lambda: client.state is DISCONNECTED)


SCENES = [
    while_the_request_is_answered,
    while_the_welcome_is_awaited,
    between_two_first_attempts,
    between_two_later_attempts,
    with_a_server_gone_silent,
    right_after_connect,
    after_it_was_refused,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_disconnect_ends_every_state_for_good(
    scene: Scene, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await scene(client, server)
    attempts = len(server.attempts)

    await client.disconnect()
    assert client.state is DISCONNECTED
    assert leftovers() == []

    server.thaw()
    await clock.pass_by(120)
    assert len(server.attempts) == attempts


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_after_disconnect_connect_works_from_every_state(
    scene: Scene, client: PusherClient, server: DevServer
) -> None:
    await scene(client, server)
    await client.disconnect()
    server.thaw()
    server.faults.reset()

    await connect(client)

    assert client.state is CONNECTED
    assert client.socket_id in {connection.socket_id for connection in server.connections}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_connect_while_disconnecting_works(
    scene: Scene, client: PusherClient, server: DevServer
) -> None:
    await scene(client, server)
    record = Record(client)

    leaving = asyncio.create_task(client.disconnect())
    await settle(1)
    server.thaw()
    server.faults.reset()
    await connect(client)
    await leaving

    assert client.state is CONNECTED
    assert [state for state in record.states if state is not DISCONNECTING] == [
        CONNECTING,
        CONNECTED,
    ]


async def test_disconnect_without_a_connection_reports_nothing(client: PusherClient) -> None:
    record = Record(client)

    await client.disconnect()

    assert record.states == []


async def test_two_disconnects_both_wait_for_the_end(client: PusherClient) -> None:
    await connect(client)
    record = Record(client)
    first = asyncio.create_task(client.disconnect())
    await settle(1)
    assert client.state is DISCONNECTING

    await client.disconnect()

    assert leftovers() == []
    assert record.states == [DISCONNECTING, DISCONNECTED]
    await first


async def test_disconnect_connect_and_disconnect_end_disconnected(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    record = Record(client)

    first = asyncio.create_task(client.disconnect())
    await settle(1)
    client.connect()
    await client.disconnect()
    await first

    assert record.states == [DISCONNECTING, CONNECTING, DISCONNECTING, DISCONNECTED]
    assert leftovers() == []
    await server.wait_disconnected()


async def test_a_disconnect_that_is_not_waited_for_still_ends_disconnected(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    leaving = asyncio.create_task(client.disconnect())
    await settle(1)

    leaving.cancel()
    await until(lambda: client.state is DISCONNECTED)

    await server.wait_disconnected()
    assert leaving.cancelled()
