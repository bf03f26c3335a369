"""The first frame, and who is refused."""

import asyncio
import ssl

import pytest
from aiohttp import ClientSession, TCPConnector

from tools.devserver import App, DevServer

from .conftest import MAIN, OTHER, Connect
from .peer import PONG, Peer


@pytest.fixture
def apps() -> list[App]:
    return [
        MAIN,
        OTHER,
        App(app_id="1003", key="disabled", enabled=False),
        App(app_id="1004", key="small", max_connections=1),
        App(app_id="1005", key="small-pusher", max_connections=0, quota_code=4004),
    ]


async def test_established_has_text_data_with_socket_id_and_activity_timeout(
    server: DevServer, session: ClientSession
) -> None:
    peer = await Peer.open(server, session)
    connection = await server.wait_connected()
    assert await peer.read() == (
        '{"event":"pusher:connection_established",'
        f'"data":"{{\\"socket_id\\":\\"{connection.socket_id}\\",\\"activity_timeout\\":120}}"}}'
    )
    assert server.connection(connection.socket_id) is connection
    assert connection.attempt.path == "/app/demo-key"
    assert connection.attempt.query["client"] == "test"
    assert server.connect_times == [server.attempts[0].time]


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("nokey?protocol=7&version=1.0", 4001, "App key nokey does not exist."),
        ("disabled?protocol=7&version=1.0", 4003, "The app is not enabled."),
        (
            "small-pusher?protocol=7&version=1.0",
            4004,
            "The current concurrent connections quota has been reached.",
        ),
        ("demo-key?protocol=7&version=new", 4006, "Invalid version string format."),
        ("demo-key?protocol=3&version=1.0", 4007, "Unsupported protocol version."),
        ("demo-key?version=1.0", 4008, "No protocol version supplied."),
    ],
)
async def test_refused_with_error_frame_and_close_code(
    server: DevServer, session: ClientSession, path: str, code: int, message: str
) -> None:
    peer = Peer(server, await session.ws_connect(f"{server.url}/app/{path}"), MAIN)
    assert (
        await peer.read()
        == f'{{"event":"pusher:error","data":{{"code":{code},"message":"{message}"}}}}'
    )
    assert await peer.read_close() == (code, message)
    assert server.connections == []


async def test_connection_beyond_the_quota_is_refused_until_one_leaves(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    small = server.apps[3]
    first = await connect(small)
    second = await Peer.open(server, session, small)
    assert '"code":4100' in await second.read()
    assert (await second.read_close())[0] == 4100
    await first.leave()
    await connect(small)


async def test_two_apps_do_not_receive_each_others_events(
    server: DevServer, connect: Connect
) -> None:
    main, other = await connect(), await connect(OTHER)
    await main.subscribe("news")
    await other.subscribe("news")
    await other.read()
    await server.publish("news", "order", "x", app=OTHER)
    assert await other.read() == '{"event":"order","channel":"news","data":"x"}'
    await main.receives_nothing()


@pytest.mark.parametrize("frame", ["pusher:ping", "pusher:ping-without-data"])
async def test_ping_is_answered_with_pong(connect: Connect, frame: str) -> None:
    peer = await connect()
    data = ',"data":{}' if frame == "pusher:ping" else ""
    await peer.websocket.send_str(f'{{"event":"pusher:ping"{data}}}')
    assert await peer.read() == PONG


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[1]",
        '{"data":{}}',
        '{"event":1}',
        "[" * 100_000,
        '{"event":"pusher:subscribe"}',
        '{"event":"pusher:subscribe","data":{"channel":1}}',
        '{"event":"pusher:unsubscribe","data":"x"}',
        '{"event":"pusher:signin","data":"x"}',
    ],
)
async def test_malformed_frame_is_an_error_and_the_connection_stays(
    connect: Connect, frame: str
) -> None:
    peer = await connect()
    await peer.websocket.send_str(frame)
    assert (
        await peer.read()
        == '{"event":"pusher:error","data":{"code":4200,"message":"Invalid message format"}}'
    )
    await peer.receives_nothing()


async def test_binary_frame_is_malformed_and_unknown_event_ignored(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    await peer.websocket.send_bytes(b"{}")
    assert '"code":4200' in await peer.read()
    await peer.send("pusher:unheard-of")
    await peer.receives_nothing()
    received = [
        (message.text, message.event, message.data, message.channel) for message in server.received
    ]
    assert received[0] == (b"{}", None, None, None)
    assert received[1] == (
        '{"event": "pusher:unheard-of", "data": null}',
        "pusher:unheard-of",
        None,
        None,
    )


async def test_path_prefix_is_before_app(session: ClientSession) -> None:
    async with DevServer(path="/prefix") as server:
        await (await Peer.open(server, session, path="/prefix")).greet()
        async with session.get(f"{server.url}/app/demo-key") as response:
            assert response.status == 404


async def test_stopped_server_starts_again_on_its_port(session: ClientSession) -> None:
    server = DevServer(activity_timeout=7)
    await server.stop()
    await server.start()
    port = server.port
    peer = await Peer.open(server, session)
    await peer.greet()
    await server.stop()
    await peer.read_end()
    assert server.connections == []
    await server.start()
    assert server.port == port
    assert '\\"activity_timeout\\":7' in await (await Peer.open(server, session)).read()
    await server.stop()


async def test_tls_serves_websocket_and_official_library(tls: tuple[ssl.SSLContext, str]) -> None:
    context, ca_file = tls
    trusting = TCPConnector(ssl=ssl.create_default_context(cafile=ca_file))
    async with DevServer(ssl=context) as server, ClientSession(connector=trusting) as session:
        assert server.url.startswith("https://127.0.0.1:")
        peer = await Peer.open(server, session)
        await peer.greet()
        await peer.subscribe("news")
        await asyncio.to_thread(server.pusher(verify=ca_file).trigger, "news", "order", "x")
        assert await peer.read() == '{"event":"order","channel":"news","data":"x"}'
        server.abort_all()
        await peer.read_end()
