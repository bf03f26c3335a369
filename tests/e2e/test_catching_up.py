"""The blueprint that catches up makes an outage of 30 s invisible to an automation that counts."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pusher.errors import PusherError

from tools.harness import free_port

from .backends import Backend
from .entry import AppEntry
from .publisher import publish
from .soketi import Soketi

BLUEPRINT = "automation/pusher_channels/catch_up_after_gap.yaml"
BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
OUTAGE = 30.0
PAUSE = 0.2
PORT = free_port()
CONFIGURATION = f"""
rest_command:
  missed_events:
    url: "http://127.0.0.1:{PORT}/?since={{{{ since | urlencode }}}}&until={{{{ until | urlencode }}}}"
template:
  - triggers:
      - trigger: pusher_channels.event_received
        options:
          channel: orders
    sensor:
      - name: Received orders
        state: "{{{{ trigger.data.id }}}}"
        attributes:
          ids: "{{{{ ([trigger.data.id] + (this.attributes.ids | default([], true)))[:500] }}}}"
"""

pytestmark = pytest.mark.parametrize("server", [Soketi], ids=["soketi"], indirect=True)


class Application:
    """An application that stores each event, and sends it unless the server is stopped."""

    def __init__(self, server: Backend) -> None:
        self._server = server
        self._sent: list[tuple[float, int]] = []

    async def send(self) -> None:
        """Store and send an event."""
        number = len(self._sent)
        self._sent.append((time.time(), number))
        with suppress(OSError, PusherError):
            await publish(self._server, "orders", "paid", {"id": number})

    async def send_for(self, seconds: float) -> None:
        """Send events for that long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self.send()
            await asyncio.sleep(PAUSE)

    @property
    def count(self) -> int:
        """The number of events so far."""
        return len(self._sent)

    async def answer(self, request: web.Request) -> web.Response:
        """Return the events between two times."""
        since, until = (
            datetime.fromisoformat(request.query[name]).timestamp() for name in ("since", "until")
        )
        return web.json_response(
            [
                {"channel": "orders", "event": "paid", "data": {"id": number}}
                for at, number in self._sent
                if since <= at <= until
            ]
        )


@pytest.fixture
async def application(server: Backend) -> AsyncGenerator[Application]:
    """Run the application."""
    application = Application(server)
    routes = web.Application()
    routes.router.add_get("/", application.answer)
    async with TestServer(routes, host="127.0.0.1", port=PORT):
        yield application


async def test_automation_counts_each_event_once_despite_an_outage_of_30_s(
    app: AppEntry, server: Backend, application: Application
) -> None:
    await app.add_channel("orders")
    hass = app.hass
    target = hass.config / "blueprints" / BLUEPRINT
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(BLUEPRINTS / BLUEPRINT, target)
    catching_up = {
        "alias": "catching_up",
        "use_blueprint": {
            "path": "pusher_channels/catch_up_after_gap.yaml",
            "input": {"received": "sensor.received_orders", "channel": ["orders"]},
        },
    }
    counting = {
        "alias": "counting",
        "triggers": [
            {"trigger": "pusher_channels.event_received", "options": {"channel": "orders"}}
        ],
        "actions": [{"event": "counted", "event_data": {"id": "{{ trigger.data.id }}"}}],
        "mode": "queued",
        "max": 1000,
    }
    for automation in (catching_up, counting):
        path = f"/api/config/automation/config/{automation['alias']}"
        await hass.post(path, automation)
    async with hass.events("counted") as counted:
        await application.send_for(3)
        await server.kill()
        await application.send_for(OUTAGE)
        await server.restart()
        await app.becomes("connection_state", "connected")
        await application.send_for(10)
        numbers = [(await counted.take())["id"] for _ in range(application.count)]
        await asyncio.sleep(2)
        assert counted.waiting == []
    assert sorted(numbers) == list(range(application.count))
