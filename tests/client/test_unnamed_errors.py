"""Servers that answer a request with a `pusher:error` without a code, a channel, or both."""

import pytest

from custom_components.pusher_channels.client import PusherClient, SigninFailed
from tools.devserver import PROFILES, DevServer, frames

from .channel_helpers import (
    all_handled,
    client_notices,
    notices_of,
    refusal,
    subscribe_unanswered,
    subscribed,
    subscribes,
)
from .conftest import APP, Clock, MakeClient, address, connect, settle, until

SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("private-a", "Auth info required to subscribe to private-a"),
        (
            "private-a",
            "Auth value for subscription to private-a is invalid: should be of the format",
        ),
        (
            "presence-a",
            "presence-a is a presence channel and subscription must include channel_data",
        ),
        (
            "private-a",
            "Invalid signature: Expected HMAC SHA256 hex digest of 1.2:private-a, but got x",
        ),
        (
            "presence-a",
            'Invalid signature: Expected HMAC SHA256 hex digest of 1.2:presence-a:{"user_id":"b"}',
        ),
        (
            f"private-user.{SHA1}",
            f"Expected HMAC SHA256 hex digest of 1.2:private-user.{SHA1}, but",
        ),
        ("private-a.b", "You may not subscribe to private-a.b."),
    ],
)
async def test_the_channel_in_the_text_is_refused_and_not_asked_for_again(
    client: PusherClient, server: DevServer, clock: Clock, name: str, message: str
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    other = client.subscribe("private-other")
    await until(lambda: len(subscribes(server)) == 1)
    channel = client.subscribe(name)
    await until(lambda: len(subscribes(server)) == 2)

    server.connections[0].send(frames.error(None, message))

    error = await refusal(channel)
    assert (error.type, error.status) == ("AuthError", 401)
    assert error.error == message.replace(SHA1, "[redacted]")
    assert other.error is None
    await clock.pass_by(8)
    assert len(subscribes(server)) == 2


@pytest.mark.parametrize(
    "message",
    [
        "Invalid key in subscription auth data: 'x'",
        "user_info supplied to presence subscription is invalid",
    ],
)
async def test_an_error_without_a_name_answers_the_oldest_request(
    client: PusherClient, server: DevServer, message: str
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    public = client.subscribe("public")
    first, second = client.subscribe("private-first"), client.subscribe("presence-second")
    await until(lambda: len(subscribes(server)) == 3)
    client.sign_in()
    failures = client_notices(client, SigninFailed)

    server.connections[0].send(frames.error(None, message))
    assert (await refusal(first)).error == message
    assert second.error is None
    server.connections[0].send(frames.error(None, message))
    assert (await refusal(second)).error == message

    assert public.error is None
    assert not failures


@pytest.mark.parametrize("name", ["privateer", "private", "presence_room"])
async def test_reverb_refuses_a_public_channel_whose_name_begins_as_a_private_one(
    make_client: MakeClient, name: str
) -> None:
    async with DevServer([APP], profile=PROFILES["reverb"]) as reverb:
        client = await connect(make_client(at=address(reverb)))

        error = await refusal(client.subscribe(name))

        assert (error.type, error.status) == ("AuthError", 403)
        assert error.error == "Connection is unauthorized"


@pytest.mark.parametrize(
    ("code", "status"), [(None, 401), (0, 401), (4009, 401), (401, 401), (403, 403)]
)
@pytest.mark.parametrize("message", ["Denied", "Subscription to private-a is denied"])
async def test_the_code_of_a_refusal_may_be_missing_or_one_of_http(
    client: PusherClient, server: DevServer, code: int | None, status: int, message: str
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    channel = client.subscribe("private-a")
    await until(lambda: len(subscribes(server)) == 1)

    server.connections[0].send(frames.error(code, message))

    error = await refusal(channel)
    assert (error.error, error.status) == (message, status)


async def test_a_second_error_about_a_channel_answers_no_other_request(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    channel, other = client.subscribe("private-a"), client.subscribe("private-other")
    await until(lambda: len(subscribes(server)) == 2)

    for _ in range(2):
        message = "Auth info required to subscribe to private-a"
        server.connections[0].send(frames.error(None, message))
    await refusal(channel)
    await all_handled(client, server.connections[0])

    assert other.error is None


async def test_a_channel_that_was_refused_for_an_unnamed_error_accepts_a_late_success(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    channel = client.subscribe("private-a")
    await until(lambda: len(subscribes(server)) == 1)
    server.connections[0].send(frames.error(None, "Something else is wrong"))
    await refusal(channel)

    server.connections[0].send(frames.subscription_succeeded("private-a"))

    await until(lambda: channel.is_subscribed)
    assert channel.error is None


async def test_a_channel_without_references_is_unsubscribed_after_an_unnamed_error(
    client: PusherClient, server: DevServer
) -> None:
    """The error may be about something else, and the server may yet subscribe the channel."""
    await subscribe_unanswered(client, server, "private-a")
    client.unsubscribe("private-a")

    server.connections[0].send(frames.error(None, "Something else is wrong"))

    frame = await server.wait_received("pusher:unsubscribe")
    assert frame.channel == "private-a"


@pytest.mark.parametrize(
    ("code", "message", "channel"),
    [
        (4301, "To send client events, you must enable this feature.", None),
        (None, "Client event rejected - only supported on private channels", None),
        (None, "Something about another channel", "private-b"),
        (4100, "Over capacity", None),
        (4009, "Connection not authorized within timeout.", None),
        (4009, "Origin not allowed", None),
    ],
)
async def test_errors_about_something_else_answer_no_request(
    client: PusherClient, server: DevServer, code: int | None, message: str, channel: str | None
) -> None:
    pending = await subscribe_unanswered(client, server, "private-a")

    server.connections[0].send(frames.error(code, message, channel))
    await subscribed(client, "marker")

    assert pending.error is None


async def test_the_text_of_a_timeout_has_the_servers_error(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    """Reverb answers a presence subscription without user_info only with a general error."""
    channel = await subscribe_unanswered(client, server, "presence-a")
    server.connections[0].send(frames.error(4200, "Invalid message format"))
    await subscribed(client, "marker")
    assert channel.error is None

    await clock.pass_by(10)

    assert (await refusal(channel)).error == (
        "The server did not answer within 10 seconds; it reported: Invalid message format (4200)"
    )


async def test_a_sign_in_that_the_server_does_not_know_is_refused(
    client: PusherClient, server: DevServer
) -> None:
    """Reverb."""
    failures = client_notices(client, SigninFailed)
    channel = await subscribe_unanswered(client, server, "private-a")

    client.sign_in()
    server.connections[0].send(frames.error(4200, "Invalid message format"))
    await until(lambda: failures)

    assert failures == [SigninFailed("Invalid message format", 4200)]
    assert channel.error is None


async def test_two_callers_share_a_subscription_and_one_may_give_up(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"private-a"}
    await connect(client)
    channel = client.subscribe("private-a")
    assert client.subscribe("private-a") is channel
    notices = notices_of(channel)
    await until(lambda: subscribes(server))
    client.unsubscribe("private-a")
    await settle()

    server.connections[0].send(frames.subscription_succeeded("private-a"))

    await channel.wait_subscribed()
    assert len(notices) == 1
