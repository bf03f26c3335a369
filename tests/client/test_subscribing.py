"""Subscribing and unsubscribing channels, also over reconnects."""

import asyncio

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.channel import Channel, ChannelState, Unsubscribed
from custom_components.pusher_channels.client.client import ClientNotice, PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState, StateChange
from custom_components.pusher_channels.client.encrypted import EncryptedChannel
from custom_components.pusher_channels.client.exceptions import (
    InvalidUseError,
    Misuse,
    SubscriptionError,
)
from custom_components.pusher_channels.client.messages import SubscriptionSucceeded
from custom_components.pusher_channels.client.presence import PresenceChannel
from tools.devserver import DevServer, frames

from .channel_helpers import (
    HeldAuthorizer,
    all_handled,
    endpoint,
    events_of,
    notices_of,
    presence,
    sent,
    subscribe_unanswered,
    subscribed,
    subscribes,
)
from .conftest import Clock, MakeClient, connect, settle, until

pytestmark = pytest.mark.every_server


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("news", Channel),
        ("private", Channel),
        ("cache-news", Channel),
        ("private-news", Channel),
        ("private-cache-news", Channel),
        ("private-encrypted-news", EncryptedChannel),
        ("private-encrypted-cache-news", EncryptedChannel),
        ("presence-news", PresenceChannel),
        ("presence-cache-news", PresenceChannel),
    ],
)
async def test_the_prefix_makes_the_channel(
    client: PusherClient, name: str, kind: type[Channel]
) -> None:
    channel = client.subscribe(name)
    assert type(channel) is kind
    assert client.subscribe(name) is channel
    assert dict(client.channels) == {name: channel}
    assert repr(channel) == f"<{kind.__name__} {name} unsubscribed>"


@pytest.mark.parametrize("name", ["#x", "#server-to-user-me", "", "a b", "a" * 165])
async def test_names_that_no_channel_can_have_are_refused(client: PusherClient, name: str) -> None:
    with pytest.raises(InvalidUseError) as caught:
        client.subscribe(name)
    assert caught.value.misuse is Misuse.CHANNEL_NAME
    assert not client.channels


