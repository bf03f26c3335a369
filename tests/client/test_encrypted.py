"""Encrypted channels: decryption, requests for keys, failures."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import SecretAuthorizer
from custom_components.pusher_channels.client.channel import (
    ChannelNotice,
    DecryptionFailure,
    Unsubscribed,
)
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.messages import Event, Json, SubscriptionSucceeded
from tools.devserver import DevServer, frames

from .channel_helpers import (
    all_handled,
    encrypted,
    endpoint,
    events_of,
    notices_of,
    refusal,
    subscribed,
    subscribes,
)
from .conftest import APP, USER, Clock, MakeClient, connect, until
from .vectors import VECTORS

pytestmark = pytest.mark.every_server

NAME = "private-encrypted-a"
WRONG_KEY = "The shared secret does not fit the data"
NOT_SEALED = "The data is not encrypted"


@pytest.fixture
async def asking(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> PusherClient:
    """Return a connected client that asks an endpoint for shared secrets."""
    return await connect(make_client(authorizer=endpoint(server, session)))


def failure(event: str, reason: str = WRONG_KEY, channel: str = NAME) -> ChannelNotice:
    return DecryptionFailure(channel, event, reason)


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


@pytest.mark.parametrize("value", [{"a": [1, "ü"]}, "plain text", "", [1], '{"broken'])
async def test_what_the_official_library_encrypts_is_decrypted(
    client: PusherClient, server: DevServer, value: Json
) -> None:
    await connect(client)
    [channel] = await subscribed(client, NAME)
    received = events_of(channel)
    await server.publish(NAME, "news", value)
    await until(lambda: received)
    assert (received[0].channel, received[0].name, received[0].data) == (NAME, "news", value)
    assert not received[0].cached


async def test_without_a_shared_secret_it_is_not_subscribed(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.auth_omit = {"shared_secret"}
    error = await refusal(asking.subscribe(NAME))
    assert (error.error, error.status) == ("The answer has no shared_secret", 200)
    assert not subscribes(server)


@pytest.mark.parametrize("secret", ["!", "AAAA", "", 5, [], "ü"])
async def test_a_shared_secret_that_is_no_key_is_as_good_as_none(
    asking: PusherClient, server: DevServer, secret: Json
) -> None:
    server.faults.auth_body = json.dumps({"auth": "a:b", "shared_secret": secret})
    error = await refusal(asking.subscribe(NAME))
    text = "The answer's shared_secret is not the base64 of 32 bytes"
    assert (error.error, error.status) == (text, 200)
    assert not subscribes(server)


async def test_an_app_secret_without_a_master_key_cannot_subscribe(
    make_client: MakeClient, server: DevServer
) -> None:
    client = await connect(make_client(authorizer=SecretAuthorizer(APP.key, APP.secret, USER)))
    error = await refusal(client.subscribe(NAME))
    assert error.error == "An encrypted channel needs the encryption master key"
    assert not subscribes(server)


async def test_only_a_cache_miss_is_dispatched_without_decryption_and_never_with_data(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, NAME)
    received, reported = events_of(channel), notices_of(channel)
    vector = VECTORS["decrypt_payload_errors"][4]
    server.connections[0].send(frames.event(NAME, vector["event"], vector["data"]))
    server.connections[0].send(frames.event(NAME, "pusher:open-the-door", {"do": "unlock"}))
    server.connections[0].send(frames.event(NAME, "pusher:cache_miss", {"do": "unlock"}))
    await until(lambda: received)
    assert [(event.name, event.data) for event in received] == [("pusher:cache_miss", None)]
    reason = "The data is not encrypted"
    assert reported == [failure(vector["event"], reason), failure("pusher:open-the-door", reason)]


async def test_a_key_that_does_not_fit_is_requested_once_more(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    await server.publish(NAME, "first", {"n": 1})
    await until(lambda: received)
    await server.publish(NAME, "second", {"n": 2})
    await until(lambda: len(received) == 2)
    assert [event.data for event in received] == [{"n": 1}, {"n": 2}]
    assert [request.channel_name for request in server.auth_requests] == [NAME, NAME]
    assert server.auth_requests[1].socket_id == asking.socket_id
    assert subscribes(server) == [NAME]
    assert not reported


async def test_a_second_wrong_key_fails_the_event_and_the_next_one_asks_again(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 2
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    await server.publish(NAME, "first", "")
    await until(lambda: reported)
    assert reported == [failure("first")]
    assert len(server.auth_requests) == 2

    await server.publish(NAME, "second", "")
    await until(lambda: received)
    assert names(received) == ["second"]
    assert len(server.auth_requests) == 3
    assert reported == [failure("first")]


async def test_requests_for_a_key_that_never_fits_are_spaced_in_time(
    asking: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.wrong_shared_secrets = 99
    [channel] = await subscribed(asking, NAME)
    received, failures = events_of(channel), notices_of(channel)

    async def publish(times: int) -> None:
        for number in range(times):
            await server.publish(NAME, str(number), "")
            await until(lambda: failures)
            assert failures.pop() == failure(str(number))

    await publish(20)
    assert len(server.auth_requests) == 1 + 2
    clock.skip(1)
    await publish(20)
    assert len(server.auth_requests) == 1 + 3
    clock.skip(1)
    await publish(1)
    assert len(server.auth_requests) == 1 + 3
    clock.skip(60)
    server.faults.reset()
    await server.publish(NAME, "fits", "")
    await until(lambda: received)
    assert names(received) == ["fits"]
    assert len(server.auth_requests) == 1 + 4


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "No new shared secret: The endpoint answered 403"),
        (500, "No new shared secret: The endpoint answered 500"),
        (200, "No new shared secret: The answer has no shared_secret"),
    ],
)
async def test_no_answer_to_the_request_for_a_key_fails_the_event(
    asking: PusherClient, server: DevServer, status: int, reason: str
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    server.faults.auth_status, server.faults.auth_body = status, '{"auth": "a:b"}'
    await server.publish(NAME, "first", "")
    await until(lambda: reported)
    assert reported == [failure("first", reason)]
    assert channel.is_subscribed

    server.faults.reset()
    await server.publish(NAME, "second", "")
    await until(lambda: received)
    assert names(received) == ["second"]


@pytest.mark.parametrize(
    "data", [vector["data"] for vector in VECTORS["decrypt_payload_errors"][:3]]
)
async def test_data_that_no_key_decrypts_fails_without_a_request(
    asking: PusherClient, server: DevServer, data: str
) -> None:
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    server.connections[0].send(frames.event(NAME, "bad", data))
    await server.publish(NAME, "good", "")
    await until(lambda: received)
    assert reported == [failure("bad", NOT_SEALED)]
    assert names(received) == ["good"]
    assert len(server.auth_requests) == 1


async def test_a_burst_waits_for_one_request_and_keeps_its_order(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel, other] = await subscribed(asking, NAME, "private-encrypted-b")
    received, reported, on_other = events_of(channel), notices_of(channel), events_of(other)
    server.faults.auth_hold = asyncio.Event()
    await server.publish(NAME, "0", "")
    await server.wait_auth_requests(3)
    for number in range(1, 20):
        await server.publish(NAME, str(number), "")
    server.connections[0].send(frames.event(NAME, "tampered", encrypted("private-encrypted-x", "")))
    await server.publish("private-encrypted-b", "undisturbed", "")
    await until(lambda: on_other)
    assert not received

    server.faults.auth_hold.set()
    await until(lambda: reported)
    assert names(received) == [str(number) for number in range(20)]
    assert reported == [failure("tampered")]
    assert len(server.auth_requests) == 3
    await server.publish(NAME, "later", "")
    await until(lambda: len(received) == 21)


async def test_an_event_that_the_present_key_decrypts_waits_its_turn(
    asking: PusherClient, server: DevServer
) -> None:
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    held = server.faults.auth_hold = asyncio.Event()
    server.connections[0].send(frames.event(NAME, "foreign", encrypted("private-encrypted-x", "")))
    await server.publish(NAME, "good", "")
    await server.wait_auth_requests(2)
    await all_handled(asking, server.connections[0])
    assert not received
    assert not reported

    held.set()
    await until(lambda: received)
    assert names(received) == ["good"]
    assert reported == [failure("foreign")]


async def test_a_request_for_a_key_ends_with_the_channel(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    channel.bind(lambda _event: None)
    held = server.faults.auth_hold = asyncio.Event()
    await server.publish(NAME, "first", "")
    await server.wait_auth_requests(2)
    asking.unsubscribe(NAME)
    await until(lambda: "pusher_channels key" not in {it.get_name() for it in asyncio.all_tasks()})
    held.set()


async def test_events_that_wait_for_a_key_when_the_connection_ends_are_reported(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    received, reported = events_of(channel), notices_of(channel)
    held = server.faults.auth_hold = asyncio.Event()
    await server.publish(NAME, "first", "")
    await server.publish(NAME, "second", "")
    await server.wait_auth_requests(2)
    await all_handled(asking, server.connections[0])
    server.faults.reset()
    await server.close_all(4200)
    held.set()
    await until(lambda: channel.is_subscribed and len(reported) == 4)
    ended = "The connection ended before a new shared secret arrived"
    assert reported == [
        failure("first", ended),
        failure("second", ended),
        Unsubscribed(NAME),
        SubscriptionSucceeded(NAME),
    ]
    await server.publish(NAME, "third", "")
    await until(lambda: received)
    assert names(received) == ["third"]


async def test_a_listener_that_raises_is_no_decryption_failure(
    asking: PusherClient, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: Event) -> None:
        raise ValueError(event.name)

    [channel] = await subscribed(asking, NAME)
    channel.bind(broken)
    received, reported = events_of(channel), notices_of(channel)
    await server.publish(NAME, "news", "")
    await until(lambda: received)
    assert not reported
    assert len(server.auth_requests) == 1
    assert "ValueError: news" in caplog.text


async def test_the_queue_of_events_that_wait_for_a_key_is_bounded(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    received, failures = events_of(channel), notices_of(channel)
    held = server.faults.auth_hold = asyncio.Event()
    data = encrypted(NAME, "x" * 100_000)
    for number in range(200):
        server.connections[0].send(frames.event(NAME, str(number), data))
    await server.wait_auth_requests(2)
    await all_handled(asking, server.connections[0])

    reason = "Too many events wait for a new shared secret"
    dropped = len(failures)
    assert 100 < dropped < 150
    assert failures == [failure(str(number), reason) for number in range(dropped)]

    server.faults.reset()
    held.set()
    await until(lambda: len(received) == 200 - dropped)
    assert names(received) == [str(number) for number in range(dropped, 200)]


async def test_the_number_of_events_that_wait_for_a_key_is_bounded(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.wrong_shared_secrets = 1
    [channel] = await subscribed(asking, NAME)
    events_of(channel)
    failures = notices_of(channel)
    held = server.faults.auth_hold = asyncio.Event()
    data = encrypted(NAME, "")
    for number in range(1010):
        server.connections[0].send(frames.event(NAME, str(number), data))
    await server.wait_auth_requests(2)
    await all_handled(asking, server.connections[0])

    assert len(failures) == 10
    held.set()
