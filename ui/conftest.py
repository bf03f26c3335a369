"""A server, a real Home Assistant, a browser, and pictures where they are asked for."""

from collections.abc import AsyncGenerator

import pytest

from devserver import DevServer
from harness import HomeAssistant

from .apps import APPS, Apps
from .frontend import DESKTOP, Frontend, open_frontend
from .pictures import Pictures


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="write docs/images")


@pytest.fixture(scope="session")
async def server() -> AsyncGenerator[DevServer]:
    """Run a server with an app for each thing that can be wrong with one."""
    async with DevServer(APPS) as running:
        yield running


@pytest.fixture(scope="session")
async def hass() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant for all tests."""
    async with HomeAssistant() as running:
        sequence = [{"stop": "Signed.", "response_variable": "answer"}]
        script = {"alias": "Sign for a channel", "sequence": sequence}
        await running.post("/api/config/script/config/sign", script)
        yield running


@pytest.fixture(scope="session")
async def browser(hass: HomeAssistant) -> AsyncGenerator[Frontend]:
    """Open one browser for all tests."""
    async with open_frontend(hass) as frontend:
        yield frontend


@pytest.fixture
async def frontend(browser: Frontend) -> Frontend:
    """Return the browser in its usual size and light."""
    await browser.size(DESKTOP)
    await browser.theme("light")
    return browser


@pytest.fixture
async def apps(hass: HomeAssistant, server: DevServer) -> AsyncGenerator[Apps]:
    """Add apps without the browser; remove all there are at the end, and what troubled the server."""
    yield Apps(hass, server)
    server.faults.reset()
    for entry in await hass.call("config_entries/get", domain="pusher_channels"):
        await hass.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")
    await server.wait_disconnected()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Pictures:
    """Return what takes pictures, where they are asked for."""
    return Pictures(wanted=request.config.getoption("--pictures"))
