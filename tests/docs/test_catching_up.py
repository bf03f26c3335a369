"""The guide "Miss nothing": its Node endpoint, its configuration and its blueprint, together."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer

from ..conftest import SetUp, until
from ..home_assistant import device_named
from . import CHECKOUT
from .pages import blocks
from .shop import shop_entry

GUIDE = "docs/guides/miss-nothing.md"
BLUEPRINT = "automation/pusher_channels/catch_up_after_gap.yaml"
TOKEN = "a-long-random-token"
NODE = shutil.which("node")
CODE = [block.text for block in blocks("js") if block.page == GUIDE]
CONFIGURATION: list[Any] = [parse_yaml(it.text) for it in blocks("yaml") if it.page == GUIDE]
SEND = """
import { send } from "./send.mjs";
const pusher = { trigger: async () => {} };
await send(pusher, process.argv[2], process.argv[3], JSON.parse(process.argv[4]));
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node")


class Application:
    """The guide's application: it stores each event, and sends it unless Pusher is down."""

    def __init__(self, folder: Path, server: DevServer) -> None:
        self._folder = folder
        self._server = server
        (folder / "send.mjs").write_text(CODE[0])
        (folder / "missed.mjs").write_text(CODE[1])
        (folder / "main.mjs").write_text(SEND)

    async def store(self, event: str, data: str) -> None:
        """Store an event by the guide's function."""
        arguments = [str(NODE), "main.mjs", "orders", event, data]
        process = await asyncio.create_subprocess_exec(*arguments, cwd=self._folder)
        assert await process.wait() == 0

    async def send(self, number: int) -> None:
        """Store and send an event."""
        await self.store("order.paid", f'{{"id": "order-{number}", "number": {number}}}')
        await self._server.publish(
            "orders", "order.paid", {"id": f"order-{number}", "number": number}
        )


@pytest.fixture
async def application(
    server: DevServer, tmp_path: Path, unused_tcp_port: int
) -> AsyncIterator[tuple[Application, str]]:
    """Run the guide's endpoint, and return the application and the endpoint's address."""
    application = Application(tmp_path, server)
    environment = {"TOKEN": TOKEN, "PORT": str(unused_tcp_port)}
    process = await asyncio.create_subprocess_exec(
        str(NODE), "missed.mjs", cwd=tmp_path, env=environment
    )
    address = f"http://127.0.0.1:{unused_tcp_port}"
    await _wait_until_it_listens(address)
    yield application, address
    process.kill()
    await process.wait()


async def _wait_until_it_listens(address: str) -> None:
    async with ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(address) as response:
                    assert response.status == 401
                    return
            except ClientError:
                await asyncio.sleep(0.05)
    pytest.fail("The endpoint does not listen")


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a config folder with the blueprint."""
    target = tmp_path / "blueprints" / BLUEPRINT
    target.parent.mkdir(parents=True)
    shutil.copy(CHECKOUT / "blueprints" / BLUEPRINT, target)
    return str(tmp_path)


async def _set_up_guide(hass: HomeAssistant, address: str) -> None:
    """Set up the guide's configuration with another address, and the blueprint."""
    for configuration in CONFIGURATION:
        if "rest_command" in configuration:
            command = configuration["rest_command"]["missed_events"]
            command["url"] = address + command["url"].partition("shop.example")[2]
        for domain in configuration:
            assert await async_setup_component(hass, domain, configuration)
    catching_up = {
        "path": "pusher_channels/catch_up_after_gap.yaml",
        "input": {"received": "sensor.received_orders", "channel": ["orders"], "wait": 0},
    }
    counting = {
        "alias": "Counting",
        "triggers": [
            {"trigger": "pusher_channels.event_received", "options": {"channel": "orders"}}
        ],
        "actions": [
            {
                "event": "counted",
                "event_data": {
                    "number": "{{ trigger.data.number }}",
                    "missed": "{{ trigger.missed | default(false) }}",
                    "device_id": "{{ trigger.device_id }}",
                },
            }
        ],
        "mode": "queued",
        "max": 100,
    }
    automations = [{"alias": "Catching up", "use_blueprint": catching_up}, counting]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()


async def test_automation_counts_each_event_once_despite_an_outage(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    application: tuple[Application, str],
) -> None:
    sender, address = application
    await _set_up_guide(hass, address)
    counted = async_capture_events(hass, "counted")
    entry = shop_entry(server)
    hub = await set_up(entry)
    device = device_named(hass, entry, "id-orders")
    assert device is not None
    dr.async_get(hass).async_update_device(device.id, name_by_user="Sales")

    def numbers(*, missed: bool | None = None) -> list[Any]:
        return [
            event.data["number"]
            for event in counted
            if missed is None or event.data["missed"] is missed
        ]

    for number in range(3):
        await sender.send(number)
    await until(lambda: numbers() == [0, 1, 2])

    server.faults.upgrade_status = 503
    await server.close_all(4200)
    await until(lambda: not hub.channels["id-orders"].is_subscribed)
    for number in range(3, 6):
        await sender.send(number)
    server.faults.upgrade_status = None
    await until(lambda: hub.channels["id-orders"].is_subscribed, 20)
    for number in range(6, 8):
        await sender.send(number)

    await until(lambda: len(counted) >= 8, 10)
    await hass.async_block_till_done()
    assert sorted(numbers()) == list(range(8))
    assert numbers(missed=True) == [3, 4, 5]
    assert {event.data["device_id"] for event in counted} == {device.id}


async def test_endpoint_needs_the_token_and_returns_the_events_between_two_times(
    application: tuple[Application, str],
) -> None:
    sender, address = application
    url = f"{address}/missed-events"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    ever = {"since": "2020-01-01T00:00:00+00:00", "until": "2100-01-01T00:00:00+00:00"}
    async with ClientSession() as session:
        assert (await session.get(url, params=ever)).status == 401
        assert await (await session.get(url, params=ever, headers=headers)).json() == []
        await sender.store("order.paid", '{"id": "a", "number": 1}')
        [event] = await (await session.get(url, params=ever, headers=headers)).json()
        assert event.pop("at") > 0
        assert event == {
            "channel": "orders",
            "event": "order.paid",
            "data": {"id": "a", "number": 1},
        }
        past = ever | {"until": "2021-01-01T00:00:00+00:00"}
        assert await (await session.get(url, params=past, headers=headers)).json() == []
