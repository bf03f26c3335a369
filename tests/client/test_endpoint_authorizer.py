"""Requests to an authorization endpoint, and its responses."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from custom_components.pusher_channels.client.authorizers import EndpointAuthorizer
from custom_components.pusher_channels.client.exceptions import AuthorizationError
from tools.devserver import DevServer

from .channel_helpers import endpoint
from .conftest import Clock, settle, until
from .raw_server import answer, raw_server
from .vectors import VECTORS

SOCKET = "1.2"
CHANNEL = "private-a"


async def refused(authorizer: EndpointAuthorizer) -> AuthorizationError:
    """Request the authorization of a channel and return the error."""
    with pytest.raises(AuthorizationError) as caught:
        await authorizer.authorize_channel(SOCKET, CHANNEL)
    return caught.value


@pytest.mark.parametrize("vector", VECTORS["auth_request"])
async def test_channel_name_is_encoded_in_the_body(
    server: DevServer, session: ClientSession, vector: dict[str, str]
) -> None:
    authorizer = endpoint(server, session)
    await authorizer.authorize_channel(vector["socket_id"], vector["channel"])
    [request] = server.auth_requests
    assert request.body == vector["body"]
    assert request.content_type == vector["content_type"]


async def test_provided_headers_and_params_are_sent(
    server: DevServer, session: ClientSession
) -> None:
    authorizer = EndpointAuthorizer(
        session,
        server.auth_url,
        server.user_auth_url,
        headers_provider=lambda: {"X-Provided": "p"},
        params_provider=lambda: {"first": "a b&c", "second": "ü"},
    )
    auth = await authorizer.authorize_channel(SOCKET, CHANNEL)
    user = await authorizer.authorize_user(SOCKET)
    assert auth.auth.startswith("demo-key:")
    assert user.user_id == "demo"
    params = "first=a+b%26c&second=%C3%BC"
    for_channel, for_user = server.auth_requests
    assert for_channel.body == f"socket_id={SOCKET}&channel_name={CHANNEL}&{params}"
    assert for_user.body == f"socket_id={SOCKET}&{params}"
    for request in server.auth_requests:
        assert request.headers["Accept"] == "application/json"
        assert request.headers["X-Provided"] == "p"


async def test_provided_header_replaces_ours_in_any_spelling(session: ClientSession) -> None:
    async with raw_server(answer(200, '{"auth": "a:b"}')) as raw:
        authorizer = EndpointAuthorizer(
            session,
            raw.url,
            headers_provider=lambda: {"accept": "text/plain"},
        )
        await authorizer.authorize_channel(SOCKET, CHANNEL)
    head = raw.requests[0].lower()
    assert head.count("\r\naccept:") == 1
    assert "\r\naccept: text/plain" in head


async def test_provider_that_is_not_ready_makes_the_request_retryable(
    server: DevServer, session: ClientSession
) -> None:
    def provide() -> Mapping[str, str]:
        raise AuthorizationError("The token is not available yet", retryable=True)

    for authorizer in (
        EndpointAuthorizer(session, server.auth_url, headers_provider=provide),
        EndpointAuthorizer(session, server.auth_url, params_provider=provide),
    ):
        error = await refused(authorizer)
        assert error.retryable
        assert error.message == "The token is not available yet"
    assert not server.auth_requests


async def test_cookies_are_neither_kept_nor_sent() -> None:
    reply = answer(200, '{"auth": "a:b"}', headers="Set-Cookie: session=of-app-a; Path=/\r\n")
    jar = CookieJar(unsafe=True)
    jar.update_cookies({"theirs": "1"}, URL("http://127.0.0.1"))
    async with ClientSession(cookie_jar=jar) as session, raw_server(reply) as raw:
        for _ in range(2):
            await EndpointAuthorizer(session, raw.url).authorize_channel(SOCKET, CHANNEL)
    assert len(raw.requests) == 2
    assert not [request for request in raw.requests if "cookie" in request.lower()]
    assert [cookie.key for cookie in jar] == ["theirs"]


NAME = '{"auth": "a:b", "channel_data": "Zoë €"}'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xef\xbb\xbf" + NAME.encode(), ""),
        (b"\xef\xbb\xbf" + NAME.encode(), "Content-Type: text/html; charset=iso-8859-1\r\n"),
        (b"\xff\xfe" + NAME.encode("utf-16-le"), ""),
        (b"\xfe\xff" + NAME.encode("utf-16-be"), "Content-Type: application/json\r\n"),
        (NAME.encode("cp1252"), "Content-Type: application/json; charset=iso-8859-1\r\n"),
        (NAME.encode("cp1252"), "Content-Type: text/plain; charset=latin1\r\n"),
        (NAME.encode("iso-8859-15"), "Content-Type: text/html; charset=ISO-8859-15\r\n"),
        (NAME.encode(), "Content-Type: application/json; charset=no-such\r\n"),
        (NAME.encode(), "Content-Type: application/json; charset=utf-7\r\n"),
        (gzip.compress(NAME.encode()), "Content-Encoding: gzip\r\n"),
        (zlib.compress(NAME.encode()), "Content-Encoding: deflate\r\n"),
        (NAME.encode(), "Content-Encoding: utf-8\r\n"),
    ],
)
async def test_response_is_decoded_as_by_a_browser(
    session: ClientSession, body: bytes, headers: str
) -> None:
    async with raw_server(answer(200, body, headers=headers)) as raw:
        auth = await EndpointAuthorizer(session, raw.url).authorize_channel(SOCKET, CHANNEL)
    assert auth.channel_data == "Zoë €"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_response_is_bounded_after_decompression(
    session: ClientSession, encoding: str
) -> None:
    """100 MB of blanks are not decompressed: the peak of memory stays far below."""
    compress = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    body = b"".join([*(compress.compress(b" " * 1_000_000) for _ in range(100)), compress.flush()])
    headers = f"Content-Encoding: {encoding}\r\n"
    async with raw_server(answer(200, body, headers=headers)) as raw:
        tracemalloc.start()
        error = await refused(EndpointAuthorizer(session, raw.url))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.message == "The endpoint's answer has more than 65536 bytes"
    assert peak < 5_000_000


async def test_response_that_cannot_be_decompressed_is_an_error(session: ClientSession) -> None:
    headers = "Content-Encoding: gzip\r\n"
    async with raw_server(answer(200, '{"auth": "a:b"}', headers=headers)) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url))
    assert error.message == "The request to the endpoint failed (ValueError)"


async def test_providers_are_called_for_each_request(
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
async def test_success_is_200_or_201(
    server: DevServer, session: ClientSession, status: int
) -> None:
    server.faults.auth_status, server.faults.auth_body = status, '{"auth": "a:b"}'
    auth = await endpoint(server, session).authorize_channel(SOCKET, CHANNEL)
    assert (auth.auth, auth.channel_data, auth.shared_secret) == ("a:b", None, None)


@pytest.mark.parametrize(
    ("status", "body", "message", "retryable"),
    [
        (403, '{"message": "Not you"}', "Not you", False),
        (401, '{"error": "Who are you?"}', "Who are you?", False),
        (419, '{"message": ["list."]}', "list", False),
        (404, "<html>", "The endpoint answered 404", False),
        (
            403,
            "<!doctype html><TITLE>\n Page expired </TITLE><p>",
            "The endpoint answered 403",
            False,
        ),
        (403, "Forbidden.", "The endpoint answered 403", False),
        (422, '{"errors": {"socket_id": ["It is missing."]}}', "It is missing", False),
        (499, "", "The endpoint answered 499", False),
        (204, "", "The endpoint answered 204", False),
        (300, "", "The endpoint answered with a redirect (300), which is not followed", False),
        (399, "", "The endpoint answered with a redirect (399), which is not followed", False),
        (400, "", "The endpoint answered 400", False),
        (403, '{"auth": "a:b", "hint": "x"}', "The endpoint answered 403", False),
        (429, "{}", "The endpoint answered 429", True),
        (500, "[]", "The endpoint answered 500", True),
        (503, '{"message": "Back soon."}', "Back soon", True),
        (200, "", "The endpoint's answer is not JSON", False),
        (200, "null", "The endpoint's answer is not JSON", False),
        (200, b"\xff\xfe", "The endpoint's answer is not JSON", False),
        (200, "[" * 2000, "The endpoint's answer is not JSON", False),
        (200, '["auth"]', "The answer is not an object", False),
    ],
)
async def test_refusal_has_status_reason_and_whether_it_is_retryable(
    session: ClientSession, status: int, body: str | bytes, message: str, retryable: bool
) -> None:
    async with raw_server(answer(status, body)) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url))
    assert (error.status, error.message, error.retryable) == (status, message, retryable)
    assert str(error) == message


async def test_secrets_in_a_refusal_are_redacted_the_longest_first(session: ClientSession) -> None:
    """Text of fewer than 4 characters stays: without it the reason may be empty."""
    body = (
        '{"message": "12345678-TAIL, 12345678, hunter2, user@1:hunter2, s%26t, p@ss, p%40ss, abc"}'
    )
    headers = {"X-Short": "12345678", "X-Long": "Token 12345678-TAIL", "X-Tiny": "abc"}
    async with raw_server(answer(403, body)) as raw:
        url = raw.url.replace("//", "//user%401:hunter2@") + "/?token=s%26t"
        authorizer = EndpointAuthorizer(
            session, url, headers_provider=lambda: headers, params_provider=lambda: {"p": "p@ss"}
        )
        error = await refused(authorizer)
    redacted = ", ".join(["[redacted]"] * 7)
    assert error.message == f"{redacted}, abc"


async def test_long_reason_is_truncated(server: DevServer, session: ClientSession) -> None:
    server.faults.auth_status, server.faults.auth_body = 403, json.dumps({"message": "x" * 5000})
    assert (await refused(endpoint(server, session))).message == "x" * 200


async def test_response_in_parts_is_read_completely(session: ClientSession) -> None:
    reply = answer(200, '{"auth": "a:b"}')
    async with raw_server(reply[:-9], reply[-9:-2], reply[-2:]) as raw:
        auth = await EndpointAuthorizer(session, raw.url).authorize_channel(SOCKET, CHANNEL)
    assert auth.auth == "a:b"


async def test_response_may_have_64_kib(server: DevServer, session: ClientSession) -> None:
    body = '{"auth": "a:b"}'.ljust(64 * 1024)
    server.faults.auth_body = body
    assert await endpoint(server, session).authorize_channel(SOCKET, CHANNEL)
    server.faults.auth_body = body + " "
    error = await refused(endpoint(server, session))
    message = "The endpoint's answer has more than 65536 bytes"
    assert (error.message, error.status) == (message, 200)
    assert not error.retryable


async def test_redirect_is_not_followed(server: DevServer, session: ClientSession) -> None:
    server.faults.auth_redirect = server.user_auth_url
    error = await refused(endpoint(server, session))
    assert error.status == 302
    assert "redirect" in error.message
    assert [request.kind for request in server.auth_requests] == ["channel"]


async def test_endpoint_that_takes_too_long_is_retryable(
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


async def test_response_that_never_ends_is_retryable(session: ClientSession, clock: Clock) -> None:
    async with raw_server(answer(200, '{"auth":', length=50), stay=True) as raw:
        asking = asyncio.create_task(refused(EndpointAuthorizer(session, raw.url)))
        await until(lambda: raw.requests)
        await settle()
        clock.skip(10)
        assert (await asking).retryable


@pytest.mark.parametrize("reply", [b"", b"garbage\r\n\r\n", answer(200, "{", length=50)])
async def test_broken_response_is_retryable(session: ClientSession, reply: bytes) -> None:
    async with raw_server(reply) as raw:
        error = await refused(EndpointAuthorizer(session, raw.url))
        assert (error.status, error.retryable) == (0, True)
        assert raw.url not in error.message


async def test_refused_connection_is_retryable(
    session: ClientSession, unused_tcp_port: int
) -> None:
    error = await refused(EndpointAuthorizer(session, f"http://127.0.0.1:{unused_tcp_port}/canary"))
    assert (error.status, error.retryable) == (0, True)
    assert error.message == "The request to the endpoint failed (ClientConnectorError)"


@pytest.mark.parametrize("url", ["", "no url", "ftp://127.0.0.1/", "http://[::1"])
async def test_invalid_address_is_an_error(session: ClientSession, url: str) -> None:
    error = await refused(EndpointAuthorizer(session, url))
    assert error.message.startswith("The request to the endpoint failed")


async def test_header_that_cannot_be_sent_is_an_error_without_its_value(
    server: DevServer, session: ClientSession
) -> None:
    authorizer = EndpointAuthorizer(
        session, server.auth_url, headers_provider=lambda: {"X": "canary\r\nY: 1"}
    )
    error = await refused(authorizer)
    assert "canary" not in error.message
    assert not server.auth_requests


async def test_request_is_sent_to_the_proxy(server: DevServer, session: ClientSession) -> None:
    authorizer = EndpointAuthorizer(
        session, "http://endpoint.invalid/pusher/auth", proxy=server.url
    )
    assert await authorizer.authorize_channel(SOCKET, CHANNEL)
    [request] = server.auth_requests
    assert request.headers["Host"] == "endpoint.invalid"


async def test_sign_in_needs_an_endpoint_for_users(
    server: DevServer, session: ClientSession
) -> None:
    with pytest.raises(AuthorizationError) as caught:
        await EndpointAuthorizer(session, server.auth_url).authorize_user(SOCKET)
    assert (caught.value.status, caught.value.retryable) == (0, False)
    assert caught.value.message == "No endpoint for user authentication is set"
    assert not server.auth_requests
