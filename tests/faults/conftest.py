"""What the fault tests share: a skippable clock, a path that can break, and a look for leftovers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path as FileSystemPath

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.const import DOMAIN
from devserver import DevServer

from ..client.conftest import clock, leftovers
from .path import Path

__all__ = ["clock", "leftovers", "log_lines", "sockets"]


@pytest.fixture
async def path(server: DevServer) -> AsyncIterator[Path]:
    """Run a TCP path to the server that a test may disturb."""
    async with Path(server.host, server.port) as running:
        yield running


def sockets() -> int:
    """Return how many sockets this process has open."""
    files = FileSystemPath("/proc/self/fd").iterdir()
    return sum(file.is_symlink() and str(file.readlink()).startswith("socket:") for file in files)


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration told a user who did not ask for more."""
    return [
        record.getMessage()
        for record in caplog.records
        if DOMAIN in record.name and record.levelname != "DEBUG"
    ]


async def closed(hass: HomeAssistant, entry_id: str) -> None:
    """Unload the entry and expect that it leaves no task and no timer."""
    assert await hass.config_entries.async_unload(entry_id)
    await hass.async_block_till_done()
    await asyncio.sleep(0)
    assert leftovers() == []
