"""Nothing secret is shown by what is printed, logged or raised."""

import logging
from collections.abc import Awaitable
from dataclasses import is_dataclass
from types import ModuleType

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import auth_answers, authorizers, http_api
from custom_components.pusher_channels.client.auth_answers import ChannelAuth, UserAuth
from custom_components.pusher_channels.client.authorizers import (
    CallbackAuthorizer,
    EndpointAuthorizer,
    SecretAuthorizer,
    User,
)
from custom_components.pusher_channels.client.client import ClientNotice
from custom_components.pusher_channels.client.crypto import parse_key
from custom_components.pusher_channels.client.exceptions import PusherError
from custom_components.pusher_channels.client.handshake import Endpoint
from custom_components.pusher_channels.client.http_api import BatchEvent, HttpApi
from custom_components.pusher_channels.client.messages import (
    ErrorReceived,
    Json,
    SubscriptionRefused,
)
from custom_components.pusher_channels.client.protocol import decode
from custom_components.pusher_channels.client.server import Server
from tools.devserver import App, DevServer, frames

from .channel_helpers import notices_of
from .conftest import MakeClient, address, connect, until
from .raw_server import answer, raw_server

SECRET = "canary-app-secret"
MASTER_KEY = "Y2FuYXJ5LW1hc3Rlci1rZXktY2FuYXJ5LW1hc3Rlci0="
SIGNATURE = "5d41402abc4b2a76b9719d911017c592ae2f7e3bde1f7f1b0b5a8d3f5e9a2c11"
SHARED_SECRET = b"canary-shared-secret-canary-shar"
HEADER = "Bearer canary-header-value"
PARAM = "canary-param-value"
PROXY = "http://user:canary-proxy-password@127.0.0.1:9"
CANARIES = ("canary", SIGNATURE, MASTER_KEY, "Y2FuYXJ5")
APP = App(secret=SECRET, master_key=MASTER_KEY)


def check(*shown: object) -> None:
    """Fail when a canary is in what is shown."""
    for it in shown:
        for text in (str(it), repr(it)):
            assert not [canary for canary in CANARIES if canary in text]


def endpoint(session: ClientSession, url: str) -> EndpointAuthorizer:
    return EndpointAuthorizer(
        session,
        url,
        url,
        headers_provider=lambda: {"X-Token": HEADER},
        params_provider=lambda: {"more": PARAM},
    )


def secret_authorizer(master_key: bytes | None = None) -> SecretAuthorizer:
    return SecretAuthorizer(APP.key, SECRET, User("me"), master_key or parse_key(MASTER_KEY))


def dataclasses_of(module: ModuleType) -> set[type]:
    """Return the dataclasses that a module defines."""
    return {
        it
        for it in vars(module).values()
        if isinstance(it, type) and is_dataclass(it) and it.__module__ == module.__name__
    }


async def test_no_dataclass_shows_what_is_secret(session: ClientSession) -> None:
    async def answer_channel(socket_id: str, channel: str) -> Json:
        return {"auth": socket_id + channel}

    server = Server.of_cluster("mt1")
    shown = [
        ChannelAuth(f"key:{SIGNATURE}", '{"user_id":"canary"}', SHARED_SECRET),
        UserAuth(f"key:{SIGNATURE}", '{"id":"canary"}', "me"),
        User("me"),
        secret_authorizer(),
        endpoint(session, "https://example.com/auth"),
        EndpointAuthorizer(session, "https://example.com/auth", proxy=PROXY),
        CallbackAuthorizer(answer_channel),
        HttpApi(session, server, "1", APP.key, SECRET, parse_key(MASTER_KEY), proxy=PROXY),
        BatchEvent("a", "x", "data"),
    ]
    assert {type(it) for it in shown} == {
        kind for module in (auth_answers, authorizers, http_api) for kind in dataclasses_of(module)
    }
    check(*shown)


