"""The states of a connection, and the calls that change them."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.clock import WallClock
from custom_components.pusher_channels.client.connection import (
    Connection,
    ConnectionState,
    StateChange,
    Timing,
)
from custom_components.pusher_channels.client.dispatch import Dispatcher
from custom_components.pusher_channels.client.exceptions import (
    ConnectionFailedError,
    FailureReason,
    InvalidUseError,
    Misuse,
)
from custom_components.pusher_channels.client.handshake import Endpoint
from custom_components.pusher_channels.client.messages import Event
from tools.devserver import Connection as ServerConnection
from tools.devserver import DevServer

from .conftest import APP, Clock, MakeClient, address, connect, leftovers, settle, until
from .record import Record

CONNECTING = ConnectionState.CONNECTING
CONNECTED = ConnectionState.CONNECTED
DISCONNECTING = ConnectionState.DISCONNECTING
DISCONNECTED = ConnectionState.DISCONNECTED
RECONNECTING = ConnectionState.RECONNECTING


async def test_connect_passes_connecting_and_a_second_call_changes_nothing(
    client: PusherClient, server: DevServer
) -> None:
    record = Record(client)
    assert client.state is DISCONNECTED
    assert (client.socket_id, client.last_error, client.last_received) == (None, None, None)

    client.connect()
    assert client.state is CONNECTING
    client.connect()
    await client.wait_connected()
    client.connect()
    await client.wait_connected()

    assert record.states == [CONNECTING, CONNECTED]
    assert len(server.attempts) == 1


async def test_without_success_it_stays_connecting_and_retries(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """pusher-js is `unavailable` after 10 s; here the state stays what it is, and attempts go on."""
    record = Record(client)
    server.faults.upgrade_status = 500
    client.connect()
    await clock.pass_by(120)
    assert len(server.attempts) >= 5
    assert record.states == [CONNECTING]

    server.faults.reset()
    await clock.pass_by(60)

    assert record.states == [CONNECTING, CONNECTED]


async def test_the_welcome_gives_the_socket_id(client: PusherClient, server: DevServer) -> None:
    await connect(client)

    assert client.socket_id == server.connections[0].socket_id


async def test_what_is_sent_while_not_connected_is_refused(
    session: ClientSession, server: DevServer
) -> None:
    connection = make_connection(session, server)
    assert await connection.send("{}") is False

    connection.connect()
    assert await connection.send("{}") is False
    await until(lambda: connection.state is CONNECTED)
    assert await connection.send('{"event":"pusher:ping"}') is True

    await connection.disconnect()
    assert await connection.send("{}") is False


async def test_what_is_sent_into_a_broken_socket_is_refused(
    session: ClientSession, server: DevServer
) -> None:
    connection = make_connection(session, server)
    connection.connect()
    await until(lambda: connection.state is CONNECTED)

    server.abort_all()
    while await connection.send("{}"):
        await settle(1)
    assert connection.state is CONNECTED

    await connection.disconnect()


async def test_a_client_event_while_not_connected_is_an_error(
    client: PusherClient,
) -> None:
    client.subscribe("private-a")

    with pytest.raises(InvalidUseError) as caught:
        await client.trigger("private-a", "client-a", {})

    assert caught.value.misuse is Misuse.NOT_CONNECTED


def close_1000(connection: ServerConnection) -> None:
    connection.start_close(1000)


def close_1001(connection: ServerConnection) -> None:
    connection.start_close(1001)


def hang_up(connection: ServerConnection) -> None:
    connection.abort(reset=False)


def reset(connection: ServerConnection) -> None:
    connection.abort()


@pytest.mark.parametrize("lose", [close_1000, close_1001, hang_up, reset])
async def test_a_lost_connection_reconnects_at_once(
    lose: Callable[[ServerConnection], None], client: PusherClient, server: DevServer
) -> None:
    """pusher-js waits a second first, and calls it connecting again."""
    await connect(client)
    record, first = Record(client), client.socket_id

    lose(server.connections[0])
    await until(lambda: client.state is RECONNECTING)
    assert client.socket_id is None
    await settle()

    assert record.states == [RECONNECTING, CONNECTED]
    assert [failure.reason for failure in record.failures] == [FailureReason.CLOSED]
    assert client.last_error is record.failures[0]
    assert client.socket_id not in (None, first)


async def test_after_the_allowed_attempts_it_stops_and_connect_starts_again(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = make_client(timing=Timing(max_reconnect_attempts=2))
    record = Record(client)
    server.faults.upgrade_status = 503

    for round_ in (1, 2):
        client.connect()
        await clock.pass_by(60)
        assert client.state is DISCONNECTED
        assert len(server.attempts) == 3 * round_

    server.faults.reset()
    await connect(client)
    assert record.states == [CONNECTING, DISCONNECTED] * 2 + [CONNECTING, CONNECTED]
    assert leftovers() == ["pusher_channels connection"]


async def test_wait_connected_raises_after_a_disconnect(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_silent = True
    client.connect()
    waiting = asyncio.create_task(client.wait_connected())
    await server.wait_connected()

    await client.disconnect()

    text = "The client was disconnected"
    with pytest.raises(ConnectionFailedError, match=f"^{text}$") as caught:
        await waiting
    assert caught.value.reason is FailureReason.CLOSED


async def test_wait_connected_raises_at_once_while_nothing_connects(
    client: PusherClient, server: DevServer
) -> None:
    with pytest.raises(ConnectionFailedError, match=r"^The client is disconnected$") as caught:
        await client.wait_connected()
    assert caught.value.reason is FailureReason.CLOSED

    server.faults.handshake_close = 4001
    client.connect()
    await until(lambda: client.state is DISCONNECTED)
    with pytest.raises(ConnectionFailedError) as caught:
        await client.wait_connected()
    assert caught.value is client.last_error

    await client.disconnect()
    with pytest.raises(ConnectionFailedError, match=r"^The client is disconnected$"):
        await client.wait_connected()


@pytest.mark.parametrize("error", [RuntimeError("a fault"), asyncio.CancelledError()], ids=repr)
async def test_a_listener_that_raises_disturbs_neither_connection_nor_others(
    client: PusherClient, server: DevServer, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def fail(value: object) -> None:
        raise error

    client.listen(fail)
    client.bind(fail)
    record, events = Record(client), list[Event]()
    client.subscribe("orders").bind(fail)
    client.bind(events.append)
    await connect(client)
    await server.wait_subscribed("orders")

    for number in range(3):
        await server.publish("orders", "e", number)
    await until(lambda: len(events) == 3)

    assert record.states == [CONNECTING, CONNECTED]
    assert len(server.attempts) == 1
    assert caplog.messages.count("A listener of Event failed") == 6


@pytest.mark.parametrize("error", [RuntimeError("a fault"), asyncio.CancelledError()], ids=repr)
async def test_an_only_listener_that_raises_gets_the_next_event(
    client: PusherClient, server: DevServer, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """Without debug logging the receive loop calls an only listener itself."""
    caplog.set_level(logging.INFO, "custom_components.pusher_channels.client.connection")
    received: list[Event] = []

    def fail(event: Event) -> None:
        received.append(event)
        raise error

    client.subscribe("orders").bind(fail)
    await connect(client)
    await server.wait_subscribed("orders")

    for number in range(3):
        await server.publish("orders", "e", number)
    await until(lambda: len(received) == 3)

    assert caplog.messages == ["A listener of Event failed"] * 3
    assert client.state is CONNECTED


async def test_a_listener_may_connect_again_once_the_server_has_refused(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_close = 4001

    def again(notice: object) -> None:
        if isinstance(notice, StateChange) and notice.state is DISCONNECTED:
            server.faults.reset()
            client.connect()

    unlisten = client.listen(again)
    client.connect()
    await until(lambda: client.state is CONNECTED)
    unlisten()

    assert len(server.attempts) == 2


def make_connection(session: ClientSession, server: DevServer) -> Connection:
    """Return a connection without listeners."""
    return Connection(
        session,
        Endpoint(address(server).websocket_url(APP.key)),
        timing=Timing(),
        clock=WallClock(),
        dispatcher=Dispatcher(),
        on_message=lambda _: None,
        on_state=lambda _: None,
        review=lambda failure: failure,
        on_failure=lambda _: None,
    )
