"""The examples of values show what the guide promises, by the form and an event."""

import json
import re

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template

from tools.devserver import DevServer

from ..actions import ENGLISH
from ..conftest import SetUp, app_entry, until
from ..flow_steps import choose_change, start_reconfigure
from ..home_assistant import state_of
from .pages import blocks, section

GUIDE = "docs/guides/show-a-value.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in section(GUIDE, "Examples").splitlines()
    if line.startswith("| ") and not line.startswith("| What")
]
STATE_CLASSES = {
    label: value for value, label in ENGLISH["selector"]["state_class"]["options"].items()
}


def _details(settings: str) -> dict[str, str]:
    """Return the second form from the column Settings."""
    details: dict[str, str] = {}
    if match := re.search(r"device class \*(.+?)\*", settings):
        details["device_class"] = match[1].lower()
    if match := re.search(r"unit `(.+?)`", settings):
        details["unit_of_measurement"] = match[1]
    if match := re.search(r"state class \*(.+?)\*", settings):
        details["state_class"] = STATE_CLASSES[match[1]]
    return details


def test_guide_has_examples() -> None:
    assert len(ROWS) == 9
    assert {name for row in ROWS for name in _details(row[3])} == {
        "device_class",
        "unit_of_measurement",
        "state_class",
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
async def test_example_shows_its_state(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, row: list[str]
) -> None:
    what, data, value, settings, state = (cell.strip("`") for cell in row)
    platform = "binary_sensor" if settings.startswith("Binary") else "sensor"
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await choose_change(hass, await start_reconfigure(hass, entry, "orders"), "add_value")
    for form in ({"platform": platform, "name": what, "value": value}, _details(settings)):
        step = await hass.config_entries.subentries.async_configure(step["flow_id"], form)
    assert step["type"] is FlowResultType.ABORT, step.get("errors")
    await hass.async_block_till_done()
    await server.publish("orders", "order.shipped", json.loads(data))
    (value_id,) = entry.subentries["id-orders"].data["values"]
    unique_id = f"{entry.entry_id}_id-orders_value_{value_id}"
    entity_id = er.async_get(hass).async_get_entity_id(platform, "pusher_channels", unique_id)
    assert entity_id is not None
    await until(lambda: state_of(hass, entity_id).state == state)


async def test_templates_of_the_helpers_work(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.orders_total", "100")
    hass.states.async_set("event.orders", "2026-11-25", {"data": {"total": 34.5}})
    templates = [block.text for block in blocks("jinja") if block.page == GUIDE]
    results = [Template(text, hass).async_render() for text in templates]
    assert results == [119.0, 34.5]