async def failure(request: Awaitable[object]) -> PusherError:
    with pytest.raises(PusherError) as caught:
        await request
    return caught.value


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"canary",
        answer(401, f'{{"message": "{HEADER} and {PARAM} are not known here"}}'),
        answer(200, f'{{"auth": 5, "canary": "{HEADER}"}}'),
        answer(200, f'{{"auth": "{SIGNATURE}", "shared_secret": "canary"}}'),
        answer(200, "canary"),
        answer(500, f"canary {SIGNATURE}"),
        answer(302, "canary"),
    ],
)
async def test_no_error_of_an_endpoint_shows_what_is_secret(
    session: ClientSession, caplog: pytest.LogCaptureFixture, reply: bytes
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components")
    async with raw_server(reply) as raw:
        authorizer = endpoint(session, f"{raw.url}/?token=canary-query-value")
        check(await failure(authorizer.authorize_channel("1.2", "private-encrypted-a")))
        check(await failure(authorizer.authorize_user("1.2")))
    check(caplog.text)


async def test_no_error_of_the_server_api_shows_what_is_secret(
    session: ClientSession, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components")
    text = f'Invalid signature: you sent "{SIGNATURE}"'
    async with raw_server(answer(401, text)) as raw:
        port = int(raw.url.rpartition(":")[2])
        server = Server.self_hosted("127.0.0.1", port, use_tls=False)
        api = HttpApi(session, server, "1", APP.key, SECRET, parse_key(MASTER_KEY))
        check(await failure(api.trigger(["private-encrypted-a"], "x", "canary")))
    gone = Server.self_hosted("127.0.0.1", unused_tcp_port, use_tls=False)
    check(await failure(HttpApi(session, gone, "1", APP.key, SECRET, proxy=PROXY).channels()))
    check(await failure(HttpApi(session, gone, "1", APP.key, SECRET).trigger([], "canary", "")))
    check(caplog.text)


FRAMES_WITH_A_HEADER = [
    frames.error(4200, f"Bad header {HEADER}"),
    frames.error(4200, "x" * 290 + HEADER),
    frames.encode({"event": "pusher:error", "data": f"Bad header {HEADER}"}),
    frames.encode({"event": "pusher:error", "data": {"message": {"header": [HEADER]}}}),
    frames.subscription_error("orders", f"Bad header {HEADER}", 403, HEADER),
    frames.subscription_error("orders", "x" * 290 + HEADER, 403),
    frames.subscription_error("orders", "canary-proxy-password", 403),
]


@pytest.mark.parametrize("frame", FRAMES_WITH_A_HEADER)
async def test_no_message_of_a_server_shows_the_headers_that_it_got(frame: str) -> None:
    endpoint = Endpoint("ws://127.0.0.1/app/key", PROXY, headers={"Authorization": HEADER})

    message = decode(frame, endpoint.secrets)

    assert isinstance(message, ErrorReceived | SubscriptionRefused)
    check(message)
    assert "canary" not in getattr(message, "raw_message", "")


@pytest.mark.parametrize("is_established", [False, True])
async def test_no_close_of_a_server_shows_the_headers_that_it_got(
    make_client: MakeClient, is_established: bool
) -> None:
    async with DevServer([APP]) as server:
        client = make_client(at=address(server), app=APP, headers={"X-Token": HEADER})
        reported: list[ClientNotice] = []
        client.listen(reported.append)
        if is_established:
            await connect(client)
            await server.send_raw(frames.error(None, f"Bad header {HEADER}"))
            await server.close_all(4000, f"Bad header {HEADER}")
        else:
            server.faults.handshake_close = 4000
            server.faults.handshake_close_reason = f"Bad header {HEADER}"
            client.connect()
        await until(lambda: client.last_error)
        check(*reported, client.last_error)
        assert client.last_error is not None
        assert client.last_error.message == "Bad header [redacted]"


async def test_a_running_client_logs_and_reports_nothing_secret(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components")
    async with DevServer([APP]) as server:
        wrong_key = bytes(reversed(SHARED_SECRET))
        client = make_client(
            at=address(server), app=APP, authorizer=secret_authorizer(master_key=wrong_key)
        )
        reported: list[ClientNotice] = []
        client.listen(reported.append)
        client.sign_in()
        channel = client.subscribe("private-encrypted-a")
        received = notices_of(channel)
        channel.bind(lambda _event: None)
        await connect(client)
        await channel.wait_subscribed()
        await server.publish(channel.name, "news", "canary")
        await until(lambda: len(received) == 2)
        await server.close_all(4200)
        await until(lambda: channel.is_subscribed and client.user.user_id)
        await client.disconnect()
        check(*reported, *received, channel, client, client.user, client.last_error)
    assert "canary" not in caplog.text
