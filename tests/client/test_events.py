"""Which listeners get an event, and which event of a cache channel is cached."""

import asyncio

import orjson
import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import messages
from custom_components.pusher_channels.client.channel import Channel, DecryptionFailure
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.messages import Event, Json, SubscriptionCount
from tools.devserver import App, DevServer, frames

from .channel_helpers import all_handled, encrypted, endpoint, events_of, notices_of, subscribed
from .conftest import Clock, MakeClient, address, connect, until

CACHE_CHANNELS = ["cache-a", "private-cache-a", "presence-cache-a", "private-encrypted-cache-a"]


def of_channel(events: list[Event], channel: str) -> list[tuple[str, Json, bool]]:
    """Return name, data and mark of one channel's events."""
    return [(event.name, event.data, event.cached) for event in events if event.channel == channel]


async def test_each_listener_gets_its_channels_events_only(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    orders, news = await subscribed(client, "orders", "news")
    everywhere, on_orders, on_news = events_of(client), events_of(orders), events_of(news)
    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: everywhere)
    [event] = on_orders
    assert (event.channel, event.name, event.data) == ("orders", "shipped", {"id": 1})
    assert everywhere == [event]
    assert not on_news


async def test_names_and_globs_choose_events_until_unbound(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "orders")
    received: list[str] = []
    unbind = channel.bind(lambda event: received.append(event.name), "order.*", "news")
    all_of_client: list[str] = []
    unbind_client = client.bind(lambda event: all_of_client.append(event.name), "*ship*")
    for name in ("order.shipped", "news", "newspaper", "Order.shipped", "x"):
        await server.publish("orders", name, "")
    await all_handled(client, server.connections[0])
    assert received == ["order.shipped", "news"]
    assert all_of_client == ["order.shipped", "Order.shipped"]

    unbind()
    unbind_client()
    await server.publish("orders", "order.shipped", "")
    await all_handled(client, server.connections[0])
    assert len(received) == 2
    assert len(all_of_client) == 2


