"""A path that breaks: the state shows it, it is logged once, and the next event arrives."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer

from ..client.conftest import Clock
from ..conftest import until
from ..home_assistant import state_of
from .app_under_test import CHANNELS, AppUnderTest, entry_at
from .conftest import WatchApp
from .path import Path

SILENT = "The server stopped answering"


@pytest.mark.parametrize("tear", [Path.reset, Path.finish])
async def test_a_broken_network_path_reconnects_and_loss_and_return_are_logged_once(
    server: DevServer, path: Path, watch_app: WatchApp, tear: Callable[[Path], None]
) -> None:
    app = await watch_app(entry_at(server, port=path.port)).set_up()
    gaps = async_capture_events(app.hass, "pusher_channels_gap")

    tear(path)
    await until(lambda: gaps)

    await app.after_the_fault("The connection was closed (1006)")
    assert set(gaps[0].data["channels"]) == set(CHANNELS)


async def test_a_frozen_network_path_ends_without_a_pong_and_reconnects_once_it_works(
    server: DevServer, path: Path, watch_app: WatchApp, clock: Clock
) -> None:
    app = await watch_app(entry_at(server, port=path.port)).set_up()

    path.freeze()
    await clock.pass_by(200, step=10)
    assert app.status.state == "reconnecting"
    assert state_of(app.hass, "binary_sensor.orders_subscribed").state == "off"
    path.thaw()
    await clock.pass_by(120, step=10)

    await app.after_the_fault(str(app.client.last_error))


async def test_a_half_open_connection_is_replaced(
    app: AppUnderTest, server: DevServer, clock: Clock
) -> None:
    server.silence_all()
    [silent] = server.connections

    await clock.pass_by(121)
    assert app.status.state == "connected"
    await clock.pass_by(31)
    assert await app.fails() == SILENT
    silent.abort()

    await app.after_the_fault(SILENT)


async def test_one_byte_at_a_time_is_only_slow(
    server: DevServer, path: Path, watch_app: WatchApp
) -> None:
    path.piece = 1
    app = await watch_app(entry_at(server, port=path.port)).set_up()

    await server.publish("orders", "shipped", {"text": "é" * 300})
    await until(lambda: app.received)

    assert app.received[0].data["data"] == {"text": "é" * 300}
    assert len(server.attempts) == 1
    await app.after_the_fault(None, lost=False)
