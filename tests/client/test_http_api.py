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
from custom_components.pusher_channels.client.exceptions import (
    Misuse,
    RequestError,
    RequestFailure,
)
from custom_components.pusher_channels.client.http_api import BatchEvent, HttpApi
from custom_components.pusher_channels.client.messages import Json
from tools.devserver import App, DevServer

from .channel_helpers import all_handled, api_of, events_of, subscribed
from .conftest import Clock, MakeClient, address, connect, settle, until
from .misuse import misused
from .raw_server import answer, raw_server

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


async def test_event_is_sent_to_all_channels(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    names = ["a", "private-b", "presence-c", "cache=@,.;d"]
    await subscribed(client, *names)
    heard = events_of(client, "news")
    assert await api.trigger(names, "news", {"ü": [1, None]}) == {}
    await until(lambda: len(heard) == 4)
    assert [(event.channel, event.data) for event in heard] == [
        (name, {"ü": [1, None]}) for name in names
    ]


async def test_text_is_sent_unchanged_and_other_data_as_json(
    api: HttpApi, server: DevServer
) -> None:
    values: list[Json] = ["text", '{"a": 1}', "", {"a": 1}, [1], 5, True, None]
    for value in values:
        await api.trigger(["a"], "news", value)
    sent = [published.data for published in server.published]
    assert sent == ["text", '{"a": 1}', "", '{"a":1}', "[1]", "5", "true", "null"]


async def test_own_connection_can_be_excluded(
    api: HttpApi, client: PusherClient, make_client: MakeClient, server: DevServer
) -> None:
    other = await connect(make_client())
    await connect(client)
    await subscribed(client, "a")
    await subscribed(other, "a")
    heard, on_other = events_of(client, "news"), events_of(other, "news")
    await api.trigger(["a"], "news", "", socket_id=client.socket_id)
    await until(lambda: on_other)
    await all_handled(client, server.connection(str(client.socket_id)))
    assert not heard


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
    heard = events_of(client)
    await api.trigger([ENCRYPTED], "news", {"canary": 1})
    await api.trigger_batch([BatchEvent(ENCRYPTED, "news", "canary")])
    await until(lambda: len(heard) == 2)
    assert [event.data for event in heard] == [{"canary": 1}, "canary"]
    assert "canary" not in str(server.published)


async def test_batch_is_sent_to_the_channel_of_each_event(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await subscribed(client, "a", "b")
    heard = events_of(client)
    await api.trigger_batch([BatchEvent("a", "x", {"n": 1}), BatchEvent("b", "y", "text")] * 5)
    await until(lambda: len(heard) == 10)
    assert [(it.channel, it.name, it.data) for it in heard[:2]] == [
        ("a", "x", {"n": 1}),
        ("b", "y", "text"),
    ]


async def test_user_receives_an_event_and_is_disconnected(
    api: HttpApi, client: PusherClient, server: DevServer
) -> None:
    heard = events_of(client)
    client.sign_in()
    await connect(client)
    await server.wait_subscribed("#server-to-user-me")
    await api.send_to_user("me", "news", {"n": 1})
    await until(lambda: heard)
    assert (heard[0].channel, heard[0].data) == ("#server-to-user-me", {"n": 1})

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
    assert (await failed(api.channels(info=["user_count"]))).status == 400


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
    assert (await failed(api.channel("a", info=["user_count"]))).status == 400


async def test_users_of_a_presence_channel_are_listed(api: HttpApi, client: PusherClient) -> None:
    await connect(client)
    await subscribed(client, "presence-a")
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


async def test_request_at_all_limits_is_sent(api: HttpApi, server: DevServer) -> None:
    await api.trigger(["a"] * 100, LONGEST_NAME, LARGEST_DATA)
    assert len(server.published) == 100


@pytest.fixture
async def strict(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server with an app for small events and a disabled app."""
    apps = [App(max_event_bytes=100), App(app_id="1002", key="off", enabled=False)]
    async with DevServer(apps) as running:
        yield running


async def test_refusal_has_the_status_of_the_server(
    session: ClientSession, strict: DevServer
) -> None:
    small, off = (api_of(session, strict.url, app=app) for app in strict.apps)
    too_large = await failed(small.trigger(["a"], "x", "x" * 101))
    assert (too_large.status, too_large.failure) == (413, RequestFailure.TOO_LARGE)
    assert "less than" in str(too_large)
    assert (await failed(off.channels())).status == 403
    assert (await failed(replace(small, app_id="9").channels())).status == 404
    wrong = replace(small, secret="wrong")
    unauthorized = await failed(wrong.trigger(["a"], "x", ""))
    assert unauthorized.status == 401
    assert unauthorized.failure is RequestFailure.REFUSED
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
    ("status", "body", "reported", "message"),
    [
        (401, EXPIRED, 401, EXPIRED),
        (401, f'you sent "{SIGNATURE}"\n', 401, 'you sent "[redacted]"'),
        (500, "", 500, "The server answered 500"),
        (500, b"\xff", 500, "\N{REPLACEMENT CHARACTER}"),
        (502, "x" * 1000, 502, "x" * 200),
        (302, "", 302, "The server answered 302"),
        (404, "<html><title>Not here.</title>", 404, "Not here"),
        (404, "<html><body>No title", 404, "The server answered 404"),
        (404, "{}", 404, "The server answered 404"),
        (422, '{"data":["The data field is required."]}', 422, "The data field is required"),
        (200, "<html>", 200, "The server's answer is not JSON"),
        (200, '{"error": "Not found", "code": 404}', 404, "Not found"),
        (200, '{"error": {"odd": 1}, "code": "x"}', 200, "The server answered 200"),
        (413, '{"error": "Too large"}', 413, "Too large"),
    ],
)
async def test_refusal_of_each_server_has_a_reason(
    session: ClientSession, status: int, body: str | bytes, reported: int, message: str
) -> None:
    async with raw_server(answer(status, body)) as raw:
        error = await failed(api_of(session, raw.url).channels())
        assert (error.status, error.message, str(error)) == (reported, message, message)
        assert (error.failure is RequestFailure.CLOCK_SKEW) is (body == EXPIRED)
        assert len(raw.requests) == 1


@pytest.mark.parametrize("body", ["[]", '{"channels": []}', "5", '{"users": 1}'])
async def test_response_of_another_shape_is_empty(session: ClientSession, body: str) -> None:
    async with raw_server(answer(200, body)) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {}
        assert await api.users("presence-a") == []
        assert "occupied" not in await api.channel("a")


async def test_invalid_entries_of_a_response_are_left_out(session: ClientSession) -> None:
    body = {"channels": {"a": None, "b": {"n": 1}}, "users": [{"id": 5}, {}, "x"]}
    async with raw_server(answer(200, json.dumps(body))) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {"a": {}, "b": {"n": 1}}
        assert await api.users("presence-a") == ["5"]


async def test_missing_response_has_status_0(api: HttpApi, server: DevServer, clock: Clock) -> None:
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
    assert gone.message == "The request to the server failed (ClientConnectorError)"


async def test_request_goes_to_the_proxy(session: ClientSession, server: DevServer) -> None:
    api = replace(api_of(session, "http://server.invalid:80"), proxy=server.url)
    assert await api.channels() == {}
    assert api.server != address(server)


@pytest.mark.parametrize(("status", "body"), [(200, ""), (202, "ACCEPTED"), (202, ""), (204, "")])
async def test_event_is_sent_with_any_status_of_success(
    session: ClientSession, status: int, body: str
) -> None:
    async with raw_server(answer(status, body)) as raw:
        assert await api_of(session, raw.url).trigger(["a"], "x", "") == {}


async def test_headers_are_sent_and_redacted(session: ClientSession) -> None:
    async with raw_server(answer(403, "No access for hunter2 and hunter2-b")) as raw:
        api = replace(api_of(session, raw.url), headers={"X-A": "hunter2", "X-B": "hunter2-b"})
        error = await failed(api.channels())
    assert "\r\nX-A: hunter2\r\n" in raw.requests[0]
    assert error.message == "No access for [redacted] and [redacted]"
    assert "hunter2" not in repr(api)


async def test_response_is_bounded(session: ClientSession) -> None:
    largest = "{}".ljust(1024 * 1024)
    async with raw_server(answer(200, largest), answer(200, largest + " "), one_each=True) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {}
        error = await failed(api.channels())
    assert error.message == "The server's answer has more than 1048576 bytes"
    assert error.failure is RequestFailure.INVALID_RESPONSE


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ('[{"id": 1}, {"id": "b"}]', ["1", "b"]),
        ('{"0": {"id": 1}, "2": {"id": 2}}', ["1", "2"]),
        ('[{"id": null}, {"id": ""}, {}, 5, {"id": "a"}]', ["a"]),
        ('"text"', []),
    ],
)
async def test_users_are_a_list_or_an_object(
    session: ClientSession, users: str, expected: list[str]
) -> None:
    async with raw_server(answer(200, f'{{"users": {users}}}')) as raw:
        assert await api_of(session, raw.url).users("presence-a") == expected


@pytest.mark.parametrize("body", ["{}", "Unknown channel", "", "[]"])
async def test_channel_that_is_not_found_is_not_occupied(session: ClientSession, body: str) -> None:
    missing, listed = answer(404, body), answer(200, '{"channels": {"presence-ab": {}}}')
    async with raw_server(missing, listed, missing, listed, one_each=True) as raw:
        api = api_of(session, raw.url)
        assert await api.channel("presence-a") == {"occupied": False}
        assert await api.users("presence-a") == []


async def test_channel_that_is_not_found_in_an_unknown_app_is_an_error(
    session: ClientSession,
) -> None:
    async with raw_server(answer(404, "No matching application for ID [9].")) as raw:
        error = await failed(api_of(session, raw.url).channel("presence-a"))
    assert error.message == "No matching application for ID [9]"


async def test_app_id_is_checked(session: ClientSession, server: DevServer) -> None:
    api = api_of(session, server.url)
    await api.check_app_id()
    error = await failed(replace(api, app_id="999999").check_app_id())
    assert error.failure is RequestFailure.INVALID_APP_ID


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (404, "<html>", RequestFailure.INVALID_APP_ID),
        (200, "<html>", RequestFailure.INVALID_RESPONSE),
        (401, "Timestamp expired", RequestFailure.CLOCK_SKEW),
        (403, "The app is disabled", RequestFailure.REFUSED),
        (500, "", RequestFailure.REFUSED),
        (401, "Unknown app", RequestFailure.INVALID_APP_ID),
    ],
)
async def test_only_a_refusal_of_the_app_id_is_reported_as_such(
    session: ClientSession, status: int, body: str, failure: RequestFailure
) -> None:
    async with raw_server(answer(status, body)) as raw:
        assert (await failed(api_of(session, raw.url).check_app_id())).failure is failure
