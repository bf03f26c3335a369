"""A server that answers a subscription only after the client stopped to wait for it."""

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from tools.devserver import DevServer

from .channel_helpers import joined, refusal, subscribes
from .conftest import Clock, connect, settle, until

pytestmark = pytest.mark.every_server

NAMES = ["news", "presence-room"]


@pytest.mark.parametrize("name", NAMES)
async def test_late_answer_joins_the_channel(
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
async def test_channel_that_is_left_before_a_late_answer_is_left_on_the_server_too(
    client: PusherClient, server: DevServer, clock: Clock, name: str, seconds: float
) -> None:
    await connect(client)
    server.connections[0].freeze()
    client.subscribe(name)
    await clock.pass_by(seconds)
    client.unsubscribe(name)
    await clock.pass_by(11)
    server.thaw()
    await joined(client, "last")
    await server.wait_unsubscribed(name)
