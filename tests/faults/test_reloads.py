"""Reloads and stops leave nothing behind."""

import asyncio

from homeassistant.core import HomeAssistant

from devserver import DevServer

from ..conftest import SetUp, app_entry, until
from .conftest import leftovers, sockets

RELOADS = 1000


async def test_a_thousand_reloads_leave_no_task_timer_or_socket(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await server.wait_disconnected(1)
    before = sockets(), len(asyncio.all_tasks()), len(leftovers())

    for _ in range(RELOADS):
        assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await server.wait_disconnected(1)

    await until(lambda: len(asyncio.all_tasks()) <= before[1])
    await until(lambda: sockets() <= before[0])
    assert len(leftovers()) <= before[2] + 1
    assert await hass.config_entries.async_unload(entry.entry_id)
    await until(lambda: leftovers() == [])
    await server.wait_disconnected(0)
