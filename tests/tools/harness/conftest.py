"""One Home Assistant process for all tests of a file."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import pytest_socket

from tools.harness import HomeAssistant


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Let what belongs to the process that the tests share stay between them."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the tests reach it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant."""
    pytest_socket.enable_socket()
    async with HomeAssistant(configuration="input_boolean:\n  lamp:\n") as running:
        yield running
