"""Each blueprint does what its description promises."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer

from ..conftest import SetUp, until
from . import CHECKOUT, DOCUMENTATION
from .shop import ada_in_the_lobby, shop_entry

FOLDER = CHECKOUT / "blueprints/automation/pusher_channels"
TURNS = 50
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))

type Automate = Callable[..., Awaitable[None]]


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a config folder with the imported blueprints."""
    shutil.copytree(FOLDER, tmp_path / FOLDER.relative_to(CHECKOUT))
    return str(tmp_path)


@pytest.fixture
def automate(hass: HomeAssistant) -> Automate:
    """Return a function that creates an automation from a blueprint, as the user interface does."""

    async def automate(name: str, **inputs: Any) -> None:
        use = {"path": f"pusher_channels/{name}.yaml", "input": inputs}
        automation = {"alias": "Ours", "use_blueprint": use}
        assert await async_setup_component(hass, "automation", {"automation": automation})
        await hass.async_block_till_done()
        assert hass.states.get("automation.ours") is not None

    return automate


@pytest.fixture
async def shop(server: DevServer, set_up: SetUp) -> Hub:
    """Return the running app."""
    return await set_up(shop_entry(server))


async def _pass(hass: HomeAssistant, **time: int) -> None:
    """Fire all timers that are due by then; a waiting automation keeps Home Assistant busy."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(**time))
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_event_becomes_a_notification(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    sent: list[ServiceCall] = async_mock_service(hass, "notify", "send_message")
    await automate(
        "notify_on_event",
        channel=["ord*"],
        event=["order.shipped"],
        notify=["notify.phone"],
        message="Order {{ trigger.data.id }} is on its way",
    )

    await server.publish("orders", "order.paid", {"id": 41})
    await server.publish("orders", "order.shipped", {"id": 42})
    await until(lambda: sent)

    assert [call.data for call in sent] == [
        {
            "entity_id": ["notify.phone"],
            "title": "orders",
            "message": "Order 42 is on its way",
        }
    ]


async def test_every_event_becomes_a_notification_by_default(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    sent: list[ServiceCall] = async_mock_service(hass, "notify", "send_message")
    await automate("notify_on_event", channel=["ticker"], notify=["notify.phone"])

    await server.publish("ticker", "price", {"eur": 3})
    await until(lambda: sent)

    assert sent[0].data["message"] == "price: {'eur': 3}"


LIGHT = {"members": "sensor.presence_lobby_members", "light": {"entity_id": "light.hall"}}


async def test_light_is_on_while_ada_is_here(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    on = async_mock_service(hass, "light", "turn_on")
    off = async_mock_service(hass, "light", "turn_off")
    await automate("light_while_someone_is_here", **LIGHT)

    async with ada_in_the_lobby(server):
        await until(lambda: on)
        assert on[0].data["entity_id"] == ["light.hall"]
        await _pass(hass, minutes=5)
        assert not off
    await until(lambda: _others(hass) == 0)
    await _pass(hass, seconds=50)
    assert not off
    await _pass(hass, seconds=70)
    assert [call.data["entity_id"] for call in off] == [["light.hall"]]
    assert len(on) == 1


async def test_reconnect_does_not_change_the_light(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    on = async_mock_service(hass, "light", "turn_on")
    off = async_mock_service(hass, "light", "turn_off")
    await automate("light_while_someone_is_here", **LIGHT)

    async with ada_in_the_lobby(server):
        await until(lambda: on)
        await shop.client.disconnect()
        await _pass(hass, minutes=5)
        shop.client.connect()
        await until(lambda: shop.channels["id-presence-lobby"].is_subscribed)
        await _pass(hass, minutes=5)
        assert _others(hass) == 1

    assert len(on) == 1
    assert not off


async def test_lost_connection_is_reported_until_it_returns(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    created = async_mock_service(hass, "persistent_notification", "create")
    dismissed = async_mock_service(hass, "persistent_notification", "dismiss")
    await automate(
        "alert_when_connection_is_down", connection="sensor.shop_connection_state", minutes=10
    )

    await server.close_all(4100, "The server is full")
    await until(lambda: _state(hass) == "reconnecting")
    await shop.client.disconnect()
    await _pass(hass, minutes=9)
    assert not created
    await _pass(hass, minutes=11)
    [alert] = created
    assert alert.data["title"] == "Shop"
    assert alert.data["message"] == "Not connected for 10 minutes. The server is full (4100)"
    assert not dismissed
    shop.client.connect()
    await until(lambda: dismissed)
    assert dismissed[0].data["notification_id"] == alert.data["notification_id"]


async def test_short_outage_is_not_reported(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    created = async_mock_service(hass, "persistent_notification", "create")
    await automate("alert_when_connection_is_down", connection="sensor.shop_connection_state")

    await server.close_all(4200)
    await until(lambda: _state(hass) == "reconnecting")
    await until(lambda: _state(hass) == "connected")
    await _pass(hass, hours=1)

    assert not created


async def test_closed_connection_starts_no_run_at_once_and_is_reported(
    hass: HomeAssistant, shop: Hub, automate: Automate
) -> None:
    """A run that starts while Home Assistant stops would delay the stop."""
    created = async_mock_service(hass, "persistent_notification", "create")
    runs = async_capture_events(hass, "automation_triggered")
    await automate("alert_when_connection_is_down", connection="sensor.shop_connection_state")

    await shop.client.disconnect()
    await until(lambda: _state(hass) == "disconnected")
    await hass.async_block_till_done()
    assert not runs
    await _pass(hass, minutes=1)
    assert len(runs) == 1
    await _pass(hass, minutes=7)
    assert len(created) == 1


async def test_start_without_a_connection_is_reported(
    hass: HomeAssistant, automate: Automate
) -> None:
    created = async_mock_service(hass, "persistent_notification", "create")
    hass.set_state(CoreState.not_running)
    hass.states.async_set("sensor.shop_connection_state", "unavailable")
    await automate("alert_when_connection_is_down", connection="sensor.shop_connection_state")

    await hass.async_start()
    await _pass(hass, minutes=4)
    assert not created
    await _pass(hass, minutes=6)

    assert len(created) == 1


@pytest.mark.parametrize(
    ("members", "data", "runs"),
    [
        ([], {"script": "good_night"}, True),
        ([], {"script": "script.good_night"}, True),
        ([], "good_night", True),
        (["ada"], {"script": "good_night"}, True),
        (["grace"], {"script": "good_night"}, False),
        ([], {"script": "unlock"}, False),
        ([], {"script": "good_night, script.unlock"}, False),
        ([], {"script": ["good_night"]}, False),
        ([], {"script": None}, False),
        ([], {}, False),
        ([], [1], False),
    ],
)
async def test_allowed_script_runs_on_a_client_event(
    hass: HomeAssistant,
    server: DevServer,
    shop: Hub,
    automate: Automate,
    members: list[str],
    data: Any,
    runs: bool,
) -> None:
    started = async_mock_service(hass, "script", "turn_on")
    await automate(
        "run_script_on_client_event",
        channel="presence-lobby",
        scripts=["script.good_night", "script.party"],
        members=members,
    )
    received = async_capture_events(hass, "pusher_channels_event")

    async with ada_in_the_lobby(server) as ada:
        await ada.send("client-run", data, "presence-lobby")
        await until(lambda: received)
        await hass.async_block_till_done()

    assert [call.data["entity_id"] for call in started] == [["script.good_night"]] * runs


async def test_event_of_the_server_runs_no_script(
    hass: HomeAssistant, server: DevServer, shop: Hub, automate: Automate
) -> None:
    started = async_mock_service(hass, "script", "turn_on")
    scripts = ["script.good_night"]
    await automate(
        "run_script_on_client_event", channel="private-alerts", event="run", scripts=scripts
    )
    received = async_capture_events(hass, "pusher_channels_event")

    await server.publish("private-alerts", "run", {"script": "good_night"})
    await until(lambda: received)
    await hass.async_block_till_done()

    assert not started


@pytest.mark.parametrize("name", NAMES)
def test_blueprint_has_its_source(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text()
    path = f"blueprints/automation/pusher_channels/{name}.yaml"
    assert f"source_url: {DOCUMENTATION}/blob/main/{path}\n" in text


def _state(hass: HomeAssistant) -> str:
    state = hass.states.get("sensor.shop_connection_state")
    assert state is not None
    return state.state


def _others(hass: HomeAssistant) -> int:
    state = hass.states.get("sensor.presence_lobby_members")
    assert state is not None
    others: int = state.attributes["others"]
    return others