async def test_channels_wait_for_the_connection_and_keep_their_order(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    client = make_client(authorizer=endpoint(server, session))
    first = client.subscribe("private-first")
    await settle()
    assert not server.auth_requests

    await connect(client)
    await first.wait_subscribed()
    assert server.auth_requests[0].socket_id == client.socket_id


async def test_a_burst_is_sent_in_the_order_in_which_it_was_asked_for(
    client: PusherClient, server: DevServer
) -> None:
    names = ["b", "private-a", "presence-c", "a", "private-encrypted-d"]
    for name in names:
        client.subscribe(name)
    await connect(client)
    await until(lambda: all(channel.is_subscribed for channel in client.channels.values()))
    assert subscribes(server) == names


async def test_each_reconnect_asks_for_fresh_authorization(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    client = await connect(make_client(authorizer=endpoint(server, session)))
    [channel] = await subscribed(client, "private-a")
    received = notices_of(channel)

    await server.close_all(4200)
    await until(lambda: len(received) == 2)
    assert received == [Unsubscribed("private-a"), SubscriptionSucceeded("private-a")]
    before, after = server.auth_requests
    assert before.socket_id != after.socket_id == client.socket_id


async def test_the_answer_for_an_old_socket_is_dropped(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.auth_hold = asyncio.Event()
    client = await connect(make_client(authorizer=endpoint(server, session)))
    channel = client.subscribe("private-a")
    await server.wait_auth_requests(1)
    server.abort_all()
    await server.wait_auth_requests(2)

    server.faults.auth_hold.set()
    await until(lambda: channel.is_subscribed)
    [subscribe] = sent(server, "pusher:subscribe")
    assert subscribe.connection.socket_id == client.socket_id


async def test_unsubscribe_while_authorizing_sends_nothing(
    make_client: MakeClient, server: DevServer
) -> None:
    authorizer = HeldAuthorizer({"private-a"})
    client = await connect(make_client(authorizer=authorizer))
    channel = client.subscribe("private-a")
    received = notices_of(channel)
    await until(lambda: authorizer.asked)
    client.unsubscribe("private-a")

    authorizer.gate.set()
    await until(lambda: channel.state is ChannelState.UNSUBSCRIBED)
    await all_handled(client, server.connections[0])
    assert "private-a" not in subscribes(server)
    assert not received


async def test_a_refusal_of_a_channel_without_references_is_not_reported(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.auth_hold, server.faults.auth_status = asyncio.Event(), 403
    client = await connect(make_client(authorizer=endpoint(server, session)))
    channel = client.subscribe("private-a")
    received = notices_of(channel)
    await server.wait_auth_requests(1)
    client.unsubscribe("private-a")
    server.faults.auth_hold.set()
    await until(lambda: channel.state is ChannelState.UNSUBSCRIBED)
    assert not received


async def test_unsubscribe_while_pending_is_sent_after_the_answer(
    client: PusherClient, server: DevServer
) -> None:
    channel = await subscribe_unanswered(client, server, "a")
    received = notices_of(channel)
    client.unsubscribe("a")
    await all_handled(client, server.connections[0])
    assert "a" not in [frame.channel for frame in sent(server, "pusher:unsubscribe")]

    server.connections[0].send(frames.subscription_succeeded("a"))
    await server.wait_received(lambda it: it.event == "pusher:unsubscribe" and it.channel == "a")
    assert not received


async def test_an_error_after_unsubscribe_while_pending_ends_it(
    client: PusherClient, server: DevServer
) -> None:
    channel = await subscribe_unanswered(client, server, "a")
    received = notices_of(channel)
    client.unsubscribe("a")
    server.connections[0].send(frames.subscription_error("a", "No"))
    await until(lambda: channel.state is ChannelState.UNSUBSCRIBED)
    assert not received
    assert client.subscribe("a") is not channel


async def test_subscribe_before_the_answer_reinstates(
    client: PusherClient, server: DevServer
) -> None:
    channel = await subscribe_unanswered(client, server, "a")
    received = notices_of(channel)
    client.unsubscribe("a")
    await settle()
    assert client.subscribe("a") is channel

    server.connections[0].send(frames.subscription_succeeded("a"))
    await channel.wait_subscribed()
    assert received == [SubscriptionSucceeded("a")]
    assert subscribes(server) == ["a"]
    assert not sent(server, "pusher:unsubscribe")


async def test_subscribed_again_while_a_late_answer_arrives_it_is_requested_again(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    server.faults.unanswered_channels = {"presence-a"}
    first = notices_of(client.subscribe("presence-a"))
    await server.wait_received("pusher:subscribe")
    client.unsubscribe("presence-a")
    again: list[Channel] = []
    client.listen(lambda _: again.append(client.subscribe("presence-a")))
    server.faults.reset()
    server.connections[0].send(presence("presence-a", {"hash": {"x": {}}, "count": 1}))
    server.connections[0].send(frames.error(None, "The success has been read"))
    await until(lambda: again)

    [channel] = again
    await channel.wait_subscribed()
    assert isinstance(channel, PresenceChannel)
    assert list(channel.members) == ["me"]
    assert not first
    order = [it.event for it in server.received]
    assert order == ["pusher:subscribe", "pusher:unsubscribe", "pusher:subscribe"]


async def test_unsubscribing_without_a_subscription_sends_nothing(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    client.unsubscribe("a")
    await subscribed(client, "b")
    assert not sent(server, "pusher:unsubscribe")


async def test_events_after_unsubscribe_are_dropped(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    received = events_of(client), events_of(channel)
    client.unsubscribe("a")
    server.connections[0].send(frames.event("a", "late", "{}"))
    await all_handled(client, server.connections[0])
    assert [event.name for event in received[0]] == ["all-handled"]
    assert not received[1]
    await server.wait_unsubscribed("a")
    assert channel.state is ChannelState.UNSUBSCRIBED


async def test_a_channel_is_unsubscribed_at_the_last_reference(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel, _] = await subscribed(client, "a", "a")
    client.unsubscribe("a")
    await all_handled(client, server.connections[0])
    assert channel.is_subscribed

    client.unsubscribe("a")
    client.unsubscribe("a")
    await server.wait_unsubscribed("a")
    assert subscribes(server).count("a") == 1
    assert [frame.channel for frame in sent(server, "pusher:unsubscribe")].count("a") == 1


async def test_answers_without_a_request_change_nothing(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    received = notices_of(channel)
    for name in ("a", "unknown"):
        server.connections[0].send(frames.subscription_succeeded(name))
        server.connections[0].send(frames.subscription_error(name, "No"))
    await all_handled(client, server.connections[0])
    assert channel.is_subscribed
    assert not received


async def test_unsubscribed_and_subscribed_again_at_once_it_stays_subscribed(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "a")
    client.unsubscribe("a")
    assert client.subscribe("a") is channel
    await settle()
    assert channel.is_subscribed
    assert subscribes(server) == ["a"]
    assert not sent(server, "pusher:unsubscribe")


async def test_a_failed_channel_without_references_is_not_retried(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.subscribe_answers = {"a": frames.subscription_error("a", "Busy", 503)}
    await connect(client)
    channel = client.subscribe("a")
    await until(lambda: channel.error)
    client.unsubscribe("a")
    clock.skip(10)
    await all_handled(client, server.connections[0])
    assert "a" not in subscribes(server)[1:]
    assert "a" not in [frame.channel for frame in sent(server, "pusher:unsubscribe")]


async def test_subscribing_in_the_connected_callback_sends_one_subscribe(
    client: PusherClient, server: DevServer
) -> None:
    def subscribe(notice: ClientNotice) -> None:
        if isinstance(notice, StateChange) and notice.state is ConnectionState.CONNECTED:
            client.subscribe("a")

    client.listen(subscribe)
    await connect(client)
    await server.wait_subscribed("a")
    await settle()
    assert subscribes(server) == ["a"]


async def test_an_unsubscribed_or_lost_channel_ends_the_wait_for_it(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"*"}
    await connect(client)
    channel = client.subscribe("a")
    impatient = asyncio.create_task(channel.wait_subscribed())
    patient = asyncio.create_task(channel.wait_subscribed())
    await server.wait_received("pusher:subscribe")
    impatient.cancel()
    server.faults.reset()
    server.abort_all()
    with pytest.raises(SubscriptionError) as caught:
        await patient
    assert (caught.value.type, caught.value.status) == ("ConnectionLost", 0)
    assert str(caught.value) == "The connection ended, or the channel was unsubscribed"
    await channel.wait_subscribed()
    await channel.wait_subscribed()
