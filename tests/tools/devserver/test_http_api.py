"""The HTTP API, used by the official library."""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from pusher import Pusher
from pusher.errors import PusherBadAuth, PusherBadRequest, PusherBadStatus, PusherForbidden
from pusher.http import GET, POST, Request, make_query_string
from pusher.pusher_client import PusherClient
from pusher.signature import sign

from tools.devserver import App, DevServer

from .conftest import MAIN, OTHER, Connect

type Post = Callable[[str, object], Awaitable[tuple[int, object]]]


@pytest.fixture
def apps() -> list[App]:
    return [MAIN, OTHER, App(app_id="1003", key="disabled", enabled=False)]


@pytest.fixture
def pusher(server: DevServer) -> Pusher:
    return server.pusher()


@pytest.fixture
def post(server: DevServer, session: ClientSession) -> Post:
    """Posts anything, signed by the official library; gives status and answer."""

    async def send(path: str, body: object) -> tuple[int, object]:
        client = PusherClient(
            MAIN.app_id, MAIN.key, MAIN.secret, ssl=False, host=server.host, port=server.port
        )
        request = Request(client, POST, path, body)
        async with session.post(request.url, data=request.body) as response:
            return response.status, await response.json()

    return send


async def test_trigger_reaches_every_named_channel_but_the_excluded_socket(
    server: DevServer, connect: Connect, pusher: Pusher
) -> None:
    one, two = await connect(), await connect()
    for peer in (one, two):
        await peer.subscribe("a")
        await peer.subscribe("b")
    assert (
        await asyncio.to_thread(pusher.trigger, ["a", "b"], "order", {"é": 1}, one.socket_id) == {}
    )
    assert await two.read() == '{"event":"order","channel":"a","data":"{\\"é\\": 1}"}'
    assert await two.read() == '{"event":"order","channel":"b","data":"{\\"é\\": 1}"}'
    await one.receives_nothing()
    assert [event.channel for event in server.published] == ["a", "b"]
    assert server.published[0].socket_id == one.socket_id


async def test_batch_reaches_each_channel(connect: Connect, pusher: Pusher) -> None:
    peer = await connect()
    await peer.subscribe("a")
    await peer.subscribe("b")
    batch: list[dict[str, object]] = [
        {"channel": "a", "name": "x", "data": "1"},
        {"channel": "b", "name": "y", "data": {"n": 2}},
    ]
    assert await asyncio.to_thread(pusher.trigger_batch, batch) == {}
    assert await peer.read() == '{"event":"x","channel":"a","data":"1"}'
    assert await peer.read() == '{"event":"y","channel":"b","data":"{\\"n\\": 2}"}'


async def test_send_to_user_reaches_the_signed_in_user(connect: Connect, pusher: Pusher) -> None:
    peer = await connect()
    await peer.sign_in({"id": "me"})
    await peer.subscribe("#server-to-user-me")
    await asyncio.to_thread(pusher.send_to_user, "me", "note", "hello")
    assert await peer.read() == '{"event":"note","channel":"#server-to-user-me","data":"hello"}'


async def test_info_is_answered_for_events_and_batches(connect: Connect, post: Post) -> None:
    one, two = await connect(), await connect()
    await one.join("presence-a", {"user_id": "u"})
    await two.join("presence-a", {"user_id": "u"})
    both = "user_count,subscription_count"
    event = {"name": "x", "data": "1"}
    assert await post(
        "/apps/1001/events", {**event, "channels": ["presence-a", "news"], "info": both}
    ) == (
        200,
        {
            "channels": {
                "presence-a": {"user_count": 1, "subscription_count": 2},
                "news": {"subscription_count": 0},
            }
        },
    )
    batch = [{**event, "channel": "presence-a", "info": "user_count"}, {**event, "channel": "news"}]
    assert await post("/apps/1001/batch_events", {"batch": batch}) == (
        200,
        {"batch": [{"user_count": 1}, {}]},
    )


async def test_channels_and_their_attributes_are_listed(
    server: DevServer, connect: Connect, pusher: Pusher, skip_time: Callable[[float], None]
) -> None:
    peer = await connect()
    await peer.subscribe("news")
    await peer.join("presence-a", {"user_id": 7})
    await peer.subscribe("cache-n")
    await server.publish("cache-n", "x", "stored")
    await server.publish("cache-empty", "x", "nobody there")
    skip_time(800)

    async def ask(method: str, *args: object) -> object:
        return await asyncio.to_thread(getattr(pusher, method), *args)

    assert await ask("channels_info") == {"channels": {"news": {}, "presence-a": {}, "cache-n": {}}}
    assert await ask("channels_info", "presence-", ["user_count"]) == {
        "channels": {"presence-a": {"user_count": 1}}
    }
    assert await ask("channel_info", "news", ["subscription_count"]) == {
        "occupied": True,
        "subscription_count": 1,
    }
    assert await ask("channel_info", "presence-a", ["user_count"]) == {
        "occupied": True,
        "user_count": 1,
    }
    assert await ask("channel_info", "nobody") == {"occupied": False}
    cached = await ask("channel_info", "cache-n", ["cache"])
    assert cached in [
        {"occupied": True, "cache": {"data": "stored", "ttl": ttl}} for ttl in (998, 999, 1000)
    ]
    assert await ask("channel_info", "cache-other", ["cache"]) == {"occupied": False}
    assert await ask("users_info", "presence-a") == {"users": [{"id": "7"}]}
    for method, *args in (
        ("channels_info", "news", ["user_count"]),
        ("channel_info", "news", ["user_count"]),
        ("channel_info", "news", ["cache"]),
        ("users_info", "news"),
    ):
        with pytest.raises(PusherBadRequest):
            await ask(method, *args)


