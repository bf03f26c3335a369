"""Cache channels keep their last event."""

from collections.abc import Callable

import pytest

from tools.devserver import DevServer

from .conftest import Connect
from .peer import succeeded

KINDS = ["cache-n", "private-cache-n", "private-encrypted-cache-n", "presence-cache-n"]


@pytest.mark.parametrize("channel", KINDS)
async def test_empty_cache_is_a_cache_miss(connect: Connect, channel: str) -> None:
    peer = await connect()
    await peer.join(channel, {"user_id": "u"} if channel.startswith("presence") else None)
    assert await peer.read() == f'{{"event":"pusher:cache_miss","channel":"{channel}"}}'


@pytest.mark.parametrize("channel", KINDS)
async def test_latest_event_is_sent_after_each_subscription(
    server: DevServer, connect: Connect, channel: str
) -> None:
    await server.publish(channel, "order", "first")
    await server.publish(channel, "order", "last")
    peer = await connect()
    for _ in range(2):
        await peer.join(channel, {"user_id": "u"} if channel.startswith("presence") else None)
        cached = await peer.read()
        assert cached == server_frame(channel, server.published[1].data)
        await peer.send("pusher:unsubscribe", {"channel": channel})


def server_frame(channel: str, data: str) -> str:
    text = data.replace('"', '\\"')
    return f'{{"event":"order","channel":"{channel}","data":"{text}"}}'


async def test_stored_event_is_forgotten_after_its_time_to_live(
    server: DevServer, connect: Connect, skip_time: Callable[[float], None]
) -> None:
    await server.publish("cache-n", "order", "x")
    peer = await connect()
    skip_time(1799)
    await peer.subscribe("cache-n")
    assert await peer.read() == server_frame("cache-n", "x")
    skip_time(2)
    assert await peer.subscribe("cache-n") == succeeded("cache-n")
    assert await peer.read() == '{"event":"pusher:cache_miss","channel":"cache-n"}'


async def test_client_events_are_not_stored(connect: Connect) -> None:
    one, two = await connect(), await connect()
    await one.join("private-cache-n")
    await one.read()
    await one.send("client-x", 1, "private-cache-n")
    await one.receives_nothing()
    await two.join("private-cache-n")
    assert "cache_miss" in await two.read()
