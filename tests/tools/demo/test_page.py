"""The demo's page gets a signature for the shared channel and for no other."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tools.demo import page
from tools.demo.stage import APP, SHARED_CHANNEL
from tools.devserver import DevServer


@pytest.fixture
async def address(socket_enabled: None) -> AsyncIterator[str]:
    """Serve the page of a running server, and return its address."""
    async with DevServer([APP]) as server, page.serve(server) as address:
        yield address


async def test_page_names_the_shared_channel(address: str) -> None:
    async with ClientSession() as session, session.get(address) as response:
        assert SHARED_CHANNEL in await response.text()


@pytest.mark.parametrize(("channel", "status"), [(SHARED_CHANNEL, 200), ("private-orders", 403)])
async def test_only_the_shared_channel_is_authorized(
    address: str, channel: str, status: int
) -> None:
    form = {"socket_id": "1.1", "channel_name": channel}
    async with ClientSession() as session, session.post(f"{address}/auth", data=form) as response:
        assert response.status == status
        if status == 200:
            assert (await response.json())["auth"].startswith(f"{APP.key}:")
