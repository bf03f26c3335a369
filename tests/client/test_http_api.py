"""The server API, against a server that checks with the official library."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.exceptions import Misuse, RequestError
from custom_components.pusher_channels.client.http_api import BatchEvent, HttpApi
from custom_components.pusher_channels.client.messages import Json
from tools.devserver import App, DevServer

from .conftest import Clock, MakeClient, address, connect, settle, until
from .misuse import misused
from .raw_server import answer, raw_server
from .support import all_heard, api_of, events_of, joined

ENCRYPTED = "private-encrypted-a"
LONGEST_NAME = "x" * 200
LARGEST_DATA = "x" * 10_240


@pytest.fixture
def api(session: ClientSession, server: DevServer) -> HttpApi:
    """Return the server API of the test's app."""
    return api_of(session, server.url)


async def failed(request: Awaitable[object]) -> RequestError:
    """Await the request and return its error."""
    with pytest.raises(RequestError) as caught:
        await request
    return caught.value


async def test_an_event_reaches_all_channels(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    names = ["a", "private-b", "presence-c", "cache=@,.;d"]
    await joined(client, *names)
    heard = events_of(client, "news")
    assert await api.trigger(names, "news", {"ü": [1, None]}) == {}
    await until(lambda: len(heard) == 4)
    assert [(event.channel, event.data) for event in heard] == [
        (name, {"ü": [1, None]}) for name in names
    ]


async def test_text_goes_as_it_is_and_anything_else_as_json(
    api: HttpApi, server: DevServer
) -> None:
    values: list[Json] = ["text", '{"a": 1}', "", {"a": 1}, [1], 5, True, None]
    for value in values:
        await api.trigger(["a"], "news", value)
    sent = [published.data for published in server.published]
    assert sent == ["text", '{"a": 1}', "", '{"a":1}', "[1]", "5", "true", "null"]


async def test_the_sender_may_be_left_out(
    api: HttpApi, client: PusherClient, make_client: MakeClient, server: DevServer
) -> None:
    other = await connect(make_client())
    await connect(client)
    await joined(client, "a")
    await joined(other, "a")
    heard, on_other = events_of(client, "news"), events_of(other, "news")
    await api.trigger(["a"], "news", "", socket_id=client.socket_id)
    await until(lambda: on_other)
    await all_heard(client, server.connection(str(client.socket_id)))
    assert not heard


async def test_counts_come_with_an_event_that_asks_for_them(
    api: HttpApi, client: PusherClient
) -> None:
    await connect(client)
    await joined(client, "a", "presence-b")
    info = ("user_count", "subscription_count")
    assert await api.trigger(["a", "presence-b"], "news", "", info=info) == {
        "a": {"subscription_count": 1},
        "presence-b": {"user_count": 1, "subscription_count": 1},
    }


async def test_an_event_for_an_encrypted_channel_is_sealed(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await joined(client, ENCRYPTED)
    heard = events_of(client)
    await api.trigger([ENCRYPTED], "news", {"canary": 1})
    await api.trigger_batch([BatchEvent(ENCRYPTED, "news", "canary")])
    await until(lambda: len(heard) == 2)
    assert [event.data for event in heard] == [{"canary": 1}, "canary"]
    assert "canary" not in str(server.published)


async def test_a_batch_reaches_each_events_channel(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await joined(client, "a", "b")
    heard = events_of(client)
    await api.trigger_batch([BatchEvent("a", "x", {"n": 1}), BatchEvent("b", "y", "text")] * 5)
    await until(lambda: len(heard) == 10)
    assert [(it.channel, it.name, it.data) for it in heard[:2]] == [
        ("a", "x", {"n": 1}),
        ("b", "y", "text"),
    ]


async def test_a_user_is_sent_to_and_terminated(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    heard = events_of(client)
    client.sign_in()
    await connect(client)
    await server.wait_subscribed("#server-to-user-me")
    await api.send_to_user("me", "news", {"n": 1})
    await until(lambda: heard)
    assert (heard[0].channel, heard[0].data) == ("#server-to-user-me", {"n": 1})

    await api.terminate_user_connections("somebody/else ü")
    await api.terminate_user_connections("me")
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    assert client.last_error is not None
    assert client.last_error.code == 4009


async def test_channels_are_listed(api: HttpApi, client: PusherClient) -> None:
    assert await api.channels() == {}
    await connect(client)
    await joined(client, "a", "presence-b", "presence-c=@,.;")
    assert await api.channels() == {"a": {}, "presence-b": {}, "presence-c=@,.;": {}}
    assert await api.channels(prefix="presence-b", info=["user_count"]) == {
        "presence-b": {"user_count": 1}
    }
    assert (await failed(api.channels(info=["user_count"]))).status == 400


async def test_a_channel_is_described(api: HttpApi, client: PusherClient) -> None:
    await connect(client)
    await joined(client, "presence-c=@,.;")
    info = ("user_count", "subscription_count")
    assert await api.channel("a") == {"occupied": False}
    assert await api.channel("presence-c=@,.;", info=info) == {
        "occupied": True,
        "user_count": 1,
        "subscription_count": 1,
    }
    await api.trigger(["cache-a"], "news", {"n": 1})
    stored = (await api.channel("cache-a", info=["cache"]))["cache"]
    assert isinstance(stored, dict)
    assert stored["data"] == '{"n":1}'
    assert (await failed(api.channel("a", info=["user_count"]))).status == 400


async def test_the_users_of_a_presence_channel_are_listed(
    api: HttpApi, client: PusherClient
) -> None:
    await connect(client)
    await joined(client, "presence-a")
    assert await api.users("presence-a") == ["me"]
    assert await api.users("presence-empty") == []
    assert (await failed(api.users("a"))).status == 400


@pytest.mark.parametrize(
    ("request_", "misuse"),
    [
        (lambda api: api.trigger([], "x", ""), Misuse.TOO_MANY_CHANNELS),
        (lambda api: api.trigger(["a"] * 101, "x", ""), Misuse.TOO_MANY_CHANNELS),
        (lambda api: api.trigger(["a", "b c"], "x", ""), Misuse.CHANNEL_NAME),
        (lambda api: api.trigger(["a", ENCRYPTED], "x", ""), Misuse.ENCRYPTED_ALONE),
        (lambda api: api.trigger(["#server-to-user-x"], "x", ""), Misuse.CHANNEL_NAME),
        (lambda api: api.trigger(["a"], "", ""), Misuse.EVENT_NAME),
        (lambda api: api.trigger(["a"], LONGEST_NAME + "x", ""), Misuse.EVENT_NAME),
        (lambda api: api.trigger(["a"], "x", LARGEST_DATA + "x"), Misuse.DATA_SIZE),
        (lambda api: api.trigger(["a"], "x", "ü" * 5121), Misuse.DATA_SIZE),
        (lambda api: api.trigger(["a"], "x", 2**64), Misuse.DATA_TYPE),
        (lambda api: api.trigger_batch([]), Misuse.TOO_MANY_EVENTS),
        (lambda api: api.trigger_batch([BatchEvent("a", "x", "")] * 11), Misuse.TOO_MANY_EVENTS),
        (lambda api: api.trigger_batch([BatchEvent("a b", "x", "")]), Misuse.CHANNEL_NAME),
        (lambda api: api.send_to_user("", "x", ""), Misuse.USER_ID),
        (lambda api: api.send_to_user("me", "", ""), Misuse.EVENT_NAME),
        (lambda api: api.terminate_user_connections("#x"), Misuse.USER_ID),
        (lambda api: api.channel("a/b"), Misuse.CHANNEL_NAME),
        (lambda api: api.users(""), Misuse.CHANNEL_NAME),
        (
            lambda api: replace(api, master_key=None).trigger([ENCRYPTED], "x", ""),
            Misuse.MASTER_KEY_MISSING,
        ),
    ],
)
async def test_what_the_protocol_forbids_is_not_sent(
    session: ClientSession,
    request_: Callable[[HttpApi], Awaitable[object]],
    misuse: Misuse,
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        with misused(misuse):
            await request_(api_of(session, raw.url))
        assert not raw.requests


async def test_the_longest_and_largest_is_sent(api: HttpApi, server: DevServer) -> None:
    await api.trigger(["a"] * 100, LONGEST_NAME, LARGEST_DATA)
    assert len(server.published) == 100


@pytest.fixture
async def strict(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server with an app for small events and one that is disabled."""
    apps = [App(max_event_bytes=100), App(app_id="1002", key="off", enabled=False)]
    async with DevServer(apps) as running:
        yield running


async def test_refusals_keep_the_servers_status_and_words(
    session: ClientSession, strict: DevServer
) -> None:
    small, off = (api_of(session, strict.url, app=app) for app in strict.apps)
    too_large = await failed(small.trigger(["a"], "x", "x" * 101))
    assert too_large.status == 413
    assert "less than" in str(too_large)
    assert (await failed(off.channels())).status == 403
    assert (await failed(replace(small, app_id="9").channels())).status == 404
    wrong = replace(small, secret="wrong")
    unauthorized = await failed(wrong.trigger(["a"], "x", ""))
    assert unauthorized.status == 401
    assert not unauthorized.is_clock_skew
    strict.faults.api_status = 500
    assert (await failed(small.channels())).status == 500
    assert not strict.published


async def test_the_server_accepts_600_seconds_of_difference(api: HttpApi) -> None:
    assert await replace(api, now=lambda: time.time() - 590).channels() == {}
    assert await replace(api, now=lambda: time.time() + 590).channels() == {}
    assert (await failed(replace(api, now=lambda: time.time() - 610).channels())).status == 401


EXPIRED = (
    "Timestamp expired: Given timestamp (2013-06-10T17:17:51Z) not within 600s of server time "
    "(2013-06-10T17:33:51Z)"
)
SIGNATURE = "5d41402abc4b2a76b9719d911017c592ae2f7e3bde1f7f1b0b5a8d3f5e9a2c11"


@pytest.mark.parametrize(
    ("status", "body", "told", "words"),
    [
        (401, EXPIRED, 401, EXPIRED),
        (401, f'you sent "{SIGNATURE}"\n', 401, 'you sent "[redacted]"'),
        (500, "", 500, "The server answered 500"),
        (500, b"\xff", 500, "\N{REPLACEMENT CHARACTER}"),
        (502, "x" * 1000, 502, "x" * 300),
        (302, "", 302, "The server answered 302"),
        (200, "<html>", 200, "The server's answer is not JSON"),
        (200, '{"error": "Not found", "code": 404}', 404, "Not found"),
        (200, '{"error": {"odd": 1}, "code": "x"}', 200, "{'odd': 1}"),
        (413, '{"error": "Too large"}', 413, "Too large"),
    ],
)
async def test_each_servers_way_to_refuse_is_understood(
    session: ClientSession, status: int, body: str | bytes, told: int, words: str
) -> None:
    async with raw_server(answer(status, body)) as raw:
        error = await failed(api_of(session, raw.url).channels())
        assert (error.status, error.message, str(error)) == (told, words, words)
        assert error.is_clock_skew is (body == EXPIRED)
        assert len(raw.requests) == 1


@pytest.mark.parametrize("body", ["[]", '{"channels": []}', "5", '{"users": 1}'])
async def test_an_answer_of_another_shape_says_nothing(session: ClientSession, body: str) -> None:
    async with raw_server(answer(200, body)) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {}
        assert await api.users("presence-a") == []
        assert "occupied" not in await api.channel("a")


async def test_odd_entries_of_an_answer_are_left_out(session: ClientSession) -> None:
    body = {"channels": {"a": None, "b": {"n": 1}}, "users": [{"id": 5}, {}, "x"]}
    async with raw_server(answer(200, json.dumps(body))) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {"a": {}, "b": {"n": 1}}
        assert await api.users("presence-a") == ["5"]


async def test_a_server_that_is_silent_or_gone_is_status_0(
    api: HttpApi, server: DevServer, clock: Clock
) -> None:
    server.freeze()
    asking = asyncio.create_task(failed(api.channels()))
    await settle()
    clock.skip(9)
    await settle()
    assert not asking.done()
    clock.skip(1)
    assert ((await asking).status, (await asking).message) == (
        0,
        "The server did not answer in time",
    )
    await server.stop()
    gone = await failed(api.channels())
    assert gone.status == 0
    assert gone.message == "The server could not be asked (ClientConnectorError)"


async def test_a_proxy_is_asked_in_the_servers_place(
    session: ClientSession, server: DevServer
) -> None:
    api = replace(api_of(session, "http://server.invalid:80"), proxy=server.url)
    assert await api.channels() == {}
    assert api.server != address(server)
