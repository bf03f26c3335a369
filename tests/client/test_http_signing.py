"""What the server API's requests look like, and that the official library signs them so."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import ClientSession
from pusher.http import make_query_string
from pusher.signature import verify

from custom_components.pusher_channels.client.http_api import HttpApi

from .conftest import APP
from .raw_server import RawServer, answer, raw_server
from .support import api_of


def signed_request(raw: RawServer) -> tuple[str, str]:
    """Return a request's path and the text that the official library would sign for it."""
    method, target, _ = raw.requests[0].split("\r\n", 1)[0].split(" ")
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    signed = query.pop("auth_signature")
    text = "\n".join((method, parts.path, make_query_string(query)))
    assert verify(APP.secret, text, signed)
    return parts.path, text


async def test_a_path_prefix_is_signed_too(session: ClientSession) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url, path="/prefix/").trigger(["a"], "x", "")
    path, text = signed_request(raw)
    assert path == f"/prefix/apps/{APP.app_id}/events"
    assert "body_md5=" in text


async def test_values_are_signed_as_they_are_and_sent_escaped(session: ClientSession) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url).channels(prefix="presence-@=,;", info=["user_count", "x"])
    _, text = signed_request(raw)
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
async def test_a_name_stands_in_the_path_as_the_official_library_writes_it(
    session: ClientSession, request_: Callable[[HttpApi], Awaitable[object]], path: str
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await request_(replace(api_of(session, raw.url), app_id="1@=,;"))
    assert signed_request(raw)[0] == f"/apps/1@=,;/{path}"


async def test_a_post_without_content_has_a_signed_body_all_the_same(
    session: ClientSession,
) -> None:
    async with raw_server(answer(200, "{}")) as raw:
        await api_of(session, raw.url).terminate_user_connections("me")
    assert "\r\nContent-Type: application/json\r\n" in raw.requests[0]
    assert raw.requests[0].endswith("\r\n\r\n{}")
    assert "body_md5=" in signed_request(raw)[1]
