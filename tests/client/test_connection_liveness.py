"""A connection that is alive on paper only is noticed and replaced."""

import asyncio

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState, Timing
from custom_components.pusher_channels.client.exceptions import FailureReason
from tools.devserver import DevServer

from .conftest import Clock, MakeClient, address, connect, settle, until
from .record import Record

ANY_FRAME = '{"event":"news","channel":"somewhere"}'


def pings(server: DevServer) -> int:
    """Return how many pings the server has received."""
    return sum(received.event == "pusher:ping" for received in server.received)


@pytest.mark.parametrize(("own", "theirs"), [(120, 30), (30, 120), (30, 30)])
async def test_the_shorter_activity_timeout_counts(
    own: float, theirs: float, make_client: MakeClient, clock: Clock
) -> None:
    async with DevServer(activity_timeout=theirs) as server:
        await connect(make_client(at=address(server), timing=Timing(activity_timeout=own)))

        await clock.pass_by(29)
        assert pings(server) == 0
        await clock.pass_by(1.5)
        assert pings(server) == 1


@pytest.mark.parametrize(("theirs", "due"), [(30, 29.5), (2, 1.8), (0.01, 0.9)])
async def test_a_ping_is_sent_shortly_before_the_servers_timeout_and_at_most_once_a_second(
    theirs: float, due: float, make_client: MakeClient, clock: Clock
) -> None:
    """A server that asks for a tiny activity timeout gets no flood of pings."""
    async with DevServer(activity_timeout=theirs) as server:
        await connect(make_client(at=address(server)))

        await clock.pass_by(due - 0.1)
        assert pings(server) == 0
        await clock.pass_by(0.15)
        assert pings(server) == 1


