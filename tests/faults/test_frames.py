"""Frames that no server should send: reported on the bus, and nothing else happens."""

import gc
import logging
import sys
from collections.abc import Iterator
from typing import Never

import pytest
from homeassistant.core import callback
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer, frames
from tools.devserver.connection import _text_frame

from ..client.test_hostile_frames import NOT_JSON, WITHOUT_EVENT, WRONG_SHAPES
from ..conftest import app_entry, channel_subentry, until
from .app_under_test import CHANNELS, AppUnderTest, log_lines
from .conftest import WatchApp

TOO_LARGE = "The server sent a message larger than 16 MB (1009)"
NAMES = 100_000


def wrong_shapes() -> Iterator[bytes]:
    for name, rests in WRONG_SHAPES.items():
        for rest in rests:
            yield f'{{"event":"{name}"{"," if rest else ""}{rest}}}'.encode()


async def test_broken_frames_are_reported_on_the_bus_and_change_nothing(
    app: AppUnderTest, server: DevServer
) -> None:
    broken = [*NOT_JSON, *WITHOUT_EVENT, *wrong_shapes()]
    reported = async_capture_events(app.hass, "pusher_channels_error")
    [connection] = server.connections

    for frame in broken:
        connection._transport.write(_as_text(frame))
    await server.send_raw(b'{"event":"binary","channel":"orders"}')
    await until(lambda: len(reported) == len(broken) + 1)

    assert {event.data["code"] for event in reported} == {None}
    await app.after_the_fault(None, lost=False)
    assert server.connections == [connection]


def _as_text(payload: bytes) -> bytes:
    """Return a text frame with any text."""
    return _text_frame("x" * len(payload))[: -len(payload) or None] + payload


async def test_unknown_events_and_channels_are_passed_over(
    app: AppUnderTest, server: DevServer
) -> None:
    for frame in (
        frames.event("not-subscribed", "x", "1"),
        '{"event":"x"}',
        '{"event":"pusher:new","data":{}}',
        '{"event":"pusher_internal:new","channel":"orders"}',
        frames.subscription_succeeded("not-subscribed"),
        frames.subscription_error("not-subscribed", "No"),
        frames.member_added("orders", {"user_id": "x"}),
        frames.established("6.6", 1),
    ):
        await server.send_raw(frame)

    await app.after_the_fault(None, lost=False)


async def test_repeated_and_reordered_member_frames_keep_the_count_right(
    app: AppUnderTest, server: DevServer
) -> None:
    room = "presence-lobby"

    async def members(*sent: str) -> str:
        for frame in sent:
            await server.send_raw(frame)
        await app.still_works()
        presence = next(it for it in app.hub.channels.values() if it.name == room).presence
        assert presence is not None
        return ",".join(presence.members)

    me = "home-assistant-12345678"
    leaves, comes = frames.member_removed(room, "a"), frames.member_added(room, {"user_id": "a"})
    assert await members(leaves, leaves) == me
    assert await members(comes, comes) == f"{me},a"
    assert await members(frames.subscription_succeeded("orders")) == f"{me},a"
    assert await members(frames.subscription_succeeded(room, {})) == f"{me},a"
    assert await members(leaves, leaves, comes, leaves) == me

    await app.after_the_fault(None, lost=False)


@pytest.mark.parametrize("kind", [str, bytes])
async def test_a_frame_of_50_mb_ends_the_connection_and_the_next_one_works(
    app: AppUnderTest, server: DevServer, kind: type[str | bytes]
) -> None:
    [connection] = server.connections
    connection.send("x" * 50_000_000 if kind is str else bytes(50_000_000))

    assert await app.fails() == TOO_LARGE
    await app.after_the_fault(TOO_LARGE)


async def test_a_hundred_thousand_event_names_are_not_kept(
    server: DevServer, watch_app: WatchApp
) -> None:
    orders = channel_subentry("orders", events=["good", "order.*"])
    app = await watch_app(app_entry(server, orders, *CHANNELS[1:])).set_up()
    sent = [_text_frame(frames.event("orders", f"name-{n}", "1")) for n in range(NAMES)]
    before = _objects()

    server.connections[0]._transport.write(b"".join(sent))
    await app.still_works()

    assert _objects() - before < NAMES / 10
    await app.after_the_fault(None, lost=False)


def _objects() -> int:
    gc.collect()
    return sys.getallocatedblocks()


@callback
def fail(_: object) -> Never:
    raise RuntimeError("A listener that fails")


async def test_listeners_that_raise_are_logged_and_disturb_nothing(
    app: AppUnderTest, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    ends = [
        app.client.listen(fail),
        app.client.bind(fail),
        app.hub.channels["id-orders"].listen(fail),
        app.hass.bus.async_listen("pusher_channels_event", fail),
    ]
    await app.still_works()
    await server.close_all(4200)
    await app.fails()
    await until(lambda: all(it.is_subscribed for it in app.client.channels.values()))
    await app.still_works()
    for end in ends:
        end()
    assert [it for it in caplog.records if it.levelno >= logging.ERROR and it.exc_info]
    assert len([line for line in log_lines(caplog) if line.startswith("Demo app")]) == 2
    caplog.clear()

    await app.after_the_fault("The connection was closed (4200)", lost=False)
