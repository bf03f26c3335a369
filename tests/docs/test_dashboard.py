"""The example dashboard is one of Home Assistant's own cards, of entities that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tools.devserver import DevServer

from ..actions import act
from ..conftest import SetUp, until
from . import CHECKOUT
from .shop import live_a_day, shop_entry

FILE = CHECKOUT / "docs/dashboard.yaml"
OWN_CARDS = {
    "button",
    "entity",
    "grid",
    "heading",
    "history-graph",
    "logbook",
    "markdown",
    "sections",
    "tile",
}


@pytest.fixture
def dashboard() -> dict[str, Any]:
    """Return the dashboard as a browser gets it."""
    served: dict[str, Any] = json.loads(json.dumps(load_yaml_dict(str(FILE))))
    return served


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a config folder with the dashboard in it."""
    (tmp_path / "shop.yaml").write_text(FILE.read_text())
    return str(tmp_path)


async def test_home_assistant_serves_it(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, dashboard: dict[str, Any]
) -> None:
    entry = {"mode": "yaml", "title": "Shop", "filename": "shop.yaml"}
    lovelace = {"lovelace": {"dashboards": {"shop-app": entry}}}
    assert await async_setup_component(hass, "lovelace", lovelace)
    client = await hass_ws_client(hass)

    await client.send_json_auto_id({"type": "lovelace/config", "url_path": "shop-app"})
    answer = await client.receive_json()

    assert answer["result"] == dashboard


async def test_its_entities_exist_and_show_something(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, dashboard: dict[str, Any]
) -> None:
    hub = await set_up(shop_entry(server))
    await live_a_day(hass, server, hub)
    await hass.async_block_till_done()

    for entity_id in re.findall(r"(?:binary_sensor|event|sensor|switch)\.\w+", FILE.read_text()):
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.state not in ("unknown", "unavailable"), entity_id
    for part in _parts(dashboard):
        if "content" in part:
            text = Template(part["content"], hass).async_render(parse_result=False)
            assert "No error" in text or "customer | Ada" in text or "Please come back" in text


def test_its_cards_are_home_assistants_own(dashboard: dict[str, Any]) -> None:
    assert {part["type"] for part in _parts(dashboard) if "type" in part} <= OWN_CARDS


async def test_its_buttons_do_something(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, dashboard: dict[str, Any]
) -> None:
    await set_up(shop_entry(server))
    for part in _parts(dashboard):
        if part.get("action") == "perform-action":
            domain, _, action = part["perform_action"].partition(".")
            assert domain == "pusher_channels"
            await act(hass, action, **part["data"])

    await until(lambda: any(it.event == "client-wave" for it in server.received))
    assert [event.event for event in server.published] == ["order.seen"]


def _parts(value: object) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for inner in value.values():
                yield from _parts(inner)
        case list():
            for inner in value:
                yield from _parts(inner)
        case _:
            pass
