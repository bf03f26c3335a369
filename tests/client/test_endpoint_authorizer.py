"""What an endpoint is asked, and what becomes of its answers (cases 24, 28 and 48)."""

import asyncio
import json
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.auth import EndpointAuthorizer
from custom_components.pusher_channels.client.exceptions import AuthorizationError
from tools.devserver import DevServer

from .conftest import Clock, settle, until
from .raw_server import answer, raw_server
from .support import endpoint
from .vectors import VECTORS

SOCKET = "1.2"
CHANNEL = "private-a"


async def refused(authorizer: EndpointAuthorizer) -> AuthorizationError:
    """Ask for a channel and return the error."""
    with pytest.raises(AuthorizationError) as caught:
        await authorizer.authorize_channel(SOCKET, CHANNEL)
    return caught.value


@pytest.mark.parametrize("vector", VECTORS["auth_request"])
async def test_case_28_channel_names_are_encoded_in_the_body(
    server: DevServer, session: ClientSession, vector: dict[str, str]
) -> None:
    authorizer = endpoint(server, session)
    await authorizer.authorize_channel(vector["socket_id"], vector["channel"])
    [request] = server.auth_requests
    assert request.body == vector["body"]
    assert request.content_type == vector["content_type"]


async def test_case_48_static_fields_come_before_provided_ones(
    server: DevServer, session: ClientSession
) -> None:
    authorizer = EndpointAuthorizer(
        session,
        server.auth_url,
        server.user_auth_url,
        headers={"X-Static": "s", "X-Both": "static"},
        headers_provider=lambda: {"X-Both": "provided", "X-Provided": "p"},
        params={"static": "a b&c", "both": "static"},
        params_provider=lambda: {"both": "provided", "provided": "ü"},
    )
    auth = await authorizer.authorize_channel(SOCKET, CHANNEL)
    user = await authorizer.authorize_user(SOCKET)
    assert auth.auth.startswith("demo-key:")
    assert user.user_id == "demo"
    params = "static=a+b%26c&both=provided&provided=%C3%BC"
    for_channel, for_user = server.auth_requests
    assert for_channel.body == f"socket_id={SOCKET}&channel_name={CHANNEL}&{params}"
    assert for_user.body == f"socket_id={SOCKET}&{params}"
    for request in server.auth_requests:
        assert request.headers["Accept"] == "application/json"
        assert request.headers["X-Static"] == "s"
        assert request.headers["X-Both"] == "provided"
        assert request.headers["X-Provided"] == "p"


async def test_case_48_a_header_replaces_another_however_it_is_written(
    server: DevServer, session: ClientSession
) -> None:
    async with raw_server(answer(200, '{"auth": "a:b"}')) as raw:
        authorizer = EndpointAuthorizer(
            session,
            raw.url,
            headers={"accept": "text/plain", "authorization": "old"},
            headers_provider=lambda: {"Authorization": "new"},
        )
        await authorizer.authorize_channel(SOCKET, CHANNEL)
    head = raw.requests[0].lower()
    assert head.count("accept:") == 1
    assert "accept: text/plain" in head
    assert head.count("authorization:") == 1
    assert "authorization: new" in head


async def test_case_48_providers_are_called_for_each_request(
    server: DevServer, session: ClientSession
) -> None:
    calls: list[str] = []

    def provide() -> Mapping[str, str]:
        calls.append("call")
        return {"X-Call": str(len(calls))}

    authorizer = EndpointAuthorizer(
        session, server.auth_url, headers_provider=provide, params_provider=provide
    )
    for _ in range(2):
        await authorizer.authorize_channel(SOCKET, CHANNEL)
    assert [request.form["X-Call"] for request in server.auth_requests] == ["1", "3"]
    assert [request.headers["X-Call"] for request in server.auth_requests] == ["2", "4"]


@pytest.mark.parametrize("status", [200, 201])
async def test_case_24_permission_comes_with_200_or_201(
    server: DevServer, session: ClientSession, status: int
) -> None:
    server.faults.auth_status, server.faults.auth_body = status, '{"auth": "a:b"}'
    auth = await endpoint(server, session).authorize_channel(SOCKET, CHANNEL)
    assert (auth.auth, auth.channel_data, auth.shared_secret) == ("a:b", None, None)


@pytest.mark.parametrize(
    ("status", "body", "words", "retryable"),
    [
        (403, '{"message": "Not you"}', "Not you", False),
        (401, '{"error": "Who are you?"}', "Who are you?", False),
        (419, '{"message": ["list"]}', "The endpoint answered 419", False),
        (404, "<html>", "The endpoint answered 404", False),
        (204, "", "The endpoint answered 204", False),
        (300, "", "The endpoint answered with a redirect (300), which is not followed", False),
        (399, "", "The endpoint answered with a redirect (399), which is not followed", False),
        (400, "", "The endpoint answered 400", False),
        (429, "{}", "The endpoint answered 429", True),
        (500, "[]", "The endpoint answered 500", True),
        (503, '{"message": "Back soon"}', "Back soon", True),
        (200, "", "The endpoint's answer is not JSON", False),
        (200, "null", "The endpoint's answer is not JSON", False),
        (200, b"\xff\xfe", "The endpoint's answer is not JSON", False),
        (200, "[" * 2000, "The endpoint's answer is not JSON", False),
        (200, '["auth"]', "The answer is not an object", False),
    ],
)
async def test_case_24_a_refusal_keeps_status_and_words_and_says_whether_to_ask_again(
    session: ClientSession, status: int, body: str | bytes, words: str, retryable: bool
) -> None:
    async with raw_server(answer(status, body)) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url))
    assert (error.status, error.message, error.retryable) == (status, words, retryable)
    assert str(error) == words


