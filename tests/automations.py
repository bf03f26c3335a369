"""Automations on the integration's triggers, and what their runs have."""

import json
from collections.abc import Mapping
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

RAN = "ran"
SHOWN = "trigger: "
ARRIVAL = {
    "channel": "orders",
    "event": "order.shipped",
    "data": {"id": 1},
    "user_id": None,
    "cached": False,
}


async def automate(
    hass: HomeAssistant,
    trigger: str,
    options: Mapping[str, Any] | None = None,
    target: Mapping[str, Any] | None = None,
) -> list[Event[dict[str, Any]]]:
    """Set up an automation and return the list of its runs."""
    given = {"options": options, "target": target}
    filters = {key: dict(value) for key, value in given.items() if value is not None}
    automation = {
        "alias": "Ours",
        "triggers": [{"trigger": f"pusher_channels.{trigger}", "id": "mine", **filters}],
        "actions": [{"event": RAN, "event_data": {"as": SHOWN + "{{ trigger | to_json }}"}}],
        "mode": "parallel",
    }
    runs = async_capture_events(hass, RAN)
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    return runs


def variables_of(event: Event[dict[str, Any]]) -> dict[str, Any]:
    """Return the variable `trigger` of a run."""
    variables: dict[str, Any] = json.loads(event.data["as"].removeprefix(SHOWN))
    return variables
