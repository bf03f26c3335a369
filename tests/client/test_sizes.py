"""Messages that one side finds too large."""

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import (
    ConnectionState,
    FailureReason,
    InvalidUseError,
    Misuse,
    PusherClient,
)
from tools.devserver import DevServer, frames

from .channel_helpers import presence, refusal, subscribed, subscribes
from .conftest import Clock, connect, until
from .record import Record

HUGE = "x" * 17_000_000


async def failures(record: Record, count: int) -> None:
    """Wait for that many failures."""
    await until(lambda: len(record.failures) == count)


async def requests(server: DevServer, name: str, count: int) -> None:
    """Wait until a channel was requested that many times."""
    await until(lambda: subscribes(server).count(name) == count)


async def test_a_client_event_that_was_too_large_is_not_sent_again(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    record = Record(client)
    [channel] = await subscribed(client, "private-a")
    await client.trigger("private-a", "client-small", "x" * 8000)
    await client.trigger("private-a", "client-large", "x" * 9950)
    server.connections[0].start_close(1009, "Max frame size exceeded")
    await until(lambda: record.failures)

    assert record.failures[0].reason is FailureReason.SENT_TOO_LARGE
    assert str(record.failures[0]) == (
        "A message was too large for the server: Max frame size exceeded (1009)"
    )
    await until(lambda: channel.is_subscribed)
    for size in (9950, 10_100):
        with pytest.raises(InvalidUseError) as caught:
            await client.trigger("private-a", "client-large", "x" * size)
        assert caught.value.misuse is Misuse.DATA_SIZE
    await client.trigger("private-a", "client-large", "x" * 9900)


async def test_a_close_long_after_a_client_event_teaches_nothing(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    await connect(client)
    record = Record(client)
    [channel] = await subscribed(client, "private-a")
    await client.trigger("private-a", "client-large", "x" * 9950)
    clock.skip(6)
    server.connections[0].start_close(1009)
    await until(lambda: record.failures)
    await until(lambda: channel.is_subscribed)

    await client.trigger("private-a", "client-large", "x" * 9950)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("presence-a", presence("presence-a", {"ids": [HUGE], "hash": {}, "count": 1})),
        ("cache-a", frames.subscription_succeeded("cache-a")),
    ],
)
async def test_a_channel_with_a_too_large_answer_is_left_out_the_second_time(
    client: PusherClient, server: DevServer, clock: Clock, name: str, answer: str
) -> None:
    """The answer of a presence channel, or the cached event that follows the one of a cache channel."""
    server.faults.subscribe_answers = {name: answer}
    await connect(client)
    [other] = await subscribed(client, "other")
    record = Record(client)

    channel = client.subscribe(name)
    for attempt in (1, 2):
        if name == "cache-a":
            await until(lambda: channel.is_subscribed)
            server.connections[-1].send(frames.event(name, "stored", HUGE))
        await failures(record, attempt)
    await clock.pass_by(5)

    error = await refusal(channel)
    assert (error.type, error.status, error.is_retried) == ("TooLarge", 1009, False)
    assert [it.reason for it in record.failures] == [FailureReason.RECEIVED_TOO_LARGE] * 2
    await until(lambda: other.is_subscribed)
    assert client.state is ConnectionState.CONNECTED
    assert subscribes(server).count(name) == 2

    server.faults.reset()
    client.subscribe(name)
    await channel.wait_subscribed()


async def test_a_subscription_that_is_too_large_for_the_server_is_left_out_the_second_time(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.unanswered_channels = {"private-a"}
    await connect(client)
    [other] = await subscribed(client, "other")
    channel = client.subscribe("private-a")

    record = Record(client)
    for attempt in (1, 2):
        await requests(server, "private-a", attempt)
        server.connections[-1].start_close(1009)
        await failures(record, attempt)
    await clock.pass_by(5)

    assert (await refusal(channel)).type == "TooLarge"
    await until(lambda: other.is_subscribed)


async def test_a_redirect_is_not_followed(
    client: PusherClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.upgrade_status = 302
    server.faults.upgrade_location = "/elsewhere"
    record = Record(client)

    client.connect()
    await until(lambda: record.failures)

    assert record.failures[0].reason is FailureReason.NOT_PUSHER
    assert str(record.failures[0]) == (
        "The server answered with a redirect (302), which is not followed"
    )
    assert [attempt.path for attempt in server.attempts] == ["/app/demo-key"]
