"""A path that breaks: the entities say so, the log says it once, and the next event arrives."""

from collections.abc import Callable

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.const import DOMAIN
from devserver import DevServer

from ..client.conftest import Clock
from ..conftest import SetUp, app_data, channel_subentry, until
from ..watch import issues_of, state_of
from .conftest import closed, log_lines
from .path import Path

EVENT = "pusher_channels_event"
CHANNELS = ("orders", "presence-lobby")


def _entry(server: DevServer, path: Path) -> MockConfigEntry:
    data = app_data(server)
    return MockConfigEntry(
        domain=DOMAIN,
        title="Demo app",
        data=data | {"server": data["server"] | {"port": path.port}},
        subentries_data=[channel_subentry(channel) for channel in CHANNELS],
    )


@pytest.mark.parametrize("tear", [Path.reset, Path.finish])
async def test_a_torn_path_is_joined_again_and_logged_once_each_way(
    hass: HomeAssistant,
    server: DevServer,
    path: Path,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    tear: Callable[[Path], None],
) -> None:
    heard = async_capture_events(hass, EVENT)
    gaps = async_capture_events(hass, "pusher_channels_gap")
    entry = _entry(server, path)
    hub = await set_up(entry)
    caplog.clear()

    tear(path)
    await until(lambda: hub.client.state is not ConnectionState.CONNECTED)
    await until(lambda: gaps)
    await hass.async_block_till_done()
    await server.publish("orders", "shipped", 1)
    await until(lambda: heard)

    assert set(gaps[0].data["channels"]) == set(CHANNELS)
    assert state_of(hass, "sensor.demo_app_connection_state").state == "connected"
    assert state_of(hass, "sensor.presence_lobby_members").state == "1"
    assert issues_of(hass) == {}
    assert len(log_lines(caplog)) == 2, log_lines(caplog)
    await closed(hass, entry.entry_id)


async def test_a_frozen_path_is_left_when_no_pong_comes_and_found_again_once_thawed(
    hass: HomeAssistant,
    server: DevServer,
    path: Path,
    set_up: SetUp,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = async_capture_events(hass, EVENT)
    entry = _entry(server, path)
    hub = await set_up(entry)
    caplog.clear()

    path.freeze()
    await clock.pass_by(200, step=10)
    assert hub.client.state is ConnectionState.RECONNECTING
    assert state_of(hass, "binary_sensor.orders_subscribed").state in ("off", "unavailable")
    path.thaw()
    await clock.pass_by(120, step=10)
    await until(lambda: all(channel.is_subscribed for channel in hub.channels.values()))
    await server.publish("orders", "shipped", 1)
    await until(lambda: heard)

    assert len(log_lines(caplog)) == 2, log_lines(caplog)
    await closed(hass, entry.entry_id)


async def test_one_byte_at_a_time_is_only_slow(
    hass: HomeAssistant, server: DevServer, path: Path, set_up: SetUp
) -> None:
    path.piece = 1
    heard = async_capture_events(hass, EVENT)
    entry = _entry(server, path)
    await set_up(entry)

    await server.publish("orders", "shipped", {"text": "é" * 300})
    await until(lambda: heard)

    assert heard[0].data["data"] == {"text": "é" * 300}
    assert len(server.attempts) == 1
