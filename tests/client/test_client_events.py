"""Client events: events that members send each other."""

import asyncio
import math

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.exceptions import Misuse, SubscriptionError
from custom_components.pusher_channels.client.messages import ErrorReceived, Json
from tools.devserver import DevServer, frames

from .channel_helpers import (
    client_notices,
    endpoint,
    events_of,
    refusal,
    sent,
    subscribe_unanswered,
    subscribed,
)
from .conftest import APP, MakeClient, connect, settle, until
from .misuse import misused

LONGEST = "client-" + "x" * 193


def as_user(user_id: str) -> SecretAuthorizer:
    """Return an authorizer for another user of the app."""
    return SecretAuthorizer(APP.key, APP.secret, User(user_id))


@pytest.mark.parametrize(
    ("channel", "event", "data", "misuse"),
    [
        ("private-a", "shipped", {}, Misuse.CLIENT_EVENT_NAME),
        ("private-a", "pusher:ping", {}, Misuse.CLIENT_EVENT_NAME),
        pytest.param("private-a", "", {}, Misuse.EVENT_NAME, id="no name"),
        pytest.param("private-a", LONGEST + "x", {}, Misuse.EVENT_NAME, id="long name"),
        ("public", "client-x", {}, Misuse.CLIENT_EVENT_CHANNEL),
        ("cache-a", "client-x", {}, Misuse.CLIENT_EVENT_CHANNEL),
        ("private-encrypted-a", "client-x", {}, Misuse.CLIENT_EVENT_CHANNEL),
        ("#server-to-user-me", "client-x", {}, Misuse.CLIENT_EVENT_CHANNEL),
        pytest.param("private-\ud800", "client-x", {}, Misuse.CHANNEL_NAME, id="surrogate"),
        ("private-not-subscribed", "client-x", {}, Misuse.NOT_SUBSCRIBED),
        pytest.param("private-a", "client-x", "x" * 10_239, Misuse.DATA_SIZE, id="much data"),
        ("private-a", "client-x", {"number": 2**64}, Misuse.DATA_TYPE),
    ],
)
async def test_what_cannot_be_sent_is_an_error_and_nothing_is_sent(
    client: PusherClient, server: DevServer, channel: str, event: str, data: Json, misuse: Misuse
) -> None:
    await connect(client)
    await subscribed(client, "private-a", "public", "cache-a", "private-encrypted-a")
    with misused(misuse):
        await client.trigger(channel, event, data)
    await client.trigger("private-a", LONGEST, "x" * 10_238)
    await server.wait_received(LONGEST)
    assert not sent(server, event)


async def test_without_a_connection_it_is_an_error(client: PusherClient) -> None:
    client.subscribe("private-a")
    with misused(Misuse.NOT_CONNECTED):
        await client.trigger("private-a", "client-x", {})


async def test_a_channel_that_refused_us_takes_none(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.subscribe_answers = {"private-a": frames.subscription_error("private-a", "No")}
    await connect(client)
    await refusal(client.subscribe("private-a"))
    with misused(Misuse.NOT_SUBSCRIBED):
        await client.trigger("private-a", "client-x", {})


async def test_a_servers_objection_is_reported_and_the_connection_stays(
    client: PusherClient, server: DevServer
) -> None:
    await connect(client)
    await subscribed(client, "private-a")
    errors = client_notices(client, ErrorReceived)
    for _ in range(APP.client_events_per_second + 1):
        await client.trigger("private-a", "client-x", {})
    await until(lambda: errors)
    assert (errors[0].code, errors[0].channel) == (4301, "private-a")
    assert client.socket_id == server.connections[0].socket_id


async def test_data_arrives_as_it_was_sent(make_client: MakeClient) -> None:
    sender = await connect(make_client())
    receiver = await connect(make_client(authorizer=as_user("other")))
    await subscribed(sender, "private-a")
    await subscribed(receiver, "private-a")
    echoed, received = events_of(sender), events_of(receiver)
    values: list[Json] = [{"a": [1, None]}, [1], "text", "", 5, 1.5, True, None]
    for value in values:
        await sender.trigger("private-a", "client-x", value)
    await until(lambda: len(received) == len(values))
    assert [event.data for event in received] == values
    assert (received[0].channel, received[0].name, received[0].user_id) == (
        "private-a",
        "client-x",
        None,
    )
    assert not echoed


async def test_on_a_presence_channel_the_sender_is_named(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    """Some servers send the id as the number that it was."""
    server.auth.member = {"user_id": 10, "user_info": {}}
    sender = await connect(make_client(authorizer=endpoint(server, session)))
    receiver = await connect(make_client())
    await subscribed(sender, "presence-a")
    await subscribed(receiver, "presence-a")
    received = events_of(receiver)
    await sender.trigger("presence-a", "client-x", {})
    await until(lambda: received)
    assert received[0].user_id == "10"


async def test_events_wait_for_the_channel_and_go_out_once_in_order(
    client: PusherClient, server: DevServer
) -> None:
    """Ours waits where pusher-js has an error."""
    server.faults.unanswered_channels = {"private-a"}
    await connect(client)
    channel = client.subscribe("private-a")
    names = [f"client-{number}" for number in range(5)]
    sending = [asyncio.create_task(client.trigger("private-a", name, {})) for name in names]
    await server.wait_received("pusher:subscribe")
    await settle()
    server.faults.reset()
    assert not [frame for frame in server.received if frame.event in names]

    server.connections[0].send(frames.subscription_succeeded("private-a"))
    await channel.wait_subscribed()
    await client.trigger("private-a", "client-last", {})
    await asyncio.gather(*sending)
    await server.wait_received("client-last")
    events = [frame.event for frame in server.received if frame.event != "pusher:subscribe"]
    assert events == [*names, "client-last"]


async def test_events_that_wait_for_a_channel_fail_with_it(
    client: PusherClient, server: DevServer
) -> None:
    await subscribe_unanswered(client, server, "private-a")
    sending = asyncio.create_task(client.trigger("private-a", "client-x", {}))
    server.connections[0].send(frames.subscription_error("private-a", "No", 403))
    with pytest.raises(SubscriptionError, match="No") as caught:
        await sending
    assert caught.value.status == 403

    server.faults.reset()
    await subscribed(client, "private-b")
    await client.trigger("private-b", "client-last", {})
    await server.wait_received("client-last")
    assert not sent(server, "client-x")


async def test_a_connection_that_ends_with_the_answer_takes_none(
    client: PusherClient, server: DevServer
) -> None:
    await subscribe_unanswered(client, server, "private-a")
    sending = asyncio.create_task(client.trigger("private-a", "client-x", {}))
    server.connections[0].send(frames.subscription_succeeded("private-a"))
    server.connections[0].start_close(4200)
    with misused(Misuse.NOT_CONNECTED, "The connection ended before it was sent"):
        await sending
    assert not sent(server, "client-x")


async def test_events_that_wait_when_the_connection_ends_fail(
    client: PusherClient, server: DevServer
) -> None:
    await subscribe_unanswered(client, server, "private-a")
    sending = asyncio.create_task(client.trigger("private-a", "client-x", {}))
    await settle()
    await client.disconnect()
    with pytest.raises(SubscriptionError):
        await sending


async def test_a_number_that_json_cannot_represent_is_sent_as_null(
    make_client: MakeClient,
) -> None:
    sender, receiver = await connect(make_client()), await connect(make_client())
    await subscribed(sender, "private-a")
    await subscribed(receiver, "private-a")
    received = events_of(receiver)
    await sender.trigger("private-a", "client-x", math.nan)
    await until(lambda: received)
    assert received[0].data is None