async def test_an_own_activity_timeout_of_0_counts_as_a_second(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    await connect(make_client(timing=Timing(activity_timeout=0)))

    await clock.pass_by(0.9)
    assert pings(server) == 0
    await clock.pass_by(0.15)
    assert pings(server) == 1


async def test_an_own_pong_timeout_of_0_counts_as_a_second(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = await connect(make_client(timing=Timing(activity_timeout=10, pong_timeout=0)))

    await clock.pass_by(30)

    assert pings(server) >= 2
    assert client.last_error is None


async def test_silence_is_answered_with_a_ping_then_a_reconnect(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record, first = Record(client), client.socket_id
    server.faults.ignore_pings = True

    await clock.pass_by(119)
    assert pings(server) == 0
    await clock.pass_by(2)
    assert pings(server) == 1
    await clock.pass_by(28)
    assert record.states == []
    await clock.pass_by(2)

    assert record.states == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
    assert [failure.reason for failure in record.failures] == [FailureReason.SILENT]
    assert str(record.failures[0]) == "The server stopped answering"
    assert client.socket_id != first
    assert len(server.connections) == 1


async def test_own_pong_timeout_counts(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = await connect(make_client(timing=Timing(activity_timeout=10, pong_timeout=3)))
    record = Record(client)
    server.faults.ignore_pings = True

    await clock.pass_by(12.5)
    assert record.states == []
    await clock.pass_by(1)

    assert record.states[0] is ConnectionState.RECONNECTING


async def test_any_frame_cancels_the_deadline_of_a_pong(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record = Record(client)
    server.faults.ignore_pings = True
    await clock.pass_by(121)
    assert pings(server) == 1

    await server.send_raw(ANY_FRAME)
    await clock.pass_by(60)

    assert record.states == []
    assert len(server.attempts) == 1


async def test_a_server_that_answers_pings_keeps_its_connection(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record = Record(client)

    await clock.pass_by(1210)

    assert record.states == []
    assert len(server.attempts) == 1
    assert pings(server) == 10


async def test_traffic_in_both_directions_needs_no_ping(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    client.subscribe("private-a")
    await connect(client)
    await until(lambda: client.channels["private-a"].is_subscribed)

    for _ in range(5):
        await clock.pass_by(100)
        await client.trigger("private-a", "client-a", 1)
        await server.send_raw(ANY_FRAME)

    assert pings(server) == 0


async def test_a_client_that_sends_nothing_pings_though_frames_arrive(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """Some servers look only at what the client sends (laravel/echo#308)."""
    await connect(client)
    received = client.last_received

    for _ in range(5):
        await clock.pass_by(50)
        await server.send_raw(ANY_FRAME)
        await settle()

    assert pings(server) == 2
    assert received is not None
    assert client.last_received is not None
    assert client.last_received - received == pytest.approx(250, abs=5)


async def test_a_servers_ping_is_answered(client: PusherClient, server: DevServer) -> None:
    await connect(client)

    await server.send_raw('{"event":"pusher:ping","data":{}}')
    pong = await server.wait_received("pusher:pong")
    await server.send_raw('{"event":"pusher:ping"}')
    await until(lambda: len(server.received) == 2)

    assert pong.frame == {"event": "pusher:pong", "data": {}}
    assert server.received[1].frame == pong.frame


async def test_an_unexpected_pong_is_ignored(client: PusherClient, server: DevServer) -> None:
    await connect(client)
    record = Record(client)

    await server.send_raw('{"event":"pusher:pong"}')
    await server.send_raw('{"event":"pusher:ping"}')
    await server.wait_received("pusher:pong")

    assert record.errors == []
    assert len(server.received) == 1


async def test_a_pong_timeout_closes_though_the_peer_never_finishes(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    first = client.socket_id
    server.silence_all()

    await clock.pass_by(151)
    await until(lambda: client.socket_id not in (None, first))

    assert len(server.attempts) == 2
    assert server.connections[0].silent


async def test_a_path_that_was_frozen_for_a_while_keeps_its_connection(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record = Record(client)
    server.freeze()
    await clock.pass_by(140)

    server.thaw()
    await clock.pass_by(60)

    assert record.states == []


async def test_after_a_suspend_a_ping_is_sent_before_the_connection_is_dead(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record = Record(client)

    clock.skip(8 * 3600)
    await server.wait_received("pusher:ping")
    await clock.pass_by(60)

    assert record.states == []


async def test_a_flood_lets_other_tasks_run_and_the_ping_go_out_and_loses_nothing(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """Each event takes its listener a tenth of a second here."""
    received = 0

    def receive(_: object) -> None:
        nonlocal received
        received += 1
        clock.skip(0.1)

    client.bind(receive)
    client.subscribe("orders")
    await connect(client)
    await server.wait_subscribed("orders")
    flood = asyncio.create_task(server.flood("orders", "e", {"id": 1}, 2000))
    at_once = []
    while received < 2000:
        before = received
        await settle(1)
        at_once.append(received - before)
    await flood
    await server.wait_received("pusher:ping")

    assert max(at_once) <= 64
    assert received == 2000
    assert pings(server) == 1
    assert client.state is ConnectionState.CONNECTED


async def test_a_ping_is_sent_at_each_interval_also_while_a_pong_is_awaited(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    await connect(make_client(timing=Timing(activity_timeout=10, pong_timeout=30)))
    server.faults.ignore_pings = True

    await clock.pass_by(35)

    assert pings(server) == 3


async def test_a_pong_that_arrived_while_the_client_was_blocked_is_read_first(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = await connect(make_client(timing=Timing(activity_timeout=10, pong_timeout=3)))
    record = Record(client)
    await clock.pass_by(10)
    await server.wait_received("pusher:ping")

    clock.skip(60)
    await clock.pass_by(2)

    assert record.states == []
    assert len(server.attempts) == 1


async def test_a_dead_connection_is_noticed_after_the_client_was_blocked(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = await connect(make_client(timing=Timing(activity_timeout=10, pong_timeout=3)))
    record = Record(client)
    server.faults.ignore_pings = True
    await clock.pass_by(10)

    clock.skip(60)
    await clock.pass_by(2)

    assert [failure.reason for failure in record.failures] == [FailureReason.SILENT]


async def test_after_the_computer_slept_a_ping_is_sent_at_once(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    """The event loop's clock stands still during a suspend, the wall clock does not."""
    slept = 0.0
    client = await connect(make_client(wall_clock=lambda: clock.time() + slept))
    record = Record(client)
    await clock.pass_by(30)
    assert pings(server) == 0

    slept = 3600.0
    server.faults.ignore_pings = True
    await clock.pass_by(4.5)
    assert pings(server) == 1
    await clock.pass_by(31)

    assert [failure.reason for failure in record.failures] == [FailureReason.SILENT]
    assert record.states == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
