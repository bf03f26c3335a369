"""A server that answers a subscription only after the client stopped to wait for it."""

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from tools.devserver import DevServer, frames

from .channel_helpers import refusal, subscribe_unanswered, subscribed, subscribes
from .conftest import Clock, connect, settle, until

pytestmark = pytest.mark.every_server

NAMES = ["news", "presence-room"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_late_answer_subscribes_the_channel(
    client: PusherClient, server: DevServer, clock: Clock, name: str
) -> None:
    await connect(client)
    server.connections[0].freeze()
    channel = client.subscribe(name)
    await settle()
    clock.skip(10)
    assert (await refusal(channel)).type == "Timeout"
    server.thaw()
    await until(lambda: channel.is_subscribed)
    assert channel.error is None
    assert subscribes(server) == [name]


@pytest.mark.parametrize("seconds", [1, 11])
@pytest.mark.parametrize("name", NAMES)
async def test_a_channel_unsubscribed_before_a_late_answer_is_unsubscribed_on_the_server_too(
    client: PusherClient, server: DevServer, clock: Clock, name: str, seconds: float
) -> None:
    await connect(client)
    server.connections[0].freeze()
    client.subscribe(name)
    await clock.pass_by(seconds)
    client.unsubscribe(name)
    await clock.pass_by(11)
    server.thaw()
    await subscribed(client, "last")
    await server.wait_unsubscribed(name)


@pytest.mark.parametrize(
    "answer",
    [
        frames.subscription_error("private-a", "No"),
        frames.error(None, "Auth value for subscription to private-a is invalid"),
    ],
)
async def test_a_late_refusal_ends_the_retries(
    client: PusherClient, server: DevServer, clock: Clock, answer: str
) -> None:
    channel = await subscribe_unanswered(client, server, "private-a")
    clock.skip(10)
    assert (await refusal(channel)).is_retried

    server.connections[0].send(answer)
    await until(lambda: channel.error is not None and not channel.error.is_retried)

    assert channel.error is not None
    assert (channel.error.type, channel.error.status) == ("AuthError", 401)
    await clock.pass_by(8)
    assert subscribes(server) == ["private-a"]
