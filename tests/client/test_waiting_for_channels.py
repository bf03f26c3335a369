"""`wait_subscribed` ends in every case: also when a channel has failed or cannot be subscribed."""

import asyncio

import pytest

from custom_components.pusher_channels.client import Channel, PusherClient, SubscriptionError
from tools.devserver import DevServer, frames

from .channel_helpers import refusal
from .conftest import connect, settle

ENDED = "The connection ended, or the channel was unsubscribed"


async def failure(waiting: asyncio.Task[None]) -> SubscriptionError:
    """Return the error that ends the wait."""
    with pytest.raises(SubscriptionError) as caught:
        await asyncio.wait_for(waiting, 5)
    return caught.value


async def waiting_for(channel: Channel) -> asyncio.Task[None]:
    """Return a task that waits for the channel."""
    waiting = asyncio.create_task(channel.wait_subscribed())
    await settle()
    assert not waiting.done()
    return waiting


async def test_a_channel_that_was_refused_is_not_waited_for(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.subscribe_answers = {"private-a": frames.subscription_error("private-a", "No")}
    await connect(client)
    channel = client.subscribe("private-a")
    await refusal(channel)

    error = await failure(asyncio.create_task(channel.wait_subscribed()))

    assert (error.type, error.message, error.status) == ("AuthError", "No", 401)


async def test_a_refused_channel_that_is_requested_again_is_waited_for(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.subscribe_answers = {"private-a": frames.subscription_error("private-a", "No")}
    await connect(client)
    await refusal(client.subscribe("private-a"))
    server.faults.reset()

    channel = client.subscribe("private-a")
    await channel.wait_subscribed()

    assert channel.is_subscribed


async def test_a_channel_that_is_unsubscribed_without_a_connection_ends_the_wait(
    client: PusherClient,
) -> None:
    waiting = await waiting_for(client.subscribe("a"))

    client.unsubscribe("a")

    assert str(await failure(waiting)) == ENDED


async def test_a_client_that_no_longer_connects_ends_the_wait(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_close = 4001
    waiting = await waiting_for(client.subscribe("a"))

    client.connect()

    assert str(await failure(waiting)) == ENDED
    assert client.channels["a"].error is None