async def test_case_24_what_a_refusal_quotes_of_ours_is_left_out(session: ClientSession) -> None:
    """What has fewer than 8 characters stays: without it the words may say nothing."""
    body = '{"message": "Bearer 12345678 is not known, 1234567 is"}'
    headers = {"Authorization": "Bearer 12345678", "X-Short": "1234567"}
    async with raw_server(answer(403, body)) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url, headers=headers))
    assert error.message == "Bearer [redacted] is not known, 1234567 is"


async def test_case_24_a_long_story_is_cut_short(server: DevServer, session: ClientSession) -> None:
    server.faults.auth_status, server.faults.auth_body = 403, json.dumps({"message": "x" * 5000})
    assert (await refused(endpoint(server, session))).message == "x" * 200


async def test_case_24_an_answer_that_comes_in_parts_is_read_whole(session: ClientSession) -> None:
    reply = answer(200, '{"auth": "a:b"}')
    async with raw_server(reply[:-9], reply[-9:-2], reply[-2:]) as raw:
        auth = await EndpointAuthorizer(session, raw.url).authorize_channel(SOCKET, CHANNEL)
    assert auth.auth == "a:b"


async def test_case_24_an_answer_of_64_kib_is_read_and_a_longer_one_is_not(
    server: DevServer, session: ClientSession
) -> None:
    body = '{"auth": "a:b"}'.ljust(64 * 1024)
    server.faults.auth_body = body
    assert await endpoint(server, session).authorize_channel(SOCKET, CHANNEL)
    server.faults.auth_body = body + " "
    error = await refused(endpoint(server, session))
    words = "The endpoint's answer has more than 65536 bytes"
    assert (error.message, error.status) == (words, 200)
    assert not error.retryable


async def test_case_24_a_redirect_is_not_followed(
    server: DevServer, session: ClientSession
) -> None:
    server.faults.auth_redirect = server.user_auth_url
    error = await refused(endpoint(server, session))
    assert error.status == 302
    assert "redirect" in error.message
    assert [request.kind for request in server.auth_requests] == ["channel"]


async def test_case_24_an_endpoint_that_takes_too_long_may_be_asked_again(
    server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.faults.auth_hold = asyncio.Event()
    asking = asyncio.create_task(refused(endpoint(server, session)))
    await server.wait_auth_requests(1)
    clock.skip(9)
    await settle()
    assert not asking.done()
    clock.skip(1)
    error = await asking
    assert (error.status, error.retryable) == (0, True)
    assert error.message == "The endpoint did not answer in time"
    server.faults.auth_hold.set()


async def test_case_24_an_answer_that_never_ends_takes_too_long(
    session: ClientSession, clock: Clock
) -> None:
    async with raw_server(answer(200, '{"auth":', length=50), stay=True) as raw:
        asking = asyncio.create_task(refused(EndpointAuthorizer(session, raw.url)))
        await until(lambda: raw.requests)
        await settle()
        clock.skip(10)
        assert (await asking).retryable


@pytest.mark.parametrize("reply", [b"", b"garbage\r\n\r\n", answer(200, "{", length=50)])
async def test_case_24_a_broken_answer_may_be_asked_for_again(
    session: ClientSession, reply: bytes
) -> None:
    async with raw_server(reply) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url))
        assert (error.status, error.retryable) == (0, True)
        assert raw.url not in error.message


async def test_case_24_a_refused_connection_may_be_tried_again(
    session: ClientSession, unused_tcp_port: int
) -> None:
    error = await refused(EndpointAuthorizer(session, f"http://127.0.0.1:{unused_tcp_port}/canary"))
    assert (error.status, error.retryable) == (0, True)
    assert error.message == "The endpoint could not be asked (ClientConnectorError)"


@pytest.mark.parametrize("url", ["", "no url", "ftp://127.0.0.1/", "http://[::1"])
async def test_case_48_an_address_that_is_none_is_an_error(
    session: ClientSession, url: str
) -> None:
    error = await refused(EndpointAuthorizer(session, url))
    assert error.message.startswith("The endpoint could not be asked")


async def test_case_48_a_header_that_cannot_be_sent_is_an_error_without_it(
    server: DevServer, session: ClientSession
) -> None:
    authorizer = EndpointAuthorizer(session, server.auth_url, headers={"X": "canary\r\nY: 1"})
    error = await refused(authorizer)
    assert "canary" not in error.message
    assert not server.auth_requests


async def test_case_48_a_proxy_is_asked_in_the_endpoints_place(
    server: DevServer, session: ClientSession
) -> None:
    authorizer = EndpointAuthorizer(
        session, "http://endpoint.invalid/pusher/auth", proxy=server.url
    )
    assert await authorizer.authorize_channel(SOCKET, CHANNEL)
    [request] = server.auth_requests
    assert request.headers["Host"] == "endpoint.invalid"


async def test_case_45_without_an_endpoint_for_users_nobody_is_asked(
    server: DevServer, session: ClientSession
) -> None:
    with pytest.raises(AuthorizationError) as caught:
        await EndpointAuthorizer(session, server.auth_url).authorize_user(SOCKET)
    assert (caught.value.status, caught.value.retryable) == (0, False)
    assert caught.value.message == "No endpoint for user authentication is set"
    assert not server.auth_requests
