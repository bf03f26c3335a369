"""The example dashboard works as pasted, after the steps of the README."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tools.devserver import DevServer

from ..actions import act
from ..conftest import APP, until
from ..flow_steps import add_channel, authorize, choose_change, submit
from . import CHECKOUT
from .pages import block_after, section

FILE = CHECKOUT / "docs/dashboard.yaml"
ENTITY = r"(?:binary_sensor|event|sensor|switch)\.\w+"
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
    "trend-graph",
}
EXAMPLES = section("README.md", "Three examples")


@pytest.fixture
async def shop(hass: HomeAssistant, server: DevServer) -> None:
    """Set up what the README sets up: an app, its channel and a value."""
    step = await authorize(hass, server, "auth_secret")
    step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
    entry: Any = step["result"]
    await hass.async_block_till_done()
    for flow in hass.config_entries.subentries.async_progress():
        hass.config_entries.subentries.async_abort(flow["flow_id"])
    await add_channel(hass, entry, "orders")
    await until(lambda: server.subscribers("orders"))
    value = re.search(r"Enter the value `(\w+)`", EXAMPLES)
    assert value is not None
    [subentry_id] = entry.subentries
    menu = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "channel"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    form = await choose_change(hass, menu, "add_value")
    configure = hass.config_entries.subentries.async_configure
    await configure(form["flow_id"], {"value": value[1]})
    await configure(form["flow_id"], {"unit_of_measurement": "EUR"})
    await hass.async_block_till_done()


@pytest.fixture
def order() -> dict[str, Any]:
    """Return the data of the README's event."""
    text = re.search(r"^`(\{.*\})`", EXAMPLES, re.MULTILINE)
    assert text is not None
    data: dict[str, Any] = json.loads(text[1])
    return data


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


@pytest.mark.usefixtures("shop")
async def test_its_entities_exist_and_show_the_event(
    hass: HomeAssistant, server: DevServer, dashboard: dict[str, Any], order: dict[str, Any]
) -> None:
    await server.publish("orders", "order.shipped", order)
    await until(lambda: hass.states.is_state("sensor.orders_total", str(order["total"])))

    named = re.findall(rf"`({ENTITY})`", EXAMPLES)
    assert named
    for entity_id in re.findall(ENTITY, FILE.read_text()) + named:
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.state not in ("unknown", "unavailable"), entity_id
    for part in _parts(dashboard):
        if "content" in part:
            text = Template(part["content"], hass).async_render(parse_result=False)
            assert f"| customer | {order['customer']} |" in text


@pytest.mark.usefixtures("shop")
async def test_its_latest_order_may_be_missing(
    hass: HomeAssistant, dashboard: dict[str, Any]
) -> None:
    for part in _parts(dashboard):
        if "content" in part:
            text = Template(part["content"], hass).async_render(parse_result=False)
            assert "No order has arrived yet." in text


def test_its_cards_are_home_assistants_own(dashboard: dict[str, Any]) -> None:
    assert {part["type"] for part in _parts(dashboard) if "type" in part} <= OWN_CARDS


@pytest.mark.usefixtures("shop")
async def test_its_button_sends_the_event_of_the_readme(
    hass: HomeAssistant, server: DevServer, dashboard: dict[str, Any], order: dict[str, Any]
) -> None:
    [button] = [part for part in _parts(dashboard) if part.get("action") == "perform-action"]
    domain, _, action = button["perform_action"].partition(".")
    assert domain == "pusher_channels"
    await act(hass, action, **button["data"])

    [sent] = server.published
    trigger = block_after("README.md", "### An event sends a notification").text
    assert f"event: {sent.event}\n" in trigger
    assert f"channel: {sent.channel}\n" in trigger
    assert json.loads(sent.data) == order


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
