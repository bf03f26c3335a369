"""The last step of a value shows what it would be now, and takes only units and classes that fit."""

from typing import Any

import pytest
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from tools.devserver import DevServer

from ..conftest import SetUp, app_entry, channel_subentry
from ..flow_steps import prefilled
from .value_steps import DOOR, STORED, TOTAL, add, open_form, publish, stored, submit

UNIT = "unit_of_measurement"


@pytest.mark.parametrize(
    ("form", "present"),
    [
        (TOTAL, "5"),
        (DOOR, "on"),
        (DOOR | {"value": "locked"}, "off"),
        (TOTAL | {"value": "{{ data.total * 2 }}"}, "10"),
        (TOTAL | {"value": "missing"}, "-"),
        (TOTAL | {"value": "$"}, "-"),
        (TOTAL | {"events": ["other"]}, "-"),
        (TOTAL | {"value": "text"}, "many 'words'"),
    ],
)
async def test_last_step_shows_what_the_value_would_be_now(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    form: dict[str, Any],
    present: str,
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    data = {"total": 5, "open": 1, "locked": 0, "text": "many\n`words`"}
    await publish(hass, server, "new", data)
    step = await submit(hass, await open_form(hass, entry), form)
    placeholders = step["description_placeholders"]
    assert placeholders is not None
    assert placeholders == {"present": present, "units": "-", "state_classes": "-"}
    assert step["last_step"]


@pytest.mark.parametrize(
    ("details", "present"),
    [
        ({"device_class": "timestamp"}, "1970-01-01 00:00:05+00:00"),
        ({"unit_of_measurement": "EUR"}, "5"),
        ({"unit_of_measurement": 5}, "-"),
    ],
)
async def test_changed_value_is_shown_as_its_class_has_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, details: dict[str, Any], present: str
) -> None:
    entry = app_entry(server, channel_subentry("orders", values={"a": STORED | details}))
    await set_up(entry)
    await publish(hass, server, "new", {"total": 5})
    step = await submit(hass, await open_form(hass, entry, "change_value"), {"value_id": "a"})
    step = await submit(hass, step, TOTAL)
    placeholders = step["description_placeholders"]
    assert placeholders is not None
    assert placeholders["present"] == present


@pytest.mark.parametrize(
    ("details", "field", "units", "state_classes"),
    [
        ({"device_class": "temperature"}, UNIT, "K, °C, °F", "measurement"),
        ({"device_class": "temperature", UNIT: "EUR"}, UNIT, "K, °C, °F", "measurement"),
        ({"device_class": "power_factor", UNIT: "EUR"}, UNIT, "%, -", "measurement"),
        ({"device_class": "timestamp", UNIT: "s"}, UNIT, "-", "-"),
        ({"device_class": "date", "state_class": "total"}, "state_class", "-", "-"),
        ({"device_class": "monetary", "state_class": "measurement"}, "state_class", "-", "total"),
        (
            {"device_class": "monetary", UNIT: "€", "state_class": "measurement"},
            "state_class",
            "€",
            "total",
        ),
        ({"device_class": "enum", "state_class": "measurement"}, "state_class", "-", "-"),
        ({"state_class": "measurement_angle"}, UNIT, "°", "measurement_angle"),
        ({"state_class": "measurement_angle", UNIT: "EUR"}, UNIT, "°", "measurement_angle"),
        (
            {"device_class": "energy", UNIT: "kWh", "state_class": "measurement"},
            "state_class",
            ", ".join(sorted(str(unit) for unit in DEVICE_CLASS_UNITS[SensorDeviceClass.ENERGY])),
            "total, total_increasing",
        ),
        ({UNIT: "x" * 51}, UNIT, "-", "-"),
    ],
)
async def test_unit_and_classes_that_disagree_are_refused_with_what_fits(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    details: dict[str, Any],
    field: str,
    units: str,
    state_classes: str,
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL)
    step = await submit(hass, step, details)
    assert step["errors"] == {field: "invalid_unit"}
    assert prefilled(step) == details
    placeholders = step["description_placeholders"]
    assert placeholders is not None
    assert placeholders == {"present": "-", "units": units, "state_classes": state_classes}
    assert "values" not in entry.subentries["id-orders"].data


@pytest.mark.parametrize(
    "details",
    [
        {UNIT: "x" * 50},
        {"device_class": "pm25", UNIT: "\u00b5g/m\u00b3"},
        {"device_class": "pm25", UNIT: "\u03bcg/m\u00b3"},
        {"device_class": "power_factor"},
        {UNIT: "EUR", "state_class": "measurement"},
        {UNIT: "\u00b0", "state_class": "measurement_angle"},
    ],
)
async def test_unit_and_classes_that_agree_are_stored(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, details: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await add(hass, entry, TOTAL, **details)
    assert list(stored(entry).values()) == [STORED | details]


async def test_class_of_a_binary_sensor_needs_no_unit(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await add(hass, entry, DOOR, device_class="battery")
    assert list(stored(entry).values()) == [DOOR | {"events": [], "device_class": "battery"}]


async def test_every_device_class_is_taken_with_each_unit_and_state_class_that_fits(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    for device_class in SensorDeviceClass:
        unit = next(iter(DEVICE_CLASS_UNITS.get(device_class, {None})))
        for state_class in (None, *DEVICE_CLASS_STATE_CLASSES[device_class]):
            details = {
                "device_class": device_class.value,
                "unit_of_measurement": unit,
                "state_class": state_class,
            }
            form = TOTAL | {"name": f"{device_class} {state_class}"}
            step = await submit(hass, await open_form(hass, entry), form)
            step = await submit(hass, step, {key: it for key, it in details.items() if it})
            if state_class == "measurement_angle" and unit != "°":
                assert step["errors"] == {"unit_of_measurement": "invalid_unit"}
            else:
                assert step["type"] is FlowResultType.ABORT, details
            data = {**entry.subentries["id-orders"].data, "values": {}}
            hass.config_entries.async_update_subentry(
                entry, entry.subentries["id-orders"], data=data
            )
