"""A server under test, a real Home Assistant, an app in it; and its log, looked at after each test."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Generator

import pytest

from tools.harness import HomeAssistant

from .apps import APP_1, APP_2
from .backends import Backend, OwnServer
from .endpoint import HEADER, PARAM
from .entry import AppEntry
from .log import LogWatch
from .soketi import Soketi

CANARIES = (APP_1.secret, APP_1.master_key, APP_2.secret, APP_2.master_key, HEADER, PARAM)


def pytest_configure() -> None:
    """Let SIGTERM end the suite as Ctrl-C does: together with the processes that it started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="module", params=[Soketi, OwnServer], ids=["soketi", "devserver"])
async def server(request: pytest.FixtureRequest) -> AsyncGenerator[Backend]:
    """Run a server with two apps."""
    async with request.param() as running:
        yield running


@pytest.fixture(scope="module")
async def log_watch(request: pytest.FixtureRequest) -> AsyncGenerator[LogWatch]:
    """Run a Home Assistant for the whole file, which may name more CONFIGURATION for it."""
    async with HomeAssistant(configuration=getattr(request.module, "CONFIGURATION", "")) as running:
        watch = LogWatch(running, CANARIES)
        yield watch
        await running.stop()
        assert not watch.new_faults()


@pytest.fixture(scope="module")
def hass(log_watch: LogWatch) -> HomeAssistant:
    """Return the running Home Assistant."""
    return log_watch.hass


@pytest.fixture(scope="module")
async def app(hass: HomeAssistant, server: Backend) -> AsyncGenerator[AppEntry]:
    """Add the server's first app, which signs with its secret; check that nothing of it stays on the server."""
    entry = await AppEntry.add(hass, server)
    yield entry
    await entry.remove()
    await until_connections(server, 0)


async def until_connections(server: Backend, count: int) -> None:
    """Wait until so many websockets are open on the server."""
    async with asyncio.timeout(60):
        while await server.connection_count() != count:  # noqa: ASYNC110  # soketi sends no notification
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def log_is_clean(request: pytest.FixtureRequest) -> Generator[None]:
    """Check that Home Assistant, where a test has one, logged neither an error nor a secret."""
    watch = request.getfixturevalue("log_watch") if "log_watch" in request.fixturenames else None
    yield
    assert watch is None or not watch.new_faults()
