"""Requests to the server API, and their signatures as the official library makes them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import ClientSession
from pusher.http import make_query_string
from pusher.signature import verify

from custom_components.pusher_channels.client.exceptions import RequestError
from custom_components.pusher_channels.client.http_api import HttpApi

from .channel_helpers import api_of
from .conftest import APP
from .raw_server import answer, raw_server


def signed_request(request: str, unsigned_prefix: str = "") -> tuple[str, str]:
    """Return a request's path and the text that the official library signs for it."""
    method, target, _ = request.split("\r\n", 1)[0].split(" ")
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    signed = query.pop("auth_signature")
    signed_path = parts.path.removeprefix(unsigned_prefix)
    text = "\n".join((method, signed_path, make_query_string(query)))
    assert verify(APP.secret, text, signed)
    return parts.path, text


async def test_path_of_the_server_is_not_signed(session: ClientSession) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url, path="/prefix/").trigger(["a"], "x", "")
    [request] = raw.requests
    path, text = signed_request(request, "/prefix")
    assert path == f"/prefix/apps/{APP.app_id}/events"
    assert "body_md5=" in text


async def test_path_is_signed_after_a_refusal_and_from_then_on(session: ClientSession) -> None:
    refused, success = answer(401, "Invalid signature"), answer(200, "{}")
    async with raw_server(refused, success, success, one_each=True) as raw:
        api = api_of(session, raw.url, path="mein pfad")
        await api.trigger(["a"], "x", "")
        await api.trigger(["a"], "y", "")
    first, second, third = raw.requests
    signed_request(first, "/mein%20pfad")
    assert signed_request(second)[0].startswith("/mein%20pfad/apps/")
    signed_request(third)


async def test_refusal_of_both_signatures_is_reported_and_nothing_is_remembered(
    session: ClientSession,
) -> None:
    replies = [answer(401, "First"), answer(401, "Second"), answer(200, "{}")]
    async with raw_server(*replies, one_each=True) as raw:
        api = api_of(session, raw.url, path="/prefix")
        with pytest.raises(RequestError, match=r"^First$"):
            await api.trigger(["a"], "x", "")
        await api.trigger(["a"], "x", "")
    signed_request(raw.requests[2], "/prefix")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("", 401, "Invalid signature"), ("/p", 403, "Off"), ("/p", 401, "Timestamp expired")],
)
async def test_request_is_not_repeated_where_another_signature_does_not_help(
    session: ClientSession, path: str, status: int, body: str
) -> None:
    async with raw_server(answer(status, body)) as raw:
        with pytest.raises(RequestError):
            await api_of(session, raw.url, path=path).trigger(["a"], "x", "")
        assert len(raw.requests) == 1


async def test_values_are_signed_unescaped_and_sent_escaped(session: ClientSession) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url).channels(prefix="presence-@=,;", info=["user_count", "x"])
    _, text = signed_request(raw.requests[0])
    assert "body_md5=" not in text
    assert raw.requests[0].endswith("\r\n\r\n")
    assert "filter_by_prefix=presence-@=,;" in text
    assert "info=user_count,x" in text
    assert "filter_by_prefix=presence-%40%3D%2C%3B" in raw.requests[0]


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (lambda api: api.channel("presence-@=,;"), "channels/presence-@=,;"),
        (lambda api: api.users("presence-@=,;"), "channels/presence-@=,;/users"),
        (lambda api: api.terminate_user_connections("@=,;"), "users/@=,;/terminate_connections"),
    ],
)
async def test_names_in_paths_are_quoted_like_the_official_library(
    session: ClientSession, request_: Callable[[HttpApi], Awaitable[object]], path: str
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await request_(replace(api_of(session, raw.url), app_id="1@=,;"))
    assert signed_request(raw.requests[0])[0] == f"/apps/1@=,;/{path}"


async def test_post_without_content_has_a_signed_body(
    session: ClientSession,
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url).terminate_user_connections("me")
    assert "\r\nContent-Type: application/json\r\n" in raw.requests[0]
    assert raw.requests[0].endswith("\r\n\r\n{}")
    assert "body_md5=" in signed_request(raw.requests[0])[1]
