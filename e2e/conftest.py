"""The server under test, and the sockets to reach it."""

from collections.abc import AsyncIterator

import pytest

from .soketi import Soketi


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Give these tests the sockets that pytest-homeassistant-custom-component takes away."""


@pytest.fixture
async def soketi() -> AsyncIterator[Soketi]:
    """Run a soketi server."""
    async with Soketi() as server:
        yield server
