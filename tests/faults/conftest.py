"""Fixtures of the fault tests: a clock to skip, a TCP path that can break, and apps."""

import logging
from collections.abc import AsyncIterator, Callable

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer

from ..client.conftest import Clock, clock
from .app_under_test import AppUnderTest, entry_at
from .path import Path

__all__ = ["clock"]

type WatchApp = Callable[[MockConfigEntry], AppUnderTest]


@pytest.fixture(autouse=True)
def _at_full_speed(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """Turn off debug modes, which take most of the time of many reconnects."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "custom_components.pusher_channels")
    if "hass" in request.fixturenames:
        hass: HomeAssistant = request.getfixturevalue("hass")
        hass.loop.set_debug(False)


@pytest.fixture
async def path(server: DevServer) -> AsyncIterator[Path]:
    """Run a TCP path to the server that a test may disturb."""
    async with Path(server.host, server.port) as running:
        yield running


@pytest.fixture
async def watch_app(
    hass: HomeAssistant, server: DevServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[WatchApp]:
    """Return a function that observes an app; at the end nothing of the app may be left."""
    apps: list[AppUnderTest] = []

    def watch_app(entry: MockConfigEntry) -> AppUnderTest:
        apps.append(AppUnderTest(hass, server, entry, caplog))
        return apps[-1]

    yield watch_app
    for app in apps:
        if app.entry.state is ConfigEntryState.LOADED:
            await app.end()


@pytest.fixture
async def app(server: DevServer, watch_app: WatchApp) -> AppUnderTest:
    """Return an app that signs with its secret and is loaded."""
    return await watch_app(entry_at(server)).set_up()
