"""Channels that cannot be subscribed: notices and retries."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.channel import ChannelState
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.exceptions import SubscriptionError
from custom_components.pusher_channels.client.messages import (
    ErrorReceived,
    SubscriptionRefused,
    SubscriptionSucceeded,
)
from tools.devserver import DevServer, frames

from .channel_helpers import (
    HeldAuthorizer,
    client_notices,
    endpoint,
    notices_of,
    refusal,
    sent,
    subscribe_unanswered,
    subscribed,
    subscribed_by_a_late_answer,
    subscribes,
)
from .conftest import AUTHORIZER, Clock, MakeClient, connect, settle, until

pytestmark = pytest.mark.every_server

SIGNATURE = "5d41402abc4b2a76b9719d911017c592ae2f7e3bde1f7f1b0b5a8d3f5e9a2c11"
BAD_SIGNATURE = "Invalid signature: Expected HMAC SHA256 hex digest of {signed}, but got {got}"


def fake(event: str, channel: str, data: str = "{}") -> str:
    """Return a frame in pusher-fake's shape."""
    return json.dumps({"event": event, "data": data, "channel": channel})


@pytest.mark.parametrize(
    ("status", "body", "reported", "text"),
    [
        (200, "not json", 200, "not JSON"),
        (200, '"text"', 200, "not an object"),
        (200, '{"channel_data": "{}"}', 200, "no auth"),
        (200, '{"auth": 5}', 200, "no auth"),
        (403, '{"message": "Not for you"}', 403, "Not for you"),
        (404, "<html>", 404, "404"),
    ],
)
async def test_an_invalid_answer_is_reported_and_nothing_is_sent(
    make_client: MakeClient,
    server: DevServer,
    session: ClientSession,
    clock: Clock,
    status: int,
    body: str,
    reported: int,
    text: str,
) -> None:
    server.faults.auth_status, server.faults.auth_body = status, body
    client = await connect(make_client(authorizer=endpoint(server, session)))
    channel = client.subscribe("private-a")
    received = notices_of(channel)
    with pytest.raises(SubscriptionError, match=text) as caught:
        await channel.wait_subscribed()
    assert (caught.value.type, caught.value.status) == ("AuthError", reported)
    assert caught.value.message == str(caught.value)
    assert received == [channel.error]
    assert channel.state is ChannelState.FAILED

    clock.skip(30)
    await settle()
    assert len(server.auth_requests) == 1
    assert not subscribes(server)


@pytest.mark.parametrize("status", [429, 500])
async def test_a_busy_endpoint_is_asked_again(
    make_client: MakeClient,
    server: DevServer,
    session: ClientSession,
    clock: Clock,
    status: int,
) -> None:
    server.faults.auth_status = status
    client = await connect(make_client(authorizer=endpoint(server, session)))
    channel = client.subscribe("private-a")
    assert (await refusal(channel)).status == status
    clock.skip(0.5)
    await settle()
    assert len(server.auth_requests) == 1

    server.faults.reset()
    clock.skip(1.5)
    await channel.wait_subscribed()
    assert channel.error is None


