"""A server, a real Home Assistant, a browser, and pictures on request."""

import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.tools.devserver.certificate import write_certificate
from tools.browser.apps import APPS, Apps
from tools.browser.frontend import Frontend, open_frontend
from tools.browser.pictures import IMAGES, Pictures, UncommittedChangesError
from tools.devserver import DevServer
from tools.harness import HomeAssistant

PICTURES = pytest.StashKey[Pictures]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures",
        nargs="?",
        type=Path,
        const=IMAGES,
        metavar="FOLDER",
        help="take the pictures of docs/images; into another folder, changes need not be committed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find out before any test whether there may be pictures."""
    try:
        config.stash[PICTURES] = Pictures(config.getoption("--pictures"))
    except UncommittedChangesError as err:
        raise pytest.UsageError(str(err)) from None


@pytest.fixture(scope="session")
async def server() -> AsyncGenerator[DevServer]:
    """Run a server with an app for each thing that can be wrong with one."""
    async with DevServer(APPS) as running:
        yield running


@pytest.fixture(scope="session")
async def unknown_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[DevServer]:
    """Run a server with a certificate that is not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(tmp_path_factory.mktemp("certificate")))
    async with DevServer(APPS, ssl=context) as running:
        yield running


@pytest.fixture(scope="session")
async def hass() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant for all tests."""
    async with HomeAssistant() as running:
        sequence = [{"stop": "Signed.", "response_variable": "answer"}]
        script = {"alias": "Sign for a channel", "sequence": sequence}
        await running.post("/api/config/script/config/sign", script)
        await _hide_what_has_no_icon_here(running)
        yield running


async def _hide_what_has_no_icon_here(hass: HomeAssistant) -> None:
    """Disable Home Assistant's own integrations: their icons are loaded from the internet."""
    for entry in await hass.call("config_entries/get"):
        if not entry["disabled_by"]:
            await hass.call(
                "config_entries/disable", entry_id=entry["entry_id"], disabled_by="user"
            )


@pytest.fixture(scope="session")
async def browser(hass: HomeAssistant) -> AsyncGenerator[Frontend]:
    """Open one browser for all tests."""
    async with open_frontend(hass) as frontend:
        yield frontend


@pytest.fixture
async def frontend(browser: Frontend) -> Frontend:
    """Return the browser in its usual size and light."""
    await browser.reset()
    return browser


@pytest.fixture
async def apps(hass: HomeAssistant, server: DevServer) -> AsyncGenerator[Apps]:
    """Add apps without the browser; remove all there are at the end, and what troubled the server."""
    yield Apps(hass, server)
    server.faults.reset()
    for entry in await hass.call("config_entries/get", domain="pusher_channels"):
        await hass.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")
    await server.wait_disconnected(timeout=60)


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Pictures:
    """Return what takes pictures, on request."""
    return request.config.stash[PICTURES]
