"""What the tests of the values' forms need: forms, what is stored, and the steps of the dialog."""

from typing import Any

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tools.devserver import DevServer

from ..conftest import until
from ..flow_steps import choose_change, start_reconfigure

TOTAL = {"platform": "sensor", "name": "Total", "value": "total"}
DOOR = {"platform": "binary_sensor", "name": "Door", "value": "open"}
STORED = {"events": [], "platform": "sensor", "name": "Total", "value": "total"}


async def submit(
    hass: HomeAssistant, step: SubentryFlowResult, form: dict[str, Any]
) -> SubentryFlowResult:
    assert step["type"] is FlowResultType.FORM
    return await hass.config_entries.subentries.async_configure(step["flow_id"], form)


async def open_form(
    hass: HomeAssistant, entry: MockConfigEntry, option: str = "add_value"
) -> SubentryFlowResult:
    return await choose_change(hass, await start_reconfigure(hass, entry, "orders"), option)


async def add(
    hass: HomeAssistant, entry: MockConfigEntry, form: dict[str, Any], **details: Any
) -> SubentryFlowResult:
    """Add a value by both of its forms."""
    step = await submit(hass, await open_form(hass, entry), form)
    assert step["step_id"] == form["platform"], step.get("errors")
    step = await submit(hass, step, details)
    await hass.async_block_till_done()
    return step


def stored(entry: MockConfigEntry) -> dict[str, Any]:
    return dict(entry.subentries["id-orders"].data["values"])


def selector_of(step: SubentryFlowResult, field: str) -> dict[str, Any]:
    """Return how the frontend shows a field."""
    assert step["data_schema"] is not None
    config: dict[str, Any] = step["data_schema"].schema[field].config
    return config


def choices(step: SubentryFlowResult, field: str) -> dict[str, str]:
    """Return the labels that a field offers, by their values."""
    return {it["value"]: it["label"] for it in selector_of(step, field)["options"]}


async def publish(hass: HomeAssistant, server: DevServer, name: str, data: object) -> None:
    events = async_capture_events(hass, "pusher_channels_event")
    await server.publish("orders", name, data)
    await until(lambda: events)
