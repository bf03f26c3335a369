"""What the client reads from the responses of the server API."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.exceptions import (
    RequestFailure,
)
from tools.devserver import App, DevServer

from .channel_helpers import api_of, request_error
from .conftest import address
from .raw_server import answer, raw_server


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
    too_large = await request_error(small.trigger(["a"], "x", "x" * 101))
    assert (too_large.status, too_large.failure) == (413, RequestFailure.TOO_LARGE)
    assert "less than" in str(too_large)
    assert (await request_error(off.channels())).status == 403
    assert (await request_error(replace(small, app_id="9").channels())).status == 404
    wrong = replace(small, secret="wrong")
    unauthorized = await request_error(wrong.trigger(["a"], "x", ""))
    assert unauthorized.status == 401
    assert unauthorized.failure is RequestFailure.REFUSED
    strict.faults.api_status = 500
    assert (await request_error(small.channels())).status == 500
    assert not strict.published


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
        pytest.param(500, "<title>" * 100_000, 500, "The server answered 500", id="many titles"),
        pytest.param(500, "<title" * 100_000, 500, "The server answered 500", id="no bracket"),
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
        error = await request_error(api_of(session, raw.url).channels())
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


async def test_request_is_sent_to_the_proxy(session: ClientSession, server: DevServer) -> None:
    api = replace(api_of(session, "http://server.invalid:80"), proxy=server.url)
    assert await api.channels() == {}
    assert api.server != address(server)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, ""), (202, "ACCEPTED"), (202, ""), (204, ""), (200, '{"error": null}')],
)
async def test_event_is_sent_with_any_status_of_success(
    session: ClientSession, status: int, body: str
) -> None:
    async with raw_server(answer(status, body)) as raw:
        assert await api_of(session, raw.url).trigger(["a"], "x", "") == {}


async def test_headers_are_sent_and_redacted(session: ClientSession) -> None:
    async with raw_server(answer(403, "No access for hunter2 and hunter2-b")) as raw:
        api = replace(api_of(session, raw.url), headers={"X-A": "hunter2", "X-B": "hunter2-b"})
        error = await request_error(api.channels())
    assert "\r\nX-A: hunter2\r\n" in raw.requests[0]
    assert error.message == "No access for [redacted] and [redacted]"
    assert "hunter2" not in repr(api)


async def test_response_is_bounded(session: ClientSession) -> None:
    largest = "{}".ljust(1024 * 1024)
    async with raw_server(answer(200, largest), answer(200, largest + " "), one_each=True) as raw:
        api = api_of(session, raw.url)
        assert await api.channels() == {}
        error = await request_error(api.channels())
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
        error = await request_error(api_of(session, raw.url).channel("presence-a"))
    assert error.message == "No matching application for ID [9]"


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
        assert (await request_error(api_of(session, raw.url).check_app_id())).failure is failure
