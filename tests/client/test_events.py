"""Who hears which event, and which event is a cache channel's stored one (cases 20 to 22)."""

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import messages
from custom_components.pusher_channels.client.channel import Channel, DecryptionFailure
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.messages import Event, Json, SubscriptionCount
from tools.devserver import App, DevServer, frames

from .channel_helpers import all_handled, endpoint, events_of, joined, notices_of, sealed
from .conftest import Clock, MakeClient, address, connect, until

CACHE_CHANNELS = ["cache-a", "private-cache-a", "presence-cache-a", "private-encrypted-cache-a"]


def of_channel(events: list[Event], channel: str) -> list[tuple[str, Json, bool]]:
    """Return name, data and mark of one channel's events."""
    return [(event.name, event.data, event.cached) for event in events if event.channel == channel]


async def test_everyone_who_listens_hears_an_event_and_nobody_else(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    orders, news = await joined(client, "orders", "news")
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
    [channel] = await joined(client, "orders")
    heard: list[str] = []
    unbind = channel.bind(lambda event: heard.append(event.name), "order.*", "news")
    all_of_client: list[str] = []
    unbind_client = client.bind(lambda event: all_of_client.append(event.name), "*ship*")
    for name in ("order.shipped", "news", "newspaper", "Order.shipped", "x"):
        await server.publish("orders", name, "")
    await all_handled(client, server.connections[0])
    assert heard == ["order.shipped", "news"]
    assert all_of_client == ["order.shipped", "Order.shipped"]

    unbind()
    unbind_client()
    await server.publish("orders", "order.shipped", "")
    await all_handled(client, server.connections[0])
    assert len(heard) == 2
    assert len(all_of_client) == 2


async def test_who_binds_while_a_channel_is_being_left_hears_it_when_it_stays(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await joined(client, "a")
    await server.publish("a", "known", "")
    await all_handled(client, server.connections[0])
    client.unsubscribe("a")
    heard = events_of(client, "known")
    client.subscribe("a")
    await server.publish("a", "known", "")
    await until(lambda: heard)


async def test_what_nobody_asks_for_is_not_decoded(
    client: PusherClient, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Json] = []
    decode = messages.decode_data

    def spy(raw: Json) -> Json:
        decoded.append(raw)
        return decode(raw)

    monkeypatch.setattr(messages, "decode_data", spy)
    await connect(client)
    [channel] = await joined(client, "orders")
    names: list[str] = []
    channel.bind(lambda event: names.append(event.name), "order.*")
    heard = events_of(channel, "order.wanted")
    await server.publish("orders", "other", {"canary": 1})
    await server.publish("orders", "order.unread", {"canary": 2})
    await server.publish("orders", "order.wanted", {"canary": 3})
    await until(lambda: heard)
    assert names == ["order.unread", "order.wanted"]
    assert not decoded
    assert heard[0].data == heard[0].data == {"canary": 3}
    assert decoded == ['{"canary": 3}']


async def test_an_encrypted_event_nobody_wants_is_not_decrypted(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.wrong_shared_secrets = 1
    client = await connect(make_client(authorizer=endpoint(server, session)))
    [channel] = await joined(client, "private-encrypted-a")
    told = notices_of(channel)
    wanted = events_of(channel, "order.*")
    server.connections[0].send(frames.event(channel.name, "other", "not sealed"))
    await server.publish(channel.name, "another", {"id": 1})
    await all_handled(client, server.connections[0])
    assert not told
    assert len(server.auth_requests) == 1

    server.connections[0].send(frames.event(channel.name, "order.x", "not sealed"))
    await until(lambda: told)
    assert isinstance(told[0], DecryptionFailure)
    assert not wanted


async def test_internal_events_never_reach_listeners(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await joined(client, "a")
    heard, told = events_of(channel), notices_of(channel)
    connection = server.connections[0]
    connection.send(frames.event("a", "pusher_internal:news", "{}"))
    connection.send(frames.member_added("a", {"user_id": "x"}))
    connection.send(frames.member_removed("a", "x"))
    connection.send(frames.subscription_count("unknown", 3))
    connection.send(frames.cache_miss("unknown"))
    await all_handled(client, connection)
    assert not heard
    assert not told


async def test_the_subscription_count_is_told_and_forgotten_on_leaving(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await joined(client, "a")
    heard, told = events_of(channel), notices_of(channel)
    assert channel.subscription_count is None
    server.connections[0].send(frames.subscription_count("a", 7))
    await until(lambda: told)
    assert told == [SubscriptionCount("a", 7)]
    assert channel.subscription_count == 7
    assert not heard

    await client.disconnect()
    assert channel.subscription_count is None


async def test_a_server_that_counts_subscribers_is_heard(make_client: MakeClient) -> None:
    app = App(subscription_count=True)
    async with DevServer([app]) as server:
        client = await connect(make_client(at=address(server), app=app))
        [channel] = await joined(client, "a")
        await until(lambda: channel.subscription_count == 1)
        await client.disconnect()


async def test_event_names_that_mean_something_in_a_language_are_ordinary(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await joined(client, "a")
    names = ["constructor", "__class__", "__init__", "toString", "data", "event"]
    by_name, everything = events_of(channel, *names), events_of(channel)
    for name in names:
        await server.publish("a", name, "text")
    await until(lambda: len(everything) == len(names))
    assert by_name == everything
    assert [(event.name, event.data) for event in by_name] == [(name, "text") for name in names]


@pytest.mark.parametrize("name", CACHE_CHANNELS)
async def test_the_stored_event_is_marked_after_each_join(
    client: PusherClient, server: DevServer, name: str
) -> None:
    await server.publish(name, "stored", {"n": 1})
    heard = events_of(client)
    await connect(client)
    await joined(client, name)
    await until(lambda: heard)
    await server.publish(name, "live", {"n": 2})
    await until(lambda: len(heard) == 2)
    assert of_channel(heard, name) == [("stored", {"n": 1}, True), ("live", {"n": 2}, False)]

    heard.clear()
    await server.close_all(4200)
    await until(lambda: heard)
    await server.publish(name, "live", {"n": 3})
    await until(lambda: len(heard) == 2)
    assert of_channel(heard, name) == [("live", {"n": 2}, True), ("live", {"n": 3}, False)]


@pytest.mark.parametrize("name", CACHE_CHANNELS)
async def test_a_cache_miss_is_an_ordinary_event_and_what_follows_is_news(
    client: PusherClient, server: DevServer, name: str
) -> None:
    heard = events_of(client)
    await connect(client)
    await joined(client, name)
    await until(lambda: heard)
    await server.publish(name, "live", "x")
    await until(lambda: len(heard) == 2)
    assert of_channel(heard, name) == [("pusher:cache_miss", None, False), ("live", "x", False)]


async def test_on_other_channels_the_first_event_is_not_marked(
    client: PusherClient, server: DevServer
) -> None:
    heard = events_of(client)
    await connect(client)
    await joined(client, "a", "private-a")
    await server.publish("a", "first", "")
    await server.publish("private-a", "first", "")
    await until(lambda: len(heard) == 2)
    assert not any(event.cached for event in heard)


async def joined_silently(client: PusherClient, server: DevServer, name: str) -> Channel:
    """Join a cache channel on a server that knows no such thing."""
    server.faults.subscribe_answers = {name: frames.subscription_succeeded(name)}
    [channel] = await joined(client, name)
    return channel


async def test_what_comes_later_than_ten_seconds_after_joining_is_news(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    heard = events_of(client)
    await connect(client)
    await joined_silently(client, server, "cache-a")
    clock.skip(10)
    server.connections[0].send(frames.event("cache-a", "late", ""))
    await until(lambda: heard)
    assert of_channel(heard, "cache-a") == [("late", "", False)]


async def test_what_comes_before_the_channel_is_joined_again_is_not_the_stored_event(
    client: PusherClient, server: DevServer
) -> None:
    heard = events_of(client, "early")
    await connect(client)
    await joined_silently(client, server, "cache-a")
    server.faults.reset()
    server.faults.unanswered_channels = {"cache-a"}
    before = client.socket_id
    await server.close_all(4200)
    await until(lambda: client.socket_id not in (None, before))
    connection = server.connection(str(client.socket_id))
    await server.wait_received(lambda it: it.connection is connection and it.channel == "cache-a")
    connection.send(frames.event("cache-a", "early", ""))
    await until(lambda: heard)
    assert of_channel(heard, "cache-a") == [("early", "", False)]


async def test_a_client_event_that_was_resent_is_cached(
    client: PusherClient, server: DevServer
) -> None:
    heard = events_of(client)
    await connect(client)
    await joined_silently(client, server, "private-cache-a")
    for name in ("client-x", "client-y", "live"):
        server.connections[0].send(frames.event("private-cache-a", name, ""))
    await until(lambda: len(heard) == 3)
    assert [event.cached for event in heard] == [True, False, False]


async def test_a_stored_event_that_cannot_be_read_leaves_no_mark_for_the_next(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    channel = await joined_silently(client, server, "private-encrypted-cache-a")
    heard, told = events_of(channel), notices_of(channel)
    server.connections[0].send(frames.event(channel.name, "stored", "not sealed"))
    await until(lambda: told)
    server.connections[0].send(frames.event(channel.name, "live", sealed(channel.name, "news")))
    await until(lambda: heard)
    assert of_channel(heard, channel.name) == [("live", "news", False)]