async def test_an_endpoint_that_stays_busy_is_asked_ever_later(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.faults.auth_status = 503
    client = await connect(make_client(authorizer=endpoint(server, session)))
    errors = notices_of(client.subscribe("private-a"))
    for shortest in (1, 2, 4, 8, 16, 30, 30):
        await until(lambda: errors)
        errors.clear()
        asked = len(server.auth_requests)
        await clock.pass_by(shortest / 2)
        assert len(server.auth_requests) == asked
        waited = shortest / 2
        while len(server.auth_requests) == asked:
            assert waited < 2 * shortest
            await clock.pass_by(shortest / 8)
            waited += shortest / 8


async def test_waits_start_over_on_a_new_connection(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.faults.auth_status = 500
    client = await connect(make_client(authorizer=endpoint(server, session)))
    errors = notices_of(client.subscribe("private-a"))
    for _ in range(4):
        await until(lambda: errors)
        errors.clear()
        clock.skip(16)
    await until(lambda: errors)
    errors.clear()

    await server.close_all(4200)
    await until(lambda: errors)
    asked = len(server.auth_requests)
    clock.skip(2)
    await server.wait_auth_requests(asked + 1)


async def test_an_unreachable_endpoint_is_status_0_and_asked_again(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.faults.auth_hold = asyncio.Event()
    client = await connect(make_client(authorizer=endpoint(server, session)))
    channel = client.subscribe("private-a")
    await server.wait_auth_requests(1)
    clock.skip(10)
    error = await refusal(channel)
    assert (error.type, error.status) == ("AuthError", 0)

    server.faults.auth_hold.set()
    clock.skip(2)
    await channel.wait_subscribed()


async def test_without_an_authorizer_private_channels_are_refused(
    make_client: MakeClient, server: DevServer
) -> None:
    client = await connect(make_client(authorizer=None))
    channel = client.subscribe("private-a")
    assert (await refusal(channel)).status == 0
    await subscribed(client, "public", "cache-public")
    assert "private-a" not in subscribes(server)


@pytest.mark.parametrize(
    ("answer", "type_", "text", "status"),
    [
        pytest.param(
            frames.subscription_error("private-a", "The connection is unauthorized."),
            "AuthError",
            "The connection is unauthorized.",
            401,
            id="soketi",
        ),
        pytest.param(
            frames.subscription_error("private-a", "Not allowed", 4009, None),
            "AuthError",
            "Not allowed",
            4009,
            id="soketi's bad name",
        ),
        pytest.param(
            fake("pusher_internal:subscription_error", "private-a"),
            "AuthError",
            "The server refused the subscription",
            0,
            id="pusher-fake",
        ),
        pytest.param(
            frames.error(
                None, BAD_SIGNATURE.format(signed="1.2:private-a", got=f"demo-key:{SIGNATURE}")
            ),
            "AuthError",
            BAD_SIGNATURE.format(signed="1.2:private-a", got="demo-key:[redacted]"),
            401,
            id="pusher.com",
        ),
        pytest.param(
            json.dumps(
                {
                    "event": "pusher:error",
                    "data": json.dumps({"code": 4009, "message": "Connection is unauthorized"}),
                }
            ),
            "AuthError",
            "Connection is unauthorized",
            401,
            id="reverb",
        ),
    ],
)
async def test_the_refusal_of_every_server_is_understood(
    client: PusherClient,
    server: DevServer,
    clock: Clock,
    answer: str,
    type_: str,
    text: str,
    status: int,
) -> None:
    server.faults.subscribe_answers = {"private-a": answer}
    await connect(client)
    channel = client.subscribe("private-a")
    errors = client_notices(client, ErrorReceived)
    assert await refusal(channel) == SubscriptionRefused("private-a", type_, text, status)
    assert SIGNATURE not in f"{channel.error}{errors}"
    clock.skip(12)
    await settle()
    assert subscribes(server) == ["private-a"]


async def test_a_bad_signature_of_a_presence_channel_names_the_member_too(
    client: PusherClient, server: DevServer
) -> None:
    signed = '1.2:presence-a:{"user_id":"me","user_info":{"name":"Me"}}'
    text = BAD_SIGNATURE.format(signed=signed, got=SIGNATURE)
    server.faults.subscribe_answers = {"presence-a": frames.error(None, text)}
    await connect(client)
    error = await refusal(client.subscribe("presence-a"))
    assert error.status == 401
    assert SIGNATURE not in error.error


async def test_pushers_existing_subscription_is_a_success(
    client: PusherClient, server: DevServer
) -> None:
    text = "Existing subscription to channel private-a"
    server.faults.subscribe_answers = {"private-a": frames.error(None, text)}
    await connect(client)
    channel = client.subscribe("private-a")
    received = notices_of(channel)
    await channel.wait_subscribed()
    assert received == [SubscriptionSucceeded("private-a")]


async def test_reverbs_error_names_no_channel_so_the_one_asked_first_is_meant(
    make_client: MakeClient, server: DevServer
) -> None:
    authorizer = HeldAuthorizer({"private-late"})
    client = await connect(make_client(authorizer=authorizer))
    server.faults.unanswered_channels = {"*"}
    late = client.subscribe("private-late")
    public = client.subscribe("public")
    first, second = client.subscribe("private-first"), client.subscribe("private-second")
    await server.wait_received(lambda frame: frame.channel == "private-second")
    server.connections[0].send(frames.error(4009, "Connection is unauthorized"))
    await refusal(first)
    assert {late.state, public.state, second.state} == {ChannelState.PENDING}

    server.connections[0].send(frames.error(4009, "Connection is unauthorized"))
    await refusal(second)
    errors = client_notices(client, ErrorReceived)
    server.connections[0].send(frames.error(4009, "Connection is unauthorized"))
    await until(lambda: errors)
    server.faults.reset()
    authorizer.gate.set()
    await late.wait_subscribed()
    assert public.state is ChannelState.PENDING


@pytest.mark.parametrize(
    "answer",
    [
        frames.subscription_error("a", "Too many members", 4100, "LimitReached"),
        frames.subscription_error("a", "Slow down", 429),
        frames.subscription_error("a", "Broken", 500),
        frames.subscription_error("a", "Broken", 599),
    ],
)
async def test_a_refusal_that_may_pass_is_tried_again(
    client: PusherClient, server: DevServer, clock: Clock, answer: str
) -> None:
    server.faults.subscribe_answers = {"a": answer}
    await connect(client)
    channel = client.subscribe("a")
    await refusal(channel)
    clock.skip(0.5)
    await settle()
    assert subscribes(server) == ["a"]
    server.faults.reset()
    clock.skip(1.5)
    await channel.wait_subscribed()


async def test_no_answer_within_ten_seconds_is_tried_again(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    channel = await subscribe_unanswered(client, server, "a")
    received = notices_of(channel)
    clock.skip(9)
    await settle()
    assert not received
    clock.skip(1)
    await until(lambda: received)
    [error] = received
    text = "The server did not answer within 10 seconds"
    assert error == SubscriptionRefused("a", "Timeout", text, 0)

    server.faults.reset()
    clock.skip(2)
    await channel.wait_subscribed()
    assert subscribes(server) == ["a", "a"]
    clock.skip(15)
    await settle()
    assert channel.is_subscribed


async def test_a_late_answer_while_authorizing_again_needs_no_second_subscribe(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    authorizer = HeldAuthorizer(set())
    client = make_client(authorizer=authorizer)
    channel = await subscribed_by_a_late_answer(client, server, clock, authorizer)

    authorizer.gate.set()
    clock.skip(15)
    await settle()
    assert channel.is_subscribed
    assert len(sent(server, "pusher:subscribe")) == 1


async def test_subscribing_once_more_tries_a_refused_channel_at_once(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.subscribe_answers = {"private-a": frames.subscription_error("private-a", "No")}
    await connect(client)
    channel = client.subscribe("private-a")
    await refusal(channel)
    server.faults.reset()
    client.subscribe("private-a")
    await channel.wait_subscribed()
    assert AUTHORIZER.user.user_id not in repr(channel)
