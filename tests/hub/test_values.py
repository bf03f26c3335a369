"""Stored values and what they are by platform and class."""

import json
from typing import Any

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.client import Event
from custom_components.pusher_channels.hub.value_reader import ValueReader
from custom_components.pusher_channels.hub.value_states import ValueKind
from custom_components.pusher_channels.hub.values import Value, value_of, values_of


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"platform": "binary_sensor", "device_class": "door"}, ValueKind.BINARY),
        ({}, ValueKind.TEXT),
        ({"device_class": "enum"}, ValueKind.TEXT),
        ({"device_class": "temperature"}, ValueKind.NUMBER),
        ({"unit_of_measurement": "pcs"}, ValueKind.NUMBER),
        ({"state_class": "total"}, ValueKind.NUMBER),
        ({"suggested_display_precision": 0}, ValueKind.NUMBER),
        ({"device_class": "timestamp"}, ValueKind.TIMESTAMP),
        ({"device_class": "uptime"}, ValueKind.TIMESTAMP),
        ({"device_class": "date"}, ValueKind.DATE),
    ],
)
def test_settings_decide_the_kind(settings: dict[str, Any], kind: ValueKind) -> None:
    value = Value.of("a", {"platform": "sensor", "name": "A", "value": "a"} | settings)
    assert value.kind is kind


def test_channel_without_values_has_none() -> None:
    assert values_of({"channel": "orders"}, Platform.SENSOR) == []
    assert value_of({"channel": "orders"}, "a") is None


def test_value_has_what_is_stored() -> None:
    stored = {"platform": "sensor", "name": "Total", "value": "total"}
    data = {
        "values": {
            "a": stored,
            "b": stored | {"events": ["paid", "order.*"], "expire_after": 60},
            "c": stored | {"value": "a..b"},
        }
    }
    assert value_of(data, "a") == Value("a", Platform.SENSOR, "Total", (), "total", stored)
    value = value_of(data, "b")
    assert value is not None
    assert value.events == ("paid", "order.*")
    assert value.settings["expire_after"] == 60
    assert value_of(data, "c") is None
    assert value_of(data, "d") is None


@pytest.mark.parametrize(("later", "state"), [(19, "5"), (20, None)])
async def test_template_is_rendered_for_the_latest_of_20_events_that_gives_a_state(
    hass: HomeAssistant, later: int, state: str | None
) -> None:
    value = Value.of("a", {"platform": "sensor", "name": "Total", "value": "{{ data.total }}"})
    reader = ValueReader(hass, value)
    for data in ({"total": 4}, {"total": 5}, *[{}] * later):
        reader.offer(Event("orders", "new", {"event": "new", "data": json.dumps(data)}))
    assert reader.settle() is (state is not None)
    assert reader.state == state
