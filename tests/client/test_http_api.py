"""The server API, against a server that checks with the official library."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.exceptions import (
    Misuse,
    RequestFailure,
)
from custom_components.pusher_channels.client.http_api import BatchEvent, HttpApi
from custom_components.pusher_channels.client.messages import Json
from tools.devserver import DevServer

from .channel_helpers import all_handled, api_of, events_of, request_error, subscribed
from .conftest import Clock, MakeClient, connect, settle, until
from .misuse import misused
from .raw_server import answer, raw_server

ENCRYPTED = "private-encrypted-a"
LONGEST_NAME = "x" * 200
LARGEST_DATA = "x" * 10_240


@pytest.fixture
def api(session: ClientSession, server: DevServer) -> HttpApi:
    """Return the server API of the test's app."""
    return api_of(session, server.url)


async def test_event_is_sent_to_all_channels(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    names = ["a", "private-b", "presence-c", "cache=@,.;d"]
    await subscribed(client, *names)
    received = events_of(client, "news")
    assert await api.trigger(names, "news", {"ü": [1, None]}) == {}
    await until(lambda: len(received) == 4)
    assert [(event.channel, event.data) for event in received] == [
        (name, {"ü": [1, None]}) for name in names
    ]


async def test_text_is_sent_unchanged_and_other_data_as_json(
    api: HttpApi, server: DevServer
) -> None:
    values: list[Json] = ["text", '{"a": 1}', "", {"a": 1}, [1], 5, True, None]
    for value in values:
        await api.trigger("orders", "news", value)
    assert {published.channel for published in server.published} == {"orders"}
    sent = [published.data for published in server.published]
    assert sent == ["text", '{"a": 1}', "", '{"a":1}', "[1]", "5", "true", "null"]


async def test_own_connection_can_be_excluded(
    api: HttpApi, client: PusherClient, make_client: MakeClient, server: DevServer
) -> None:
    other = await connect(make_client())
    await connect(client)
    await subscribed(client, "a")
    await subscribed(other, "a")
    received, on_other = events_of(client, "news"), events_of(other, "news")
    await api.trigger(["a"], "news", "", socket_id=client.socket_id)
    await until(lambda: on_other)
    await all_handled(client, server.connection(str(client.socket_id)))
    assert not received


async def test_counts_are_returned_for_info(api: HttpApi, client: PusherClient) -> None:
    await connect(client)
    await subscribed(client, "a", "presence-b")
    info = ("user_count", "subscription_count")
    assert await api.trigger(["a", "presence-b"], "news", "", info=info) == {
        "a": {"subscription_count": 1},
        "presence-b": {"user_count": 1, "subscription_count": 1},
    }


async def test_counts_out_of_range_are_left_out(session: ClientSession) -> None:
    counts = [3, "3", -1, 2**53 + 1, "9" * 30, 1.5, True, None, []]
    channels = {
        f"presence-{number}": {"user_count": count, "cache": {"ttl": 1}}
        for number, count in enumerate(counts)
    }
    async with raw_server(answer(200, json.dumps({"channels": channels}))) as raw:
        received = await api_of(session, raw.url).channels(info=["user_count"])
    assert [info.get("user_count") for info in received.values()] == [3, 3, *[None] * 7]
    assert all(info["cache"] == {"ttl": 1} for info in received.values())
    info = {"occupied": True, "subscription_count": -1}
    async with raw_server(answer(200, json.dumps(info))) as raw:
        assert await api_of(session, raw.url).channel("a") == {"occupied": True}


async def test_users_that_are_no_user_ids_are_left_out(session: ClientSession) -> None:
    user_ids: list[Json] = ["u", 7, "", True, None, [], "u" * 201]
    users = [{"id": user_id} for user_id in user_ids]
    async with raw_server(answer(200, json.dumps({"users": users}))) as raw:
        assert await api_of(session, raw.url).users("presence-a") == ["u", "7"]


async def test_answer_that_is_nested_too_deeply_is_empty(session: ClientSession) -> None:
    deep = '{"a":' * 500 + "{}" + "}" * 500
    async with raw_server(answer(200, deep)) as raw:
        assert await api_of(session, raw.url).channel("a") == {}


async def test_event_for_an_encrypted_channel_is_encrypted(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await subscribed(client, ENCRYPTED)
    received = events_of(client)
    await api.trigger([ENCRYPTED], "news", {"canary": 1})
    await api.trigger_batch([BatchEvent(ENCRYPTED, "news", "canary")])
    await until(lambda: len(received) == 2)
    assert [event.data for event in received] == [{"canary": 1}, "canary"]
    assert "canary" not in str(server.published)


async def test_batch_is_sent_to_the_channel_of_each_event(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await subscribed(client, "a", "b")
    received = events_of(client)
    await api.trigger_batch([BatchEvent("a", "x", {"n": 1}), BatchEvent("b", "y", "text")] * 5)
    await until(lambda: len(received) == 10)
    assert [(it.channel, it.name, it.data) for it in received[:2]] == [
        ("a", "x", {"n": 1}),
        ("b", "y", "text"),
    ]


async def test_user_receives_an_event_and_is_disconnected(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    received = events_of(client)
    client.sign_in()
    await connect(client)
    await server.wait_subscribed("#server-to-user-me")
    await api.send_to_user("me", "news", {"n": 1})
    await until(lambda: received)
    assert (received[0].channel, received[0].data) == ("#server-to-user-me", {"n": 1})

    await api.terminate_user_connections("someone/else ü")
    await api.terminate_user_connections("me")
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    assert client.last_error is not None
    assert client.last_error.code == 4009


async def test_channels_are_listed(api: HttpApi, client: PusherClient) -> None:
    assert await api.channels() == {}
    await connect(client)
    await subscribed(client, "a", "presence-b", "presence-c=@,.;")
    assert await api.channels() == {"a": {}, "presence-b": {}, "presence-c=@,.;": {}}
    assert await api.channels(prefix="presence-b", info=["user_count"]) == {
        "presence-b": {"user_count": 1}
    }
    assert (await request_error(api.channels(info=["user_count"]))).status == 400


async def test_channel_has_counts_and_cached_event(api: HttpApi, client: PusherClient) -> None:
    await connect(client)
    await subscribed(client, "presence-c=@,.;")
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
    assert (await request_error(api.channel("a", info=["user_count"]))).status == 400


async def test_users_of_a_presence_channel_are_listed(api: HttpApi, client: PusherClient) -> None:
    await connect(client)
    await subscribed(client, "presence-a")
    assert await api.users("presence-a") == ["me"]
    assert await api.users("presence-empty") == []
    assert (await request_error(api.users("a"))).status == 400


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
        (lambda api: api.trigger(["a"], "x", "\ud800"), Misuse.DATA_TYPE),
        (lambda api: api.trigger(["a"], "x", {"k": ["\udfff"]}), Misuse.DATA_TYPE),
        (lambda api: api.trigger(["a"], "x", {"\ud800": 1}), Misuse.DATA_TYPE),
        (lambda api: api.trigger(["a"], "\ud800", ""), Misuse.EVENT_NAME),
        (lambda api: api.trigger(["\ud800"], "x", ""), Misuse.CHANNEL_NAME),
        (lambda api: api.send_to_user("\ud800", "x", ""), Misuse.USER_ID),
        (lambda api: api.terminate_user_connections("a\ud800"), Misuse.USER_ID),
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
async def test_invalid_request_is_not_sent(
    session: ClientSession,
    request_: Callable[[HttpApi], Awaitable[object]],
    misuse: Misuse,
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        with misused(misuse):
            await request_(api_of(session, raw.url))
        assert not raw.requests


async def test_prefix_that_cannot_be_sent_is_refused(api: HttpApi) -> None:
    with misused(Misuse.CHANNEL_NAME, "A prefix has only characters of a channel name"):
        await api.channels(prefix="\ud800")


@pytest.mark.parametrize(
    "request_",
    [
        lambda api: api.trigger(["a"], "x", "", info=["\ud800"]),
        lambda api: api.channel("a", info=["\ud800"]),
        lambda api: api.channels(info=["\ud800"]),
    ],
    ids=["trigger", "channel", "channels"],
)
async def test_info_that_cannot_be_sent_is_refused(
    api: HttpApi, request_: Callable[[HttpApi], Awaitable[object]]
) -> None:
    with misused(Misuse.DATA_TYPE, "The info has characters that cannot be sent"):
        await request_(api)


@pytest.mark.parametrize("socket_id", ["", "\ud800", "1.2:private-a"])
async def test_socket_id_that_is_not_valid_is_refused(api: HttpApi, socket_id: str) -> None:
    with misused(Misuse.DATA_TYPE, "The socket_id is not valid"):
        await api.trigger(["a"], "x", "", socket_id=socket_id)


async def test_closed_session_is_not_replaced(api: HttpApi, session: ClientSession) -> None:
    await session.close()

    with pytest.raises(RuntimeError, match=r"^The session is closed$"):
        await api.channels()


async def test_request_at_all_limits_is_sent(api: HttpApi, server: DevServer) -> None:
    await api.trigger(["a"] * 100, LONGEST_NAME, LARGEST_DATA)
    assert len(server.published) == 100


async def test_the_server_accepts_600_seconds_of_difference(api: HttpApi) -> None:
    assert await replace(api, now=lambda: time.time() - 590).channels() == {}
    assert await replace(api, now=lambda: time.time() + 590).channels() == {}
    assert (
        await request_error(replace(api, now=lambda: time.time() - 610).channels())
    ).status == 401


async def test_missing_response_has_status_0(api: HttpApi, server: DevServer, clock: Clock) -> None:
    server.freeze()
    asking = asyncio.create_task(request_error(api.channels()))
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
    gone = await request_error(api.channels())
    assert gone.status == 0
    assert gone.message == "The request to the server failed (ClientConnectorError)"


async def test_app_id_is_checked(session: ClientSession, server: DevServer) -> None:
    api = api_of(session, server.url)
    await api.check_app_id()
    error = await request_error(replace(api, app_id="999999").check_app_id())
    assert error.failure is RequestFailure.INVALID_APP_ID
