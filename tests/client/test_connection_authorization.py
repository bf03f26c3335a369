"""Servers that close a connection which is not authorized within a time."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import (
    ConnectionState,
    EndpointAuthorizer,
    FailureReason,
    SecretAuthorizer,
    User,
)
from custom_components.pusher_channels.client.authorizers import Authorizer
from custom_components.pusher_channels.client.connection_authorization import PROBE_CHANNEL
from tools.devserver import DevServer, frames

from .channel_helpers import sent, subscribed
from .conftest import APP, AUTHORIZER, Clock, MakeClient, address, connect, until
from .record import Record

TIMEOUT = 30
STRICT = replace(APP, authorization_timeout=TIMEOUT)
WRONG_SECRET = SecretAuthorizer(APP.key, "wrong", User("me"))


@pytest.fixture
async def strict() -> AsyncIterator[DevServer]:
    """Run a server that requires each connection to be authorized within 30 seconds."""
    async with DevServer([STRICT]) as server:
        yield server


def endpoint(server: DevServer, session: ClientSession, kind: str) -> Authorizer | None:
    """Return an authorizer of a kind."""
    match kind:
        case "secret":
            return AUTHORIZER
        case "user":
            return EndpointAuthorizer(session, server.auth_url, server.user_auth_url)
        case "channels":
            return EndpointAuthorizer(session, server.auth_url)
        case _:
            return None


@pytest.mark.parametrize(
    ("kind", "request_sent"), [("secret", "pusher:subscribe"), ("user", "pusher:signin")]
)
async def test_after_a_timeout_each_connection_is_authorized_at_once(
    make_client: MakeClient,
    strict: DevServer,
    session: ClientSession,
    clock: Clock,
    kind: str,
    request_sent: str,
) -> None:
    client = make_client(at=address(strict), authorizer=endpoint(strict, session, kind))
    record = Record(client)
    await connect(client)
    [news] = await subscribed(client, "news")

    await clock.pass_by(TIMEOUT + 1)
    await until(lambda: client.state is ConnectionState.CONNECTED and news.is_subscribed)
    await strict.wait_received(request_sent)
    assert [failure.reason for failure in record.failures] == [FailureReason.AUTHORIZATION_TIMEOUT]

    await clock.pass_by(5 * TIMEOUT)
    assert len(strict.attempts) == 2
    assert {name for name in client.channels if name.startswith("p")} == set()

    await strict.close_all(4200)
    await until(lambda: news.is_subscribed)
    await clock.pass_by(5 * TIMEOUT)
    assert len(strict.attempts) == 3


@pytest.mark.parametrize("kind", ["none", "channels"])
async def test_a_connection_that_nothing_can_authorize_has_its_own_failure_reason(
    make_client: MakeClient, strict: DevServer, session: ClientSession, clock: Clock, kind: str
) -> None:
    client = make_client(at=address(strict), authorizer=endpoint(strict, session, kind))
    record = Record(client)
    await connect(client)

    await clock.pass_by(3 * TIMEOUT)
    await until(lambda: client.state is ConnectionState.DISCONNECTED)

    assert record.failures[-1].reason is FailureReason.AUTHORIZATION_REQUIRED
    assert record.failures[-1].code == 4009


async def test_a_private_channel_connects_a_client_again_that_nothing_could_authorize(
    make_client: MakeClient, strict: DevServer, session: ClientSession, clock: Clock
) -> None:
    """Home Assistant subscribes its channels once it has started, which may take minutes."""
    client = make_client(at=address(strict), authorizer=endpoint(strict, session, "channels"))
    await connect(client)
    await clock.pass_by(3 * TIMEOUT)
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    client.subscribe("news")
    assert client.state is ConnectionState.DISCONNECTED

    orders = client.subscribe("private-orders")

    await orders.wait_subscribed()
    await clock.pass_by(5 * TIMEOUT)
    assert orders.is_subscribed


async def test_a_disconnected_client_stays_so_when_a_channel_is_subscribed(
    make_client: MakeClient, strict: DevServer, session: ClientSession, clock: Clock
) -> None:
    client = make_client(at=address(strict), authorizer=None)
    await connect(client)
    await clock.pass_by(TIMEOUT + 1)
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    await client.disconnect()

    client.subscribe("private-orders")

    assert client.state is ConnectionState.DISCONNECTED


async def test_a_wrong_secret_is_reported_with_the_servers_error(
    make_client: MakeClient, strict: DevServer, clock: Clock
) -> None:
    client = make_client(at=address(strict), authorizer=WRONG_SECRET)
    await connect(client)

    await clock.pass_by(3 * TIMEOUT)
    await until(lambda: client.state is ConnectionState.DISCONNECTED)

    assert client.last_error is not None
    assert client.last_error.reason is FailureReason.AUTHORIZATION_REQUIRED
    assert client.last_error.message.endswith("The connection is unauthorized.")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Connection not authorized within timeout.", FailureReason.AUTHORIZATION_TIMEOUT),
        ("Not authorized within the time limit", FailureReason.AUTHORIZATION_TIMEOUT),
        ("Authorization timed out", FailureReason.AUTHORIZATION_TIMEOUT),
        ("Origin not allowed", FailureReason.ORIGIN_NOT_ALLOWED),
        ("The origin https://a.example is not in the list", FailureReason.ORIGIN_NOT_ALLOWED),
        ("Connection is unauthorized", FailureReason.UNAUTHORIZED),
        ("", FailureReason.UNAUTHORIZED),
    ],
)
@pytest.mark.parametrize("how", ["frame", "close"])
async def test_the_text_tells_the_kinds_of_4009_apart(
    make_client: MakeClient, server: DevServer, message: str, reason: FailureReason, how: str
) -> None:
    client = make_client()
    record = Record(client)
    if how == "frame":
        server.faults.first_frame = frames.error(4009, message)
    else:
        server.faults.handshake_close = 4009
        server.faults.handshake_close_reason = message

    client.connect()
    await until(lambda: record.failures)

    assert (record.failures[0].reason, record.failures[0].code) == (reason, 4009)


async def test_an_error_without_a_close_code_is_the_reason_of_the_failure(
    make_client: MakeClient, server: DevServer
) -> None:
    """Reverb ends the connection without a close frame."""
    client = await connect(make_client())
    record = Record(client)
    server.connections[0].send(frames.error(4009, "Connection not authorized within timeout"))
    await until(lambda: record.errors)

    server.abort_all()
    await until(lambda: record.failures)

    assert record.failures[0].reason is FailureReason.AUTHORIZATION_TIMEOUT
    await until(lambda: client.state is ConnectionState.CONNECTED)
    await until(lambda: sent(server, "pusher:subscribe"))


async def test_the_origin_and_headers_are_sent(
    make_client: MakeClient,
) -> None:
    app = replace(APP, origins=frozenset({"https://shop.example"}))
    async with DevServer([app]) as server:
        refused = make_client(at=address(server), origin="https://other.example")
        record = Record(refused)
        refused.connect()
        await until(lambda: record.failures)
        assert record.failures[0].reason is FailureReason.ORIGIN_NOT_ALLOWED

        client = make_client(
            at=address(server), origin="https://shop.example", headers={"X-Access": "canary"}
        )
        await connect(client)
        assert server.attempts[-1].headers["X-Access"] == "canary"
        await client.disconnect()
        await refused.disconnect()


async def test_an_error_about_the_probe_channel_explains_the_failure_and_refuses_no_channel(
    make_client: MakeClient, strict: DevServer, clock: Clock
) -> None:
    strict.faults.subscribe_answers[PROBE_CHANNEL] = frames.error(
        None, f"Invalid key in subscription auth data of {PROBE_CHANNEL}"
    )
    client = make_client(at=address(strict), authorizer=AUTHORIZER)
    record = Record(client)
    await connect(client)
    [news] = await subscribed(client, "news")

    await clock.pass_by(4 * TIMEOUT)
    await until(lambda: client.state is ConnectionState.DISCONNECTED)

    assert record.failures[-1].reason is FailureReason.AUTHORIZATION_REQUIRED
    assert "Invalid key in subscription auth data" in record.failures[-1].message
    assert news.error is None