async def test_terminating_a_user_closes_every_connection_with_4009(
    server: DevServer, connect: Connect, post: Post
) -> None:
    one, two, other = await connect(), await connect(), await connect()
    for peer, user in ((one, "me"), (two, "me"), (other, "other")):
        await peer.sign_in({"id": user})
    assert await post("/apps/1001/users/me/terminate_connections", {}) == (200, {})
    for peer in (one, two):
        assert await peer.read() == (
            '{"event":"pusher:error","data":{"code":4009,"message":"You got disconnected by the app."}}'
        )
        assert (await peer.read_close())[0] == 4009
    await server.wait_disconnected(1)
    await other.receives_nothing()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": ""}, 400),
        ({"name": None}, 400),
        ({"name": "x" * 201}, 400),
        ({"data": {"not": "text"}}, 400),
        ({"channel": None}, 400),
        ({"channel": "bad name!"}, 400),
        ({"channels": "news"}, 400),
        ({"channels": ["news"] * 101}, 400),
        ({"socket_id": "1"}, 400),
        ({"socket_id": 1}, 400),
        ({"data": "x" * 10_241}, 413),
        ({"data": "x" * 10_240}, 200),
        ({"name": "x" * 200, "channels": ["news"] * 100, "socket_id": "1.2"}, 200),
    ],
)
async def test_malformed_event_is_refused(
    post: Post, change: dict[str, object], status: int
) -> None:
    answer = await post(
        "/apps/1001/events", {"name": "x", "data": "1", "channel": "news", **change}
    )
    assert answer[0] == status


@pytest.mark.parametrize(
    "body", [[], {"batch": 1}, {"batch": [1]}, {"batch": [{"name": "x"}]}, {"batch": [{}] * 11}]
)
async def test_malformed_batch_is_refused(post: Post, body: object) -> None:
    assert (await post("/apps/1001/batch_events", body))[0] == 400


async def test_nothing_of_a_batch_is_published_when_one_event_is_wrong(
    server: DevServer, post: Post
) -> None:
    good = {"name": "x", "data": "1", "channel": "news"}
    await post("/apps/1001/batch_events", {"batch": [good, {**good, "channel": "bad name!"}]})
    assert server.published == []


async def test_wrong_credentials_are_distinguished(server: DevServer) -> None:
    async def ask(app: App, error: type[Exception]) -> None:
        with pytest.raises(error):
            await asyncio.to_thread(server.pusher(app=app).channels_info)

    await ask(App(secret="wrong"), PusherBadAuth)
    await ask(App(key="wrong"), PusherBadAuth)
    await ask(App(app_id="1"), PusherBadStatus)
    await ask(App(app_id="1003", key="disabled"), PusherForbidden)


@pytest.mark.parametrize(
    "change", ["method", "path", "query", "body", "md5", "age", "no timestamp", "unsigned"]
)
async def test_changed_request_is_refused(
    server: DevServer, session: ClientSession, change: str
) -> None:
    client = PusherClient(
        MAIN.app_id, MAIN.key, MAIN.secret, ssl=False, host=server.host, port=server.port
    )
    request = Request(
        client, POST, "/apps/1001/events", {"name": "x", "data": "1", "channel": "news"}
    )
    url, method, body, query = request.url, "POST", request.body, dict(request.query_params)
    if change == "method":
        method, url, body = "GET", url.replace("events", "channels"), b""
    elif change == "path":
        url = url.replace("events", "batch_events")
    elif change == "query":
        url += "&info=user_count"
    elif change == "body":
        body = body.replace(b"news", b"olds")
    elif change == "md5":
        url = resigned(server, query | {"body_md5": "0" * 32})
    elif change == "age":
        url = resigned(server, query | {"auth_timestamp": str(int(time.time()) - 601)})
    elif change == "no timestamp":
        url = resigned(
            server, {key: value for key, value in query.items() if key != "auth_timestamp"}
        )
    else:
        url = url.split("?")[0]
    async with session.request(method, url, data=body) as response:
        assert response.status == 401
        assert await response.json() == {"error": "The secret authentication failed", "code": 401}
    assert server.published == []


def resigned(server: DevServer, query: dict[str, str]) -> str:
    """The events endpoint with a query signed by the official library."""
    query.pop("auth_signature")
    text = make_query_string(query)
    signature = sign(MAIN.secret, f"POST\n/apps/1001/events\n{text}")
    return f"{server.url}/apps/1001/events?{text}&auth_signature={signature}"


async def test_body_that_is_no_json_is_refused(server: DevServer, session: ClientSession) -> None:
    client = PusherClient(MAIN.app_id, MAIN.key, MAIN.secret)
    query = Request(client, POST, "/apps/1001/events", {}).query_params
    digest = hashlib.md5(b"no json", usedforsecurity=False).hexdigest()
    async with session.post(
        resigned(server, query | {"body_md5": digest}), data=b"no json"
    ) as response:
        assert response.status == 400
        assert json.loads(await response.text()) == {
            "error": "The received data is incorrect",
            "code": 400,
        }


async def test_get_without_body_md5_is_accepted(server: DevServer, session: ClientSession) -> None:
    client = PusherClient(MAIN.app_id, MAIN.key, MAIN.secret)
    query = Request(client, GET, "/apps/1001/channels").query_params
    text = make_query_string(
        {key: query[key] for key in ("auth_key", "auth_timestamp", "auth_version")}
    )
    signature = sign(MAIN.secret, f"GET\n/apps/1001/channels\n{text}")
    async with session.get(
        f"{server.url}/apps/1001/channels?{text}&auth_signature={signature}"
    ) as response:
        assert (response.status, await response.json()) == (200, {"channels": {}})
