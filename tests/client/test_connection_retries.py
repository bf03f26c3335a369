"""Whether and when the client reconnects after each kind of failure."""

from itertools import pairwise

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.exceptions import FailureReason
from tools.devserver import App, DevServer, frames

from .conftest import APP, Clock, MakeClient, address, connect, leftovers, settle, until
from .record import Record
from .vectors import VECTORS

STOPPING = [4000, 4001, 4003, 4005, 4006, 4007, 4008, 4009, 4050, 4099]
HANDSHAKE = {
    row["code"]: row["during_handshake"]
    for row in VECTORS["close_action"]
    if row["code"] not in (1005, 1006)
}


@pytest.fixture
def unlucky(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait be the shortest it can be."""
    monkeypatch.setattr("random.random", lambda: 0.0)


@pytest.mark.parametrize("code", STOPPING)
async def test_a_close_with_40xx_stops_for_good_with_a_typed_reason(
    code: int, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """4000 too: pusher-js switches to TLS, here it is the user who does."""
    await connect(client)
    record = Record(client)

    server.connections[0].start_close(code, "reason of the server")
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    await clock.pass_by(3600)

    assert record.states == [ConnectionState.DISCONNECTED]
    reason = FailureReason.UNAUTHORIZED if code == 4009 else FailureReason.CLOSED
    assert [(failure.reason, failure.code) for failure in record.failures] == [(reason, code)]
    assert str(client.last_error) == f"reason of the server ({code})"
    assert len(server.attempts) == 1
    assert leftovers() == []


@pytest.mark.parametrize("code", STOPPING[::3])
@pytest.mark.parametrize("how", ["close", "error"])
async def test_40xx_instead_of_a_welcome_stops_for_good(
    code: int, how: str, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    record = Record(client)
    refuse(server, code, how)

    client.connect()
    await clock.pass_by(3600)

    assert record.states == [ConnectionState.CONNECTING, ConnectionState.DISCONNECTED]
    assert [failure.code for failure in record.failures] == [code]
    assert len(server.attempts) == 1
    await server.wait_disconnected()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3999, 4200, 4201, 4202, 4299])
@pytest.mark.usefixtures("unlucky")
async def test_after_these_close_codes_it_is_back_at_once(
    code: int, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    await clock.pass_by(31)
    record = Record(client)

    server.connections[0].start_close(code)
    await settle()

    assert record.states == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
    assert record.failures[0].code == code


@pytest.mark.parametrize("code", [1002, 1003, 4100, 4199, 4300, 4399, 4999])
@pytest.mark.usefixtures("unlucky")
async def test_after_these_close_codes_it_is_back_after_a_second(
    code: int, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """pusher-js gives up at 4300 and later; here only 40xx does."""
    await connect(client)
    record = Record(client)

    server.connections[0].start_close(code)
    await settle()
    await clock.pass_by(0.5)
    assert record.states == [ConnectionState.RECONNECTING]
    await clock.pass_by(0.6)

    assert record.states == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]


@pytest.mark.parametrize(("code", "action"), HANDSHAKE.items())
@pytest.mark.usefixtures("unlucky")
async def test_a_close_code_instead_of_a_welcome_decides_the_next_attempt(
    code: int, action: str, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """Two rows differ from pusher-js: 4000 stops, and 43xx backs off."""
    if code == 4000:
        action = "refused"
    elif code >= 4300:
        action = "backoff"
    refuse(server, code, "close")

    client.connect()
    await settle()
    at_once = len(server.attempts)
    await clock.pass_by(1.1)
    after_a_second = len(server.attempts)

    expected = {"refused": (1, 1), "backoff": (1, 2), "retry": (2, 3)}
    assert (at_once, after_a_second) == expected[action]


async def test_a_reset_instead_of_a_welcome_backs_off(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.handshake_reset = True

    client.connect()
    await clock.pass_by(60)

    assert 5 <= len(server.attempts) <= 7


@pytest.mark.parametrize("how", ["close", "error"])
@pytest.mark.usefixtures("unlucky")
async def test_a_server_that_always_closes_with_4200_gets_at_most_8_attempts_in_a_minute(
    how: str, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    refuse(server, 4200, how)
    client.connect()

    await clock.pass_by(60)
    assert 6 <= len(server.attempts) <= 8
    await clock.pass_by(240)

    waits = [after - before for before, after in pairwise(server.connect_times[7:])]
    assert min(waits) == pytest.approx(30, abs=1)
    assert client.state is ConnectionState.CONNECTING


@pytest.mark.usefixtures("unlucky")
async def test_a_server_that_closes_with_4200_after_its_welcome_gets_no_more_attempts(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """What counts is how long a connection is established, not its welcome."""
    server.faults.first_frame = frames.established("{socket_id}", 120)
    server.faults.handshake_close = 4200
    record = Record(client)
    client.connect()

    await clock.pass_by(60)

    assert 6 <= len(server.attempts) <= 8
    assert record.states.count(ConnectionState.CONNECTED) == len(server.attempts)


@pytest.mark.parametrize("how", ["close", "error"])
async def test_over_the_quota_waits_minutes_not_seconds(
    how: str, client: PusherClient, server: DevServer, clock: Clock
) -> None:
    refuse(server, 4004, how)
    client.connect()

    await clock.pass_by(299)
    assert len(server.attempts) == 1
    assert client.last_error is not None
    assert client.last_error.code == 4004
    server.faults.reset()
    await clock.pass_by(62)

    assert client.state is ConnectionState.CONNECTED


async def test_over_a_servers_quota_it_reconnects_once_there_is_room(
    make_client: MakeClient, clock: Clock
) -> None:
    async with DevServer([App(max_connections=1, quota_code=4004)]) as server:
        first = await connect(make_client(at=address(server), app=server.app))
        second = make_client(at=address(server), app=server.app)
        second.connect()
        await clock.pass_by(10)
        assert len(server.attempts) == 2

        await first.disconnect()
        await clock.pass_by(360)

        assert second.state is ConnectionState.CONNECTED


@pytest.mark.parametrize(("app", "code"), [(App(key="unknown"), 4001), (APP, 4003)])
async def test_a_real_refusal_stops_and_names_the_code(
    app: App, code: int, make_client: MakeClient
) -> None:
    async with DevServer([App(enabled=False)]) as server:
        client = make_client(at=address(server), app=app)
        client.connect()
        await until(lambda: client.state is ConnectionState.DISCONNECTED)

        assert client.last_error is not None
        assert client.last_error.code == code


@pytest.mark.usefixtures("unlucky")
@pytest.mark.usefixtures("unlucky")
async def test_the_delay_falls_with_each_connection_of_some_seconds(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    async def lose_after(seconds: float) -> None:
        await clock.pass_by(seconds)
        server.connections[0].start_close(4200)
        await settle()

    record = Record(client)
    await connect(client)

    back = [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
    await lose_after(0)
    assert record.states[2:] == back
    await lose_after(0)
    assert record.states[4:] == back[:1]
    await clock.pass_by(1.1)
    await lose_after(2)
    assert record.states[6:] == back[:1]
    await clock.pass_by(1.1)
    for _ in range(3):
        record.states.clear()
        await lose_after(15)
        assert record.states == back


async def test_a_pusher_error_after_the_welcome_only_informs(
    client: PusherClient, server: DevServer
) -> None:
    """Reverb and pusher.com mostly leave the socket open, as soketi does not."""
    await connect(client)
    record = Record(client)

    for code in (None, 4001, 4004, 4200, 4301):
        await server.send_raw(frames.error(code, "Something"))
    await until(lambda: len(record.errors) == 5)

    assert [error.code for error in record.errors] == [None, 4001, 4004, 4200, 4301]
    assert record.states == []


async def test_a_server_that_restarts_is_found_again(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    client.subscribe("orders")
    await connect(client)
    await server.wait_subscribed("orders")
    record = Record(client)

    await server.stop()
    await clock.pass_by(300)
    assert record.states == [ConnectionState.RECONNECTING]
    assert record.failures[-1].reason is FailureReason.UNREACHABLE
    await server.start()
    await clock.pass_by(61)

    assert record.states == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
    await server.wait_subscribed("orders")


def refuse(server: DevServer, code: int, how: str) -> None:
    """Let the server refuse everyone by a close code, or by an error frame and an open socket."""
    if how == "close":
        server.faults.handshake_close = code
    else:
        server.faults.first_frame = frames.error(code, "Refused")
