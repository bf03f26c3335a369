"""Servers that cannot be reached: an unknown name, a proxy that refuses, a closed port."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from tools.devserver import DevServer

from ..client.network import NoNames, listening, refuse
from .app_under_test import entry_at
from .conftest import WatchApp

NO_PROXY = "The proxy refused or could not be reached"


@pytest.fixture
async def _no_names(hass: HomeAssistant) -> None:
    """Let every name lookup fail, as without a network."""
    vars(async_get_clientsession(hass).connector)["_resolver"] = NoNames()


@pytest.mark.parametrize(
    ("address", "reported"),
    [
        ({"host": "nowhere.invalid"}, "The host name could not be resolved"),
        ({"port": 1}, "The server could not be reached"),
        ({"proxy": "http://127.0.0.1:1"}, NO_PROXY),
    ],
)
@pytest.mark.usefixtures("_no_names")
async def test_an_address_that_leads_nowhere_is_reported_and_tried_again(
    server: DevServer, watch_app: WatchApp, address: dict[str, object], reported: str
) -> None:
    app = watch_app(entry_at(server, **address))
    await app.fails_to_set_up(reported)

    await app.change(entry_at(server).data)

    await app.after_the_fault(None, lost=False)


async def test_a_proxy_that_refuses_is_reported_without_its_text_and_retried(
    server: DevServer, watch_app: WatchApp
) -> None:
    async with listening(refuse) as port:
        app = watch_app(entry_at(server, proxy=f"http://user:canary-password@127.0.0.1:{port}"))
        await app.fails_to_set_up(NO_PROXY)

    assert server.attempts == []
    await app.change(entry_at(server).data)
    await app.after_the_fault(None, lost=False)
