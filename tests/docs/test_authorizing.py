"""The examples of authorization work: the endpoints are served, and the script runs."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import App, DevServer
from tools.harness import free_port

from ..conftest import MASTER_KEY, SetUp, channel_subentry, until
from .pages import block_after, blocks

GUIDE = "docs/guides/authorizing-endpoint.md"
TOKEN = {"name": "Authorization", "value": "Bearer a-long-random-token"}
APP = App(app_id="1001", key="your-key", secret="your-secret", master_key=MASTER_KEY)
PHP = shutil.which("php")


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server with the guide's app."""
    async with DevServer(apps=[APP]) as running:
        yield running


def _entry(server: DevServer, *channels: str, sign_in: bool = False, **authorization: Any) -> Any:
    place = {"host": server.host, "port": server.port, "use_tls": False, "verify_ssl": True}
    return MockConfigEntry(
        domain=DOMAIN,
        data={"app_key": APP.key, "cluster": "mt1", "server": place} | authorization,
        options={"sign_in": sign_in},
        subentries_data=[channel_subentry(channel) for channel in channels],
    )


def _python_examples() -> web.Application:
    """Run the guide's Python as one module, and return its application."""
    module: dict[str, Any] = {"__name__": "endpoint"}
    for block in (it for it in blocks("python") if it.page == GUIDE):
        exec(compile(block.text, str(block), "exec"), module)
    application = module["app"]
    assert isinstance(application, web.Application)
    return application


async def test_python_endpoint_lets_home_assistant_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    async with TestServer(_python_examples()) as endpoint:
        entry = _entry(
            server,
            "private-orders",
            "presence-lobby",
            sign_in=True,
            authorization="auth_endpoint",
            auth_endpoint=str(endpoint.make_url("/pusher/auth")),
            user_auth_endpoint=str(endpoint.make_url("/pusher/user-auth")),
            headers=[TOKEN],
        )
        hub = await set_up(entry)
        await until(lambda: hub.client.user.user_id == "home-assistant")

    assert server.members("presence-lobby") == {"home-assistant": {"name": "Home Assistant"}}
    assert server.subscribers("private-orders")


async def test_python_endpoint_refuses_a_wrong_token(
    hass: HomeAssistant, server: DevServer
) -> None:
    async with TestServer(_python_examples()) as endpoint:
        entry = _entry(
            server,
            "private-orders",
            authorization="auth_endpoint",
            auth_endpoint=str(endpoint.make_url("/pusher/auth")),
            headers=[TOKEN | {"value": "Bearer wrong"}],
        )
        await _is_refused(hass, entry, "Wrong token")


@pytest.mark.skipif(PHP is None, reason="there is no php")
async def test_php_endpoint_lets_home_assistant_in_and_others_not(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, tmp_path: Path
) -> None:
    (tmp_path / "auth.php").write_text(block_after(GUIDE, "## In PHP").text)
    async with _php_server(tmp_path) as url:
        address: dict[str, Any] = {
            "authorization": "auth_endpoint",
            "auth_endpoint": f"{url}/auth.php",
        }
        await set_up(_entry(server, "private-orders", "presence-lobby", **address, headers=[TOKEN]))
        assert server.members("presence-lobby") == {"home-assistant": {"name": "Home Assistant"}}

        await _is_refused(hass, _entry(server, "private-b", **address), "Wrong token")


async def test_script_lets_home_assistant_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    text = block_after("docs/configuration.md", "### Script").text
    configuration = parse_yaml(text.replace("https://shop.example", server.url))
    assert isinstance(configuration, dict)
    for domain in configuration:
        assert await async_setup_component(hass, domain, configuration)
    entry = _entry(
        server,
        "private-orders",
        "presence-lobby",
        "private-encrypted-vault",
        authorization="auth_script",
        script="script.authorize_shop",
    )

    hub = await set_up(entry)
    assert len(server.auth_requests) == 3

    server.auth.forbidden_channels.add("private-orders")
    await server.close_all(4200)
    channel = hub.client.channels["private-orders"]
    await until(lambda: channel.error)
    assert channel.error is not None
    assert channel.error.status == 401


async def _is_refused(hass: HomeAssistant, entry: MockConfigEntry, message: str) -> None:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    [channel] = entry.runtime_data.channels.values()
    await until(lambda: channel.client_channel.error)
    assert message in channel.client_channel.error.error


@asynccontextmanager
async def _php_server(folder: Path) -> AsyncIterator[str]:
    assert PHP is not None
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        PHP, "-S", address, "-t", str(folder), stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        await asyncio.wait_for(process.stderr.readline(), 10)
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()
