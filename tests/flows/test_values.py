"""Values are added to a channel, changed and removed by its menu."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tools.devserver import DevServer

from ..conftest import SetUp, app_entry, channel_subentry, until
from ..flow_steps import (
    choose_change,
    prefilled,
    shown_error,
    start_channel_change,
    start_reconfigure,
)
from ..home_assistant import state_of
from .test_flows_over_rest import post
from .value_steps import (
    DOOR,
    STORED,
    TOTAL,
    add,
    choices,
    open_form,
    publish,
    selector_of,
    stored,
    submit,
)


async def test_value_is_added_changed_and_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await publish(hass, server, "new", {"total": 5, "open": False})
    menu = await start_reconfigure(hass, entry, "orders")
    assert menu["menu_options"] == ["channel", "add_value"]

    step = await add(hass, entry, TOTAL, unit_of_measurement="EUR", suggested_display_precision=2)
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await add(hass, entry, DOOR, device_class="door", off_delay=5)
    total_id, door_id = stored(entry)
    assert stored(entry) == {
        total_id: STORED | {"unit_of_measurement": "EUR", "suggested_display_precision": 2},
        door_id: DOOR | {"events": [], "device_class": "door", "off_delay": 5},
    }
    assert state_of(hass, "sensor.orders_total").state == "5"
    assert state_of(hass, "binary_sensor.orders_door").state == "off"

    step = await start_reconfigure(hass, entry, "orders")
    assert step["menu_options"] == ["channel", "add_value", "change_value", "remove_value"]
    step = await choose_change(hass, step, "change_value")
    assert choices(step, "value_id") == {total_id: "Total", door_id: "Door"}
    assert selector_of(step, "value_id")["mode"] == "list"
    step = await submit(hass, step, {"value_id": total_id})
    assert prefilled(step) == STORED
    step = await submit(hass, step, TOTAL | {"name": "Sum", "events": ["order.*", " ", "order.*"]})
    assert prefilled(step) == {"unit_of_measurement": "EUR", "suggested_display_precision": 2}
    step = await submit(hass, step, {"unit_of_measurement": "USD"})
    assert step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert stored(entry)[total_id] == STORED | {
        "name": "Sum",
        "events": ["order.*"],
        "unit_of_measurement": "USD",
    }
    assert state_of(hass, "sensor.orders_total").name == "orders Sum"

    step = await open_form(hass, entry, "remove_value")
    assert prefilled(step) == {"value_id": ""}
    await submit(hass, step, {"value_id": total_id})
    await hass.async_block_till_done()
    assert list(stored(entry)) == [door_id]
    assert er.async_get(hass).async_get("sensor.orders_total") is None
    assert state_of(hass, "binary_sensor.orders_door").state == "off"


async def test_channel_keeps_its_values_under_another_name(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", values={"a": STORED}))
    hub = await set_up(entry)
    step = await start_channel_change(hass, entry, "orders")
    await submit(hass, step, {"channel": "sales"})
    await until(lambda: "sales" in hub.client.channels)
    await until(lambda: hub.client.channels["sales"].is_subscribed)
    assert stored(entry) == {"a": STORED}
    await server.publish("sales", "new", {"total": 8})
    await until(lambda: state_of(hass, "sensor.orders_total").state == "8")


async def test_platform_of_a_value_is_changed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    values = {"a": STORED | {"device_class": "monetary", "unit_of_measurement": "EUR"}}
    entry = app_entry(server, channel_subentry("orders", values=values))
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry, "change_value"), {"value_id": "a"})
    step = await submit(hass, step, DOOR)
    assert prefilled(step) == {}
    await submit(hass, step, {})
    await hass.async_block_till_done()
    assert stored(entry) == {"a": DOOR | {"events": []}}
    assert hass.states.get("sensor.orders_total") is None
    assert hass.states.get("binary_sensor.orders_door") is not None


async def test_paths_of_the_latest_events_are_offered_with_what_is_there(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    assert choices(await open_form(hass, entry), "value") == {}

    order = {"customer": {"name": "Ada"}, "items": [{"price": 2.5}], "a.b": None, "paid": True}
    await publish(hass, server, "created", order)
    offered = choices(await open_form(hass, entry), "value")
    assert offered == {
        "customer.name": "customer.name: Ada",
        "items[0].price": "items[0].price: 2.5",
        '["a.b"]': '["a.b"]: null',
        "paid": "paid: true",
    }

    await publish(hass, server, "paid", {"paid": False, "note": "long " * 100, "code": "x" * 40})
    offered = choices(await open_form(hass, entry), "value")
    assert offered["paid"] == "paid: false (paid)"
    assert offered["customer.name"] == "customer.name: Ada (created)"
    assert next(iter(offered)) == "paid"
    assert offered["note"] == f"note: {('long ' * 8)[:39]}… (paid)"
    assert offered["code"] == f"code: {'x' * 40} (paid)"


async def test_offered_paths_are_bounded(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    for number in range(3):
        await publish(hass, server, f"n{number}", {f"k{number}_{index}": 1 for index in range(150)})
    assert len(choices(await open_form(hass, entry), "value")) == 200


@pytest.mark.parametrize(
    ("change", "field", "error"),
    [
        ({"value": ""}, "value", "invalid_path"),
        ({"value": "  "}, "value", "invalid_path"),
        ({"value": "items["}, "value", "invalid_path"),
        ({"value": "a..b"}, "value", "invalid_path"),
        ({"value": "{{ data."}, "value", "invalid_template"),
        ({"value": "{% if data %}"}, "value", "invalid_template"),
        ({"value": "{{ data | no_such_filter }}"}, "value", "invalid_template"),
        ({"events": ["order", ".order.paid"]}, "events", "echo_event_name"),
        ({"name": "Caf\u00e9 door"}, "name", "name_taken"),
        ({"name": " cAF\u00c9  dOOR "}, "name", "name_taken"),
        ({"name": "Cafe\u0301 door"}, "name", "name_taken"),
        ({"name": " ", "value": "$"}, "name", "invalid_name"),
        ({"name": " ", "value": "{{ data }}"}, "name", "invalid_name"),
        ({"name": "x" * 101}, "name", "invalid_name"),
        ({"name": " ", "value": "a..b"}, "value", "invalid_path"),
        ({"value": "{{ data.", "events": [".a"]}, "value", "invalid_template"),
    ],
)
async def test_error_is_shown_at_its_field(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    change: dict[str, Any],
    field: str,
    error: str,
) -> None:
    taken = STORED | {"name": "Caf\u00e9 door"}
    entry = app_entry(server, channel_subentry("orders", values={"a": taken}))
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL | change)
    assert step["errors"] == {field: error}
    assert prefilled(step) == TOTAL | change
    assert step["last_step"] is False
    step = await submit(hass, step, TOTAL | {"name": "x" * 100})
    assert step["step_id"] == "sensor"
    await submit(hass, step, {})
    assert len(stored(entry)) == 2


async def test_name_from_the_path_is_shown_where_it_is_taken(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", values={"a": STORED}))
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), {"value": "total", "name": " "})
    assert step["errors"] == {"name": "name_taken"}
    assert prefilled(step)["name"] == "Total"


async def test_template_error_is_quoted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL | {"value": "{{ data | nope }}"})
    assert "nope" in shown_error(step)


@pytest.mark.parametrize(
    ("change", "quoted"),
    [
        ({"events": ["order", ".X.paid", "..b"]}, "X.paid"),
        ({"events": ["\\App\\Paid"]}, "App\\Paid"),
        ({"value": "a..b"}, ""),
    ],
)
async def test_first_event_name_with_a_prefix_is_quoted_without_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, change: dict[str, Any], quoted: str
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL | change)
    assert shown_error(step) == quoted


async def test_value_is_needed_and_is_shown_by_a_sensor_at_first(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), {"name": "Total"})
    assert step["errors"] == {"value": "invalid_path"}
    step = await submit(hass, step, {"name": "Total", "value": "total"})
    await submit(hass, step, {})
    assert list(stored(entry).values()) == [STORED]


async def test_name_taken_by_another_dialog_is_refused(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL)
    await add(hass, entry, TOTAL)
    step = await submit(hass, step, {})
    assert (step["step_id"], step["errors"]) == ("add_value", {"name": "name_taken"})
    step = await submit(hass, step, TOTAL | {"name": "Second"})
    await submit(hass, step, {})
    assert [value["name"] for value in stored(entry).values()] == [TOTAL["name"], "Second"]


async def test_dialogs_at_the_same_time_do_not_exceed_100_values(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    values = {f"v{index}": STORED | {"name": f"V {index}"} for index in range(99)}
    entry = app_entry(server, channel_subentry("orders", values=values))
    await set_up(entry)
    step = await submit(hass, await open_form(hass, entry), TOTAL)
    await add(hass, entry, TOTAL)
    step = await submit(hass, step, {})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "too_many_values")
    assert len(stored(entry)) == 100


async def test_channel_has_at_most_100_values(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    values = {f"v{index}": STORED | {"name": f"V {index}"} for index in range(100)}
    entry = app_entry(server, channel_subentry("orders", values=values))
    await set_up(entry)
    step = await open_form(hass, entry)
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "too_many_values")
    step = await submit(hass, await open_form(hass, entry, "change_value"), {"value_id": "v7"})
    assert step["step_id"] == "add_value"


@pytest.mark.parametrize(
    "edited", [STORED | {"value": "a..b"}, {"platform": "sensor", "value": "a"}, {}, "total", None]
)
async def test_stored_value_that_cannot_be_used_is_changed_or_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, edited: object
) -> None:
    entry = app_entry(server, channel_subentry("orders", values={"a": edited}))
    await set_up(entry)
    await add(hass, entry, TOTAL | {"name": "Other"})
    step = await open_form(hass, entry, "change_value")
    has_name = isinstance(edited, dict) and "name" in edited
    assert choices(step, "value_id")["a"] == ("Total" if has_name else "a")
    step = await submit(hass, step, {"value_id": "a"})
    step = await submit(hass, step, TOTAL | {"name": "Mended"})
    await submit(hass, step, {})
    await hass.async_block_till_done()
    assert hass.states.get("sensor.orders_mended") is not None
    await submit(hass, await open_form(hass, entry, "remove_value"), {"value_id": "a"})
    assert [value["name"] for value in stored(entry).values()] == ["Other"]


async def test_dialog_ends_when_the_channel_or_the_app_is_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step, other = await open_form(hass, entry), await open_form(hass, entry)
    hass.config_entries.async_remove_subentry(entry, "id-orders")
    step = await submit(hass, step, TOTAL)
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "removed")
    await hass.config_entries.async_remove(entry.entry_id)
    step = await submit(hass, other, TOTAL)
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "removed")


async def test_values_are_changed_while_the_app_does_not_run(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await hass.config_entries.async_unload(entry.entry_id)
    await add(hass, entry, TOTAL)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.orders_total") is not None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("total", "Total"),
        ("shop.open_orders", "Open orders"),
        ("_items_[0]", "Items"),
        ("items[0].price", "Price"),
        ("x" * 101, "X" + "x" * 99),
    ],
)
async def test_name_is_taken_from_the_path(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, path: str, name: str
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await add(hass, entry, {"platform": "sensor", "value": path})
    (value,) = stored(entry).values()
    assert value["name"] == name


async def test_value_is_added_over_rest(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    entry = app_entry(server, "orders")
    await set_up(entry)
    client = await hass_client()  # it freezes the routes, in tests only
    await server.publish("orders", "created", {"total": 12.5})
    await until(lambda: state_of(hass, "event.orders").attributes.get("event"))

    start = {"handler": [entry.entry_id, "channel"], "subentry_id": "id-orders"}
    step = await post(client, "subentries/flow", start)
    assert step["menu_options"] == ["channel", "add_value"]
    flow = f"subentries/flow/{step['flow_id']}"
    step = await post(client, flow, {"next_step_id": "add_value"})
    fields = {field["name"]: field for field in step["data_schema"]}
    assert list(fields) == ["value", "name", "platform", "events"]
    offered = [{"value": "total", "label": "total: 12.5"}]
    assert fields["value"]["selector"]["select"]["options"] == offered
    assert fields["value"]["selector"]["select"]["custom_value"]
    assert fields["value"]["selector"]["select"]["mode"] == "dropdown"
    assert fields["platform"]["default"] == "sensor"
    assert fields["events"]["selector"]["text"]["multiple"]

    form = {"platform": "sensor", "name": "Total", "value": "total["}
    step = await post(client, flow, form)
    assert step["errors"] == {"value": "invalid_path"}
    step = await post(client, flow, form | {"value": "total"})
    assert [field["name"] for field in step["data_schema"]] == [
        "device_class",
        "unit_of_measurement",
        "state_class",
        "suggested_display_precision",
        "expire_after",
    ]
    assert step["description_placeholders"]["present"] == "12.5"
    step = await post(client, flow, {"device_class": "temperature", "unit_of_measurement": "EUR"})
    assert step["errors"] == {"unit_of_measurement": "invalid_unit"}
    step = await post(client, flow, {"unit_of_measurement": "EUR", "expire_after": 60})
    assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.orders_total").state == "12.5"
