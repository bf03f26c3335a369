"""What the fault tests share: a skippable clock, a path that can break, and witnesses."""

import logging
from collections.abc import AsyncIterator, Callable

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer

from ..client.conftest import Clock, clock
from .path import Path
from .witness import Witness, entry_at

__all__ = ["clock"]

type Watch = Callable[[MockConfigEntry], Witness]


@pytest.fixture(autouse=True)
def _at_full_speed(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """Leave out what takes most of the time of many reconnects: asyncio's and the log's debug."""
    caplog.set_level(logging.INFO)
    if "hass" in request.fixturenames:
        hass: HomeAssistant = request.getfixturevalue("hass")
        hass.loop.set_debug(False)


@pytest.fixture
async def path(server: DevServer) -> AsyncIterator[Path]:
    """Run a TCP path to the server that a test may disturb."""
    async with Path(server.host, server.port) as running:
        yield running


@pytest.fixture
async def watch(
    hass: HomeAssistant, server: DevServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Watch]:
    """Return what watches an app by the clock of the test; in the end nothing of it may be left."""
    witnesses: list[Witness] = []

    def watch(entry: MockConfigEntry) -> Witness:
        witnesses.append(Witness(hass, server, entry, caplog))
        return witnesses[-1]

    yield watch
    for witness in witnesses:
        if witness.entry.state is ConfigEntryState.LOADED:
            await witness.end()


@pytest.fixture
async def app(server: DevServer, watch: Watch) -> Witness:
    """Return an app that signs with its secret and is loaded."""
    return await watch(entry_at(server)).set_up()
