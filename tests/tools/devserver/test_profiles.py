"""Each kind of server differs as the real one does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, WSCloseCode, WSMsgType
from pusher.errors import PusherError
from pusher.http import GET, Request
from pusher.pusher_client import PusherClient

from tools.devserver import PROFILES, App, DevServer

from .conftest import MAIN, Connect
from .peer import QUERY, Peer

SUCCEEDED = {"event": "pusher_internal:subscription_succeeded", "channel": "a"}
BATCH = [{"channel": "a", "name": "n", "data": "x"}]

like = pytest.mark.parametrize


@pytest.fixture
def apps() -> list[App]:
    return [MAIN]


@pytest.fixture
def kind() -> str:
    return "soketi"


@pytest.fixture
async def server(kind: str, apps: list[App]) -> AsyncIterator[DevServer]:
    """Run a server of one kind."""
    async with DevServer(apps, profile=PROFILES[kind]) as running:
        yield running


def _frame(text: str) -> tuple[str, Any]:
    frame = json.loads(text)
    data = frame.get("data")
    return frame["event"], json.loads(data) if isinstance(data, str) else data


@like(
    ("kind", "timeout"),
    [("pusher", 120), ("reverb", 30), ("poxa", 120), ("slanger", "30")],
)
async def test_welcome_has_the_activity_timeout(
    server: DevServer, session: ClientSession, timeout: object
) -> None:
    peer = await Peer.open(server, session)
    assert _frame(await peer.read())[1]["activity_timeout"] == timeout


@like(
    ("kind", "frame"),
    [
        ("pusher", SUCCEEDED | {"data": "{}"}),
        ("soketi", SUCCEEDED),
        ("reverb", SUCCEEDED | {"data": "{}"}),
        ("laravel-websockets", SUCCEEDED),
        ("poxa", SUCCEEDED | {"data": {}}),
    ],
)
async def test_success_of_a_public_channel(connect: Connect, frame: dict[str, object]) -> None:
    assert json.loads(await (await connect()).subscribe("a")) == frame


@like(
    ("kind", "auth", "code", "message"),
    [
        ("pusher", None, None, "Auth info required to subscribe to private-a"),
        ("pusher", "other:1", None, "Invalid key in subscription auth data: 'other'"),
        (
            "pusher",
            "demo-key:1",
            None,
            "Invalid signature: Expected HMAC SHA256 hex digest of {id}:private-a, but got 1",
        ),
        ("reverb", "demo-key:1", 4009, "Connection is unauthorized"),
        ("laravel-websockets", "demo-key:1", 4009, "Invalid Signature"),
        (
            "poxa",
            "demo-key:1",
            None,
            "Invalid signature: Expected HMAC SHA256 hex digest of {id}:private-a, but got 1",
        ),
    ],
)
async def test_refusal_is_an_error_without_a_channel(
    connect: Connect, auth: str | None, code: int | None, message: str
) -> None:
    peer = await connect()
    answer = await peer.subscribe("private-a", **({"auth": auth} if auth else {}))
    expected = {"code": code, "message": message.format(id=peer.socket_id)}
    assert _frame(answer) == ("pusher:error", expected)
    assert "channel" not in json.loads(answer)


@like("kind", ["pusher"])
async def test_pusher_refuses_a_channel_twice_and_members_without_data(connect: Connect) -> None:
    peer = await connect()
    await peer.subscribe("a")
    _, error = _frame(await peer.subscribe("a"))
    assert error["message"] == "Existing subscription to channel a"
    _, error = _frame(await peer.join("presence-a"))
    assert error["message"].endswith("subscription must include channel_data")


@like("kind", ["pusher"])
async def test_pusher_gives_the_code_only_in_the_close_frame(
    server: DevServer, session: ClientSession
) -> None:
    peer = await Peer.open(server, session, App(key="unknown"))
    assert (await peer.read_close())[0] == 4001


@like("kind", ["reverb"])
async def test_reverb_ends_a_refused_connection_without_a_close_frame(
    server: DevServer, session: ClientSession
) -> None:
    peer = await Peer.open(server, session, App(key="unknown"))
    event, data = _frame(await peer.read())
    assert (event, data["code"]) == ("pusher:error", 4001)
    await peer.read_end()


@like("kind", ["reverb"])
@like("apps", [[App(origins=frozenset({"https://shop.example"}))]])
async def test_reverb_refuses_an_origin(server: DevServer, session: ClientSession) -> None:
    peer = await Peer.open(server, session)
    assert _frame(await peer.read())[1] == {"code": 4009, "message": "Origin not allowed"}
    url = f"{server.url}/app/{server.app.key}{QUERY}"
    websocket = await session.ws_connect(url, headers={"Origin": "https://shop.example"})
    assert "connection_established" in await websocket.receive_str(timeout=5)


@like("kind", ["reverb"])
async def test_reverb_pings_a_silent_client_and_ends_its_connection(
    connect: Connect, skip_time: Callable[[float], None]
) -> None:
    peer = await connect()
    skip_time(60)
    assert await peer.read() == '{"event":"pusher:ping"}'
    await peer.send("pusher:pong")
    assert await peer.ask("pusher:ping", {}) == '{"event":"pusher:pong"}'
    skip_time(60)
    assert await peer.read() == '{"event":"pusher:ping"}'
    skip_time(30)
    assert _frame(await peer.read())[1]["code"] == 4201
    await peer.read_end()


@like("kind", ["poxa"])
async def test_poxa_closes_after_its_timeout(
    connect: Connect, skip_time: Callable[[float], None]
) -> None:
    peer = await connect()
    skip_time(120)
    assert (await peer.read_close())[0] == WSCloseCode.OK


@like("kind", ["reverb"])
async def test_reverb_blocks_a_channel_while_a_member_has_no_info(
    server: DevServer, connect: Connect
) -> None:
    incomplete, other = await connect(), await connect()
    expected = ("pusher:error", {"code": 4200, "message": "Invalid message format"})
    assert _frame(await incomplete.join("presence-a", {"user_id": 1})) == expected
    member = {"user_id": 2, "user_info": {"name": "Two"}}
    assert _frame(await other.join("presence-a", member)) == expected
    await incomplete.leave()
    await other.read()
    answer = await other.join("presence-a", member)
    assert _frame(answer)[1]["presence"]["ids"] == [2]


@like("kind", ["reverb"])
async def test_reverb_caches_client_events_and_departures(connect: Connect) -> None:
    info: dict[str, object] = {"user_info": {}}
    one, two, three = await connect(), await connect(), await connect()
    await one.join("private-cache-a")
    await one.read()
    await one.send("client-x", {"n": 1}, "private-cache-a")
    assert await one.ask("pusher:ping") == '{"event":"pusher:pong"}'
    await two.join("private-cache-a")
    assert json.loads(await two.read())["event"] == "client-x"
    await one.join("presence-cache-a", {"user_id": 1, **info})
    await one.read()
    await two.join("presence-cache-a", {"user_id": 2, **info})
    await two.read()
    await two.leave()
    await one.read()
    await one.read()
    await three.join("presence-cache-a", {"user_id": 3, **info})
    assert _frame(await three.read()) == ("pusher_internal:member_removed", {"user_id": 2})


@like("kind", ["reverb"])
async def test_reverb_has_no_encrypted_cache_no_sign_in_and_reads_prefixes_without_a_dash(
    connect: Connect,
) -> None:
    peer = await connect()
    await peer.join("private-encrypted-cache-a")
    assert await peer.ask("pusher:ping") == '{"event":"pusher:pong"}'
    assert _frame(await peer.sign_in({"id": "u"}))[1]["code"] == 4200
    assert _frame(await peer.subscribe("privateer"))[1]["code"] == 4009


@like("kind", ["reverb"])
@like("data", ["text", 1, True])
async def test_reverb_refuses_client_events_without_structure(
    connect: Connect, data: object
) -> None:
    peer = await connect()
    await peer.join("private-a")
    assert _frame(await peer.ask("client-x", data, "private-a"))[1]["code"] == 4200


@like("kind", ["reverb"])
async def test_reverb_turns_an_empty_object_into_a_list_and_ends_with_a_large_frame(
    connect: Connect,
) -> None:
    one, two = await connect(), await connect()
    await one.join("private-a")
    await two.join("private-a")
    await one.send("client-x", {}, "private-a")
    assert _frame(await two.read()) == ("client-x", [])
    await one.send("client-x", {"text": "x" * 10_000}, "private-a")
    message = await one.websocket.receive(timeout=5)
    assert message.type is WSMsgType.CLOSE
    assert one.websocket.close_code == WSCloseCode.MESSAGE_TOO_BIG


@like("kind", ["reverb"])
@like("apps", [[App(messages_per_second=2, ends_over_rate=True)]])
async def test_reverb_may_limit_messages_of_every_kind(connect: Connect) -> None:
    peer = await connect()
    await peer.subscribe("a")
    await peer.subscribe("b")
    assert _frame(await peer.subscribe("c"))[1] == {"code": 4301, "message": "Rate limit exceeded"}
    await peer.read_end()


@like("kind", ["laravel-websockets"])
async def test_laravel_websockets_loses_what_follows_a_refusal(connect: Connect) -> None:
    peer = await connect()
    await peer.send("pusher:subscribe", {"channel": "private-a", "auth": "demo-key:1"})
    await peer.send("pusher:subscribe", {"channel": "b"})
    assert _frame(await peer.read())[1]["message"] == "Invalid Signature"
    await peer.receives_nothing()


@like(
    ("kind", "call", "error"),
    [
        ("reverb", lambda it: it.users_info("presence-a"), "{}"),
        ("reverb", lambda it: it.trigger("a", "n", "x" * 10_000), "Payload too large"),
        ("reverb", lambda it: it.trigger("a", "n", ""), "The data field is required."),
        ("laravel-websockets", lambda it: it.channel_info("a"), "Unknown channel `a`."),
        ("laravel-websockets", lambda it: it.trigger_batch(BATCH), "404"),
        ("laravel-websockets", lambda it: it.terminate_user_connections("u"), "404"),
        ("poxa", lambda it: it.trigger_batch(BATCH), "404"),
    ],
)
async def test_what_the_api_refuses(
    server: DevServer, call: Callable[[Any], object], error: str
) -> None:
    with pytest.raises(PusherError, match=error):
        await asyncio.to_thread(call, server.pusher())


@like(
    ("kind", "answer"),
    [("pusher", {}), ("reverb", {"batch": {}}), ("slanger", {})],
)
async def test_answer_of_a_batch(server: DevServer, answer: object) -> None:
    assert await asyncio.to_thread(server.pusher().trigger_batch, BATCH) == answer


@like("kind", ["slanger"])
async def test_slanger_has_its_api_on_a_second_port(
    server: DevServer, session: ClientSession
) -> None:
    assert server.api_port != server.port
    await asyncio.to_thread(server.pusher().trigger, "a", "n", "x")
    assert server.published[-1].data == "x"
    path = f"/apps/{server.app.app_id}/events"
    async with session.post(f"{server.url}{path}") as response:
        assert response.status == 404


@like(
    ("kind", "signed", "status"),
    [("soketi", "/ws", 200), ("reverb", "", 200), ("reverb", "/ws", 401)],
)
async def test_signature_below_a_path(
    apps: list[App], session: ClientSession, kind: str, signed: str, status: int
) -> None:
    async with DevServer(apps, profile=PROFILES[kind], path="/ws") as server:
        app, path = server.app, f"/apps/{server.app.app_id}/channels"
        request = Request(PusherClient(app.app_id, app.key, app.secret), GET, f"{signed}{path}", {})
        async with session.get(f"{server.url}/ws{path}?{request.query_string}") as response:
            assert response.status == status
