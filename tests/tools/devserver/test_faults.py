"""Each fault that a test can switch on in the server."""

import asyncio
import json
import logging

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from tools.devserver import DevServer, Faults, frames

from .conftest import Connect
from .peer import QUERY, Peer, succeeded

UPGRADE = (
    f"GET /app/demo-key{QUERY} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


@pytest.mark.parametrize("code", [301, 403, 404, 500])
async def test_upgrade_is_refused_with_a_status(
    server: DevServer, session: ClientSession, code: int
) -> None:
    server.faults.upgrade_status = code
    server.faults.upgrade_location = "/elsewhere" if code == 301 else None
    async with session.get(f"{server.url}/app/demo-key", allow_redirects=False) as response:
        assert (response.status, response.headers.get("Location")) == (
            code,
            server.faults.upgrade_location,
        )
    with pytest.raises(WSServerHandshakeError):
        await Peer.open(server, session)
    assert len(server.attempts) == 2


async def test_handshake_silent_sends_nothing(server: DevServer, session: ClientSession) -> None:
    server.faults.handshake_silent = True
    peer = await Peer.open(server, session)
    await server.wait_connected()
    await peer.receives_nothing()


async def test_handshake_reset_cuts_the_connection(
    server: DevServer, session: ClientSession
) -> None:
    server.faults.handshake_reset = True
    peer = await Peer.open(server, session)
    await peer.read_end()
    await server.wait_disconnected()


async def test_first_frame_is_replaced_and_the_connection_stays(
    server: DevServer, session: ClientSession
) -> None:
    server.faults.first_frame = '{"id":"{socket_id}"}'
    peer = await Peer.open(server, session)
    assert json.loads(await peer.read()) == {"id": server.connections[0].socket_id}
    assert await peer.subscribe("news") == succeeded("news")
    server.faults.first_frame = b"\x00\xff"
    other = await Peer.open(server, session)
    assert await other.websocket.receive_bytes(timeout=5) == b"\x00\xff"


async def test_handshake_close_is_sent_after_the_first_frame_or_alone(
    server: DevServer, session: ClientSession
) -> None:
    server.faults.handshake_close = 4200
    server.faults.handshake_close_reason = "later"
    assert await (await Peer.open(server, session)).read_close() == (4200, "later")
    server.faults.first_frame = frames.error(4001, "no such app")
    peer = await Peer.open(server, session)
    assert (
        await peer.read() == '{"event":"pusher:error","data":{"code":4001,"message":"no such app"}}'
    )
    assert (await peer.read_close())[0] == 4200


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000, 4100, 4200, 4201, 4300, 4999])
async def test_close_all_closes_with_any_code(
    server: DevServer, connect: Connect, code: int
) -> None:
    peers = [await connect(), await connect()]
    closing = asyncio.create_task(server.close_all(code, "bye"))
    for peer in peers:
        assert await peer.read_close() == (code, "bye")
    await closing
    await server.wait_disconnected()


async def test_one_connection_is_closed_after_what_was_sent(
    server: DevServer, connect: Connect
) -> None:
    one, two = await connect(), await connect()
    connection = server.connection(one.socket_id)
    connection.send("last")
    closing = asyncio.create_task(connection.close(4999, "you"))
    assert await one.read() == "last"
    assert await one.read_close() == (4999, "you")
    await closing
    connection.send("too late")
    await connection.drain()
    await two.receives_nothing()


async def test_abort_all_cuts_without_a_close_frame(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    server.abort_all()
    await peer.read_end()
    await server.wait_disconnected()
    await (await connect()).receives_nothing()


async def test_abort_is_a_tcp_reset_and_stop_is_not(server: DevServer) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"connection_established")
    server.abort_all()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.transport.abort()
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(UPGRADE)
    await reader.readuntil(b'}"}')
    await server.stop()
    assert await reader.read() == b""
    writer.transport.abort()