async def test_a_listener_bound_during_an_unsubscription_gets_events_if_the_channel_stays(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await subscribed(client, "a")
    await server.publish("a", "known", "")
    await all_handled(client, server.connections[0])
    client.unsubscribe("a")
    received = events_of(client, "known")
    client.subscribe("a")
    await server.publish("a", "known", "")
    await until(lambda: received)


async def test_data_is_decoded_only_when_it_is_read(
    client: PusherClient, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []

    def spy(raw: str) -> object:
        decoded.append(raw)
        return orjson.loads(raw)

    await connect(client)
    [channel] = await subscribed(client, "orders")
    names: list[str] = []
    channel.bind(lambda event: names.append(event.name), "order.*")
    received = events_of(channel, "order.wanted")
    monkeypatch.setattr(messages, "loads", spy)
    await server.publish("orders", "other", {"canary": 1})
    await server.publish("orders", "order.unread", {"canary": 2})
    await server.publish("orders", "order.wanted", {"canary": 3})
    await until(lambda: received)
    assert names == ["order.unread", "order.wanted"]
    assert not decoded
    assert received[0].data == received[0].data == {"canary": 3}
    assert decoded == ['{"canary": 3}']


async def test_an_encrypted_event_without_listeners_is_not_decrypted(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.wrong_shared_secrets = 1
    client = await connect(make_client(authorizer=endpoint(server, session)))
    [channel] = await subscribed(client, "private-encrypted-a")
    reported = notices_of(channel)
    expected = events_of(channel, "order.*")
    server.connections[0].send(frames.event(channel.name, "other", "not encrypted"))
    await server.publish(channel.name, "another", {"id": 1})
    await all_handled(client, server.connections[0])
    assert not reported
    assert len(server.auth_requests) == 1

    server.connections[0].send(frames.event(channel.name, "order.x", "not encrypted"))
    await until(lambda: reported)
    assert isinstance(reported[0], DecryptionFailure)
    assert not expected


async def test_internal_events_never_reach_listeners(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    received, reported = events_of(channel), notices_of(channel)
    connection = server.connections[0]
    connection.send(frames.event("a", "pusher_internal:news", "{}"))
    connection.send(frames.member_added("a", {"user_id": "x"}))
    connection.send(frames.member_removed("a", "x"))
    connection.send(frames.subscription_count("unknown", 3))
    connection.send(frames.cache_miss("unknown"))
    await all_handled(client, connection)
    assert not received
    assert not reported


async def test_the_subscription_count_is_reported_and_cleared_by_unsubscribing(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    received, reported = events_of(channel), notices_of(channel)
    server.connections[0].send(frames.subscription_count("a", 7))
    await until(lambda: reported)
    assert reported == [SubscriptionCount("a", 7)]
    assert channel.subscription_count == 7
    assert not received

    await client.disconnect()
    assert channel.subscription_count is None


async def test_the_subscription_count_of_a_server_is_used(make_client: MakeClient) -> None:
    app = App(subscription_count=True)
    async with DevServer([app]) as server:
        client = await connect(make_client(at=address(server), app=app))
        [channel] = await subscribed(client, "a")
        await until(lambda: channel.subscription_count == 1)
        await client.disconnect()


async def test_event_names_that_mean_something_in_a_language_are_ordinary(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    names = ["constructor", "__class__", "__init__", "toString", "data", "event"]
    by_name, everything = events_of(channel, *names), events_of(channel)
    for name in names:
        await server.publish("a", name, "text")
    await until(lambda: len(everything) == len(names))
    assert by_name == everything
    assert [(event.name, event.data) for event in by_name] == [(name, "text") for name in names]


@pytest.mark.parametrize("name", CACHE_CHANNELS)
async def test_the_stored_event_is_marked_after_each_subscription(
    client: PusherClient, server: DevServer, name: str
) -> None:
    await server.publish(name, "stored", {"n": 1})
    received = events_of(client)
    await connect(client)
    await subscribed(client, name)
    await until(lambda: received)
    await server.publish(name, "live", {"n": 2})
    await until(lambda: len(received) == 2)
    assert of_channel(received, name) == [("stored", {"n": 1}, True), ("live", {"n": 2}, False)]

    received.clear()
    await server.close_all(4200)
    await until(lambda: received)
    await server.publish(name, "live", {"n": 3})
    await until(lambda: len(received) == 2)
    assert of_channel(received, name) == [("live", {"n": 2}, True), ("live", {"n": 3}, False)]


@pytest.mark.parametrize("name", CACHE_CHANNELS)
async def test_a_cache_miss_is_an_ordinary_event_and_the_next_event_is_not_cached(
    client: PusherClient, server: DevServer, name: str
) -> None:
    received = events_of(client)
    await connect(client)
    await subscribed(client, name)
    await until(lambda: received)
    await server.publish(name, "live", "x")
    await until(lambda: len(received) == 2)
    assert of_channel(received, name) == [("pusher:cache_miss", None, False), ("live", "x", False)]


async def test_on_other_channels_the_first_event_is_not_marked(
    client: PusherClient, server: DevServer
) -> None:
    received = events_of(client)
    await connect(client)
    await subscribed(client, "a", "private-a")
    await server.publish("a", "first", "")
    await server.publish("private-a", "first", "")
    await until(lambda: len(received) == 2)
    assert not any(event.cached for event in received)


async def subscribed_silently(client: PusherClient, server: DevServer, name: str) -> Channel:
    """Subscribe a cache channel on a server without cache channels."""
    server.faults.subscribe_answers = {name: frames.subscription_succeeded(name)}
    [channel] = await subscribed(client, name)
    return channel


async def test_an_event_long_after_the_subscription_is_not_cached(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    received = events_of(client)
    await connect(client)
    await subscribed_silently(client, server, "cache-a")
    clock.skip(10)
    server.connections[0].send(frames.event("cache-a", "late", ""))
    await until(lambda: received)
    assert of_channel(received, "cache-a") == [("late", "", False)]


async def test_an_event_before_the_channel_is_subscribed_again_is_not_cached(
    client: PusherClient, server: DevServer
) -> None:
    received = events_of(client, "early")
    await connect(client)
    await subscribed_silently(client, server, "cache-a")
    server.faults.reset()
    server.faults.unanswered_channels = {"cache-a"}
    before = client.socket_id
    await server.close_all(4200)
    await until(lambda: client.socket_id not in (None, before))
    connection = server.connection(str(client.socket_id))
    await server.wait_received(lambda it: it.connection is connection and it.channel == "cache-a")
    connection.send(frames.event("cache-a", "early", ""))
    await until(lambda: received)
    assert of_channel(received, "cache-a") == [("early", "", False)]


async def test_a_client_event_that_was_resent_is_cached(
    client: PusherClient, server: DevServer
) -> None:
    received = events_of(client)
    await connect(client)
    await subscribed_silently(client, server, "private-cache-a")
    for name in ("client-x", "client-y", "live"):
        server.connections[0].send(frames.event("private-cache-a", name, ""))
    await until(lambda: len(received) == 3)
    assert [event.cached for event in received] == [True, False, False]


async def test_a_stored_event_that_cannot_be_read_leaves_no_mark_for_the_next(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    channel = await subscribed_silently(client, server, "private-encrypted-cache-a")
    received, reported = events_of(channel), notices_of(channel)
    server.connections[0].send(frames.event(channel.name, "stored", "not encrypted"))
    await until(lambda: reported)
    server.connections[0].send(frames.event(channel.name, "live", encrypted(channel.name, "news")))
    await until(lambda: received)
    assert of_channel(received, channel.name) == [("live", "news", False)]


async def test_other_tasks_run_during_a_flood(
    client: PusherClient, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    await connect(client)
    [channel] = await subscribed(client, "orders")
    handled, in_a_row, longest = 0, 0, 0

    def handle(event: Event) -> None:
        nonlocal handled, in_a_row, longest, now
        handled, in_a_row = handled + 1, in_a_row + 1
        longest = max(longest, in_a_row)
        now += 0.00002

    async def take_turns() -> None:
        nonlocal in_a_row
        while True:
            await asyncio.sleep(0)
            in_a_row = 0

    channel.bind(handle)
    others = asyncio.create_task(take_turns())
    server.connections[0].repeat(frames.event("orders", "shipped", "{}"), 500)
    await until(lambda: handled == 500)
    others.cancel()
    assert longest <= 48
