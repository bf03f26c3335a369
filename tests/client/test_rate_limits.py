"""Servers that count every message of a connection, subscriptions too (Reverb)."""

from dataclasses import replace

import pytest

from custom_components.pusher_channels.client import ConnectionState
from tools.devserver import DevServer, frames

from .channel_helpers import subscribed, subscribes
from .conftest import APP, Clock, MakeClient, address, connect, settle, until

CHANNELS = [f"private-{number}" for number in range(40)]


@pytest.mark.parametrize("ends", [False, True])
async def test_subscriptions_are_slowed_down_until_all_succeed(
    make_client: MakeClient, clock: Clock, ends: bool
) -> None:
    app = replace(APP, messages_per_second=10, ends_over_rate=ends)
    async with DevServer([app]) as server:
        client = make_client(at=address(server))
        channels = [client.subscribe(name) for name in CHANNELS]
        await connect(client)

        for _ in range(40):
            await clock.pass_by(5)
            if all(channel.is_subscribed for channel in channels):
                break

        assert [channel.name for channel in channels if not channel.is_subscribed] == []
        assert client.state is ConnectionState.CONNECTED
        await client.disconnect()


async def test_without_a_complaint_nothing_is_slowed_down(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = make_client()
    before = clock.time()
    await connect(client)
    await subscribed(client, *CHANNELS)
    assert clock.time() - before < 5


@pytest.mark.parametrize("channel", ["private-a", None])
async def test_the_limit_of_client_events_slows_no_subscription_down(
    make_client: MakeClient, server: DevServer, channel: str | None
) -> None:
    server.faults.unanswered_channels = {"pending"}
    client = await connect(make_client())
    client.subscribe("pending")
    await until(lambda: subscribes(server))
    server.connections[0].send(
        frames.error(4301, "The rate limit for sending client events exceeded the quota.", channel)
    )
    await subscribed(client, "marker")

    for number in range(5):
        client.subscribe(str(number))
    await settle()

    assert len(subscribes(server)) == 7