async def test_a_connection_that_is_cut_already_can_be_cut_again(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    connection = server.connection(peer.socket_id)
    connection.freeze()
    connection.abort()
    await peer.read_end()
    connection.abort()
    connection.thaw()
    await server.wait_disconnected()


async def test_pings_are_ignored(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    server.faults.ignore_pings = True
    await peer.send("pusher:ping", {})
    assert await peer.subscribe("news") == succeeded("news")


async def test_silence_is_for_present_connections_only(server: DevServer, connect: Connect) -> None:
    old = await connect()
    await old.subscribe("news")
    server.silence_all()
    new = await connect()
    await new.subscribe("news")
    await old.send("pusher:ping", {})
    await server.publish("news", "order", "x")
    assert await new.read() == '{"event":"order","channel":"news","data":"x"}'
    await old.receives_no_byte()
    assert len(server.subscribers("news")) == 2
    assert [message.event for message in server.received] == [
        "pusher:subscribe",
        "pusher:subscribe",
    ]
    server.thaw()
    await old.receives_no_byte()
    server.connection(old.socket_id).abort()
    await server.wait_subscribed("news")
    await server.wait_disconnected(1)


async def test_frames_held_at_the_silence_are_swallowed(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    connection = server.connection(peer.socket_id)
    connection.freeze()
    connection.send("held")
    connection.silence()
    await peer.send("pusher:ping", {})
    connection.thaw()
    await connection.drain()
    await peer.receives_no_byte()
    assert server.received == []


async def test_frozen_server_accepts_and_answers_once_thawed(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    old = await connect()
    await old.subscribe("news")
    server.freeze()
    await old.send("pusher:ping", {})
    await server.publish("news", "order", "held")
    opening = asyncio.create_task(Peer.open(server, session))
    authorizing = asyncio.create_task(session.post(server.auth_url))
    triggering = asyncio.create_task(
        asyncio.to_thread(server.pusher().trigger, "news", "order", "later")
    )
    await server.wait_attempts(2)
    await server.wait_auth_requests(1)
    assert not any(task.done() for task in (opening, authorizing, triggering))
    await old.receives_no_byte()
    server.thaw()
    received = {await old.read() for _ in range(3)}
    assert received == {
        '{"event":"order","channel":"news","data":"held"}',
        '{"event":"order","channel":"news","data":"later"}',
        '{"event":"pusher:pong","data":{}}',
    }
    await (await opening).greet()
    assert (await authorizing).status == 400
    await triggering


async def test_frozen_server_can_be_stopped(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    server.freeze()
    await server.stop()
    await peer.read_end()


async def test_client_that_left_a_frozen_server_is_forgotten(
    server: DevServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server.freeze()
    _, gone = await asyncio.open_connection(server.host, server.port)
    gone.write(UPGRADE)
    await server.wait_attempts(1)
    gone.transport.abort()
    opening = asyncio.create_task(connect())
    await server.wait_attempts(2)
    server.thaw()
    peer = await opening
    assert [connection.socket_id for connection in server.connections] == [peer.socket_id]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_subscribe_is_not_answered(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    server.faults.unanswered_channels = {"news"}
    await peer.send("pusher:subscribe", {"channel": "news"})
    assert await peer.subscribe("other") == succeeded("other")
    server.faults.unanswered_channels = {"*"}
    await peer.send("pusher:subscribe", {"channel": "third"})
    await peer.receives_nothing()


async def test_subscribe_is_answered_with_any_frame(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    server.faults.subscribe_answers = {
        "news": frames.subscription_error("news", "Forbidden", 403),
        "*": "garbage",
    }
    assert await peer.subscribe("news") == (
        '{"event":"pusher:subscription_error","channel":"news",'
        '"data":{"type":"AuthError","error":"Forbidden","status":403}}'
    )
    assert await peer.subscribe("other") == "garbage"
    assert server.subscribers("news") == []


async def test_raw_frames_reach_everybody(server: DevServer, connect: Connect) -> None:
    peers = [await connect(), await connect()]
    await server.send_raw("{broken")
    await server.send_raw(b"\x00")
    for peer in peers:
        assert await peer.read() == "{broken"
        message = await peer.websocket.receive(timeout=5)
        assert (message.type, message.data) == (WSMsgType.BINARY, b"\x00")


async def test_dropped_event_vanishes_and_is_noted(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    await peer.subscribe("cache-n")
    await peer.read()
    server.faults.drop_events = 1
    await server.publish("cache-n", "order", "lost")
    await server.publish("cache-n", "order", "kept")
    assert await peer.read() == '{"event":"order","channel":"cache-n","data":"kept"}'
    assert [event.dropped for event in server.published] == [True, False]


async def test_http_api_answers_the_status(server: DevServer, session: ClientSession) -> None:
    server.faults.api_status = 503
    async with session.get(f"{server.url}/apps/1001/channels") as response:
        assert response.status == 503
    server.faults.reset()
    assert server.faults == Faults()


@pytest.mark.parametrize("size", [1, 1_000, 20_000])
async def test_flood_sends_the_event_many_times_in_order(
    server: DevServer, connect: Connect, size: int
) -> None:
    peer, other = await connect(), await connect()
    await peer.subscribe("news")
    count = 2_000_000 // (size + 1_000)
    await other.subscribe("elsewhere")
    flooding = asyncio.create_task(server.flood("news", "order", "x" * size, count))
    for _ in range(count):
        frame = await peer.read()
        assert frame.startswith('{"event":"order","channel":"news"')
    await flooding
    await peer.receives_nothing()
    await other.receives_nothing()


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536])
async def test_repeated_frame_is_whole_at_every_length_of_its_header(
    server: DevServer, connect: Connect, size: int
) -> None:
    peer = await connect()
    server.connections[0].repeat("x" * size, 3)
    assert [await peer.read() for _ in range(3)] == ["x" * size] * 3


async def test_flood_ends_when_the_client_goes(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    await peer.subscribe("news")
    flooding = asyncio.create_task(server.flood("news", "order", "x" * 10_000, 100_000))
    await peer.read()
    server.abort_all()
    await flooding
    await server.wait_disconnected()


async def test_slow_client_delays_no_other_client(server: DevServer, connect: Connect) -> None:
    slow, quick = await connect(), await connect()
    await slow.subscribe("news")
    await quick.subscribe("news")
    server.connection(slow.socket_id).repeat("x" * 30_000, 1_000)
    await server.publish("news", "order", "x")
    assert await quick.read() == '{"event":"order","channel":"news","data":"x"}'
