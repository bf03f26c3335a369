"""Reloads leave nothing behind."""

import pytest

from tools.devserver import DevServer

from ..conftest import app_entry, until
from .app_under_test import costs, grown
from .conftest import WatchApp

RELOADS = 1000


@pytest.mark.slow
async def test_a_thousand_reloads_leave_no_task_timer_or_socket(
    server: DevServer, watch_app: WatchApp
) -> None:
    app = await watch_app(app_entry(server, "orders")).set_up()
    await app.reload()
    await server.wait_disconnected(1)
    before = costs()

    for _ in range(RELOADS):
        assert await app.hass.config_entries.async_reload(app.entry.entry_id)
    await app.hass.async_block_till_done()
    await server.wait_disconnected(1)

    await until(lambda: not grown(before, costs()))
