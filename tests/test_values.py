"""Values are entities of their channel's device that show what the latest event carried."""

from typing import Any

import pytest
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
)

from tools.devserver import DevServer

from .conftest import SetUp, app_entry, channel_subentry, until
from .home_assistant import skip, state_of, writes_of
from .values import DOOR, TOTAL, binary_sensor, change_values, publish, sensor, shop, warnings


@pytest.mark.parametrize(
    "edited",
    [
        sensor(value="a..b"),
        sensor(value=""),
        sensor() | {"value": None},
        sensor() | {"name": None},
        sensor(platform="light"),
        sensor(events=[1]),
        sensor(events=None),
        sensor(expire_after="soon"),
        sensor(unit_of_measurement=5),
        binary_sensor(value="[-1]"),
        binary_sensor(off_delay="soon"),
        {"platform": "sensor"},
        "total",
    ],
)
async def test_stored_value_that_cannot_be_used_is_left_out(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    edited: Any,
) -> None:
    entry = shop(server, a=edited, b=sensor(), c=binary_sensor())
    await set_up(entry)
    (warning,) = warnings(caplog)
    start = "The stored value a of channel orders cannot be used; change or remove it: "
    assert warning.startswith(start)
    assert warning.removeprefix(start) not in ("", "None")
    await publish(hass, server, {"total": 5, "open": True})
    assert state_of(hass, TOTAL).state == "5"
    assert state_of(hass, DOOR).state == "on"


async def test_value_is_an_entity_of_the_channels_device(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(
        server,
        a=sensor(
            device_class="monetary",
            unit_of_measurement="EUR",
            state_class="total",
            suggested_display_precision=2,
        ),
        b=binary_sensor(device_class="door"),
    )
    await set_up(entry)
    assert state_of(hass, TOTAL).state == STATE_UNKNOWN
    assert state_of(hass, DOOR).state == STATE_UNKNOWN

    await publish(hass, server, {"total": 12.5, "open": True})

    total, door = state_of(hass, TOTAL), state_of(hass, DOOR)
    assert (total.state, door.state) == ("12.5", STATE_ON)
    assert total.name == "orders Total"
    assert total.attributes["unit_of_measurement"] == "EUR"
    assert total.attributes["device_class"] == "monetary"
    assert total.attributes["state_class"] == "total"
    assert door.attributes["device_class"] == "door"
    registry = er.async_get(hass)
    event, registered = registry.async_get("event.orders"), registry.async_get(TOTAL)
    assert event is not None
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_id-orders_value_a"
    assert registered.device_id == event.device_id
    assert registered.options["sensor"]["suggested_display_precision"] == 2


@pytest.mark.parametrize("data", [{}, {"other": 1}, [1], "text", 5, None, {"total": {"a": 1}}])
async def test_event_without_the_path_changes_nothing(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, data: object
) -> None:
    await set_up(shop(server, a=sensor(unit_of_measurement="EUR")))
    await publish(hass, server, {"total": 5})
    writes = writes_of(hass, TOTAL)

    await publish(hass, server, data)

    assert state_of(hass, TOTAL).state == "5"
    assert writes == []


async def test_only_the_events_of_the_value_are_read(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(shop(server, a=sensor(events=["order.*", "refund", "item[1]"])))
    names = ("order.paid", "other", "refunds", "reorder.paid", "refund", "item1", "item", "item[1]")
    states = ("1", "1", "1", "1", "5", "6", "6", "8")
    for number, (name, state) in enumerate(zip(names, states, strict=True), 1):
        await publish(hass, server, {"total": number}, name)
        assert state_of(hass, TOTAL).state == state


async def test_wrong_data_changes_nothing_and_warns_once_until_it_works_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(shop(server, a=sensor(unit_of_measurement="EUR"), b=sensor("Note", "note")))
    await publish(hass, server, {"total": 5, "note": "fine"})
    for total in ("much", "1_000", True, [1], "more"):
        await publish(hass, server, {"total": total, "note": "x" * 256})
    assert state_of(hass, TOTAL).state == "5"
    assert state_of(hass, "sensor.orders_note").state == "fine"
    assert warnings(caplog) == [
        "The value Total of channel orders is not changed by an event: it is not a number",
        "The value Note of channel orders is not changed by an event: it is too long",
    ]

    await publish(hass, server, {"total": 6, "note": "good"})
    await publish(hass, server, {"total": "much", "note": "good"})
    assert len(warnings(caplog)) == 3


async def test_number_that_cannot_be_converted_changes_nothing(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    wind = sensor(device_class="wind_speed", unit_of_measurement="Beaufort")
    entry = shop(server, a=wind)
    await set_up(entry)
    await publish(hass, server, {"total": 0})
    for number in (-1, -2, 1e300):
        await publish(hass, server, {"total": number})
    assert state_of(hass, TOTAL).state == "0.0"
    reason = "it cannot be shown with this unit and class"
    warning = f"The value Total of channel orders is not changed by an event: {reason}"
    assert warnings(caplog) == [warning]

    change_values(hass, entry, a=wind | {"name": "Wind"})
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == "0.0"
    await publish(hass, server, {"total": 1})
    assert state_of(hass, TOTAL).state == "3.0096"


async def test_data_that_is_wrong_now_and_then_does_not_fill_the_log(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(shop(server, a=sensor(unit_of_measurement="EUR")))
    for number in range(30):
        await publish(hass, server, {"total": number})
        await publish(hass, server, {"total": "much"})
    assert len(warnings(caplog)) == 20


@pytest.mark.parametrize(
    ("path", "data"), [("items[5]", {"items": [1]}), ("customer.name", "text"), ("typo", {"a": 1})]
)
async def test_path_that_no_event_had_is_logged_once(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    path: str,
    data: object,
) -> None:
    await set_up(shop(server, a=sensor(value=path)))
    await publish(hass, server, data)
    await publish(hass, server, data)
    assert state_of(hass, TOTAL).state == STATE_UNKNOWN
    assert warnings(caplog) == [
        "The value Total of channel orders is not changed by an event: it is not in the data"
    ]


async def test_template_sees_the_event_and_follows_no_states(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set("input_number.rate", "2")
    await set_up(
        shop(
            server,
            a=sensor(value="{{ data.total * states('input_number.rate') | int }}"),
            b=sensor("Source", "{{ channel }} {{ event }} {{ user_id }} {{ cached }}"),
        )
    )
    await publish(hass, server, {"total": 5}, "order.paid")
    assert state_of(hass, TOTAL).state == "10"
    assert state_of(hass, "sensor.orders_source").state == "orders order.paid None False"

    hass.states.async_set("input_number.rate", "3")
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == "10"


async def test_text_of_a_template_is_the_state_and_none_is_unknown(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(shop(server, a=sensor(value="{{ data.total }}")))
    for total, state in (
        ("007", "007"),
        (None, STATE_UNKNOWN),
        ("[1, 2]", "[1, 2]"),
        (True, "True"),
        ([1], "[1]"),
        ("", "[1]"),
    ):
        await publish(hass, server, {"total": total})
        assert state_of(hass, TOTAL).state == state


@pytest.mark.parametrize(
    ("template", "reasons"),
    [
        ("{{ data.total / data.zero }}", ["the template fails (ZeroDivisionError)"]),
        ("{{ data.total.x.y }}", []),
        ("Total {{ data.absent }}", []),
        ("{{ '' }}", []),
    ],
)
async def test_template_that_fails_changes_nothing(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    template: str,
    reasons: list[str],
) -> None:
    await set_up(
        shop(server, a=sensor(value=f"{{% if data.ok %}}fine{{% else %}}{template}{{% endif %}}"))
    )
    await publish(hass, server, {"ok": True})
    for _ in range(2):
        await publish(hass, server, {"ok": False, "total": 1, "zero": 0})
    assert state_of(hass, TOTAL).state == "fine"
    start = "The value Total of channel orders is not changed by an event: "
    assert warnings(caplog) == [f"{start}{reason}" for reason in reasons]


@pytest.mark.parametrize("value", ["total", "{{ data.total }}"])
async def test_flood_is_written_50_times_a_second_and_ends_exact(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, value: str
) -> None:
    await set_up(shop(server, a=sensor(value=value, events=["tick"])))
    events = async_capture_events(hass, "pusher_channels_event")
    writes = writes_of(hass, TOTAL)
    for number in range(500):
        await server.publish("orders", "tick", {"total": number})
    await server.publish("orders", "end", {})
    await until(lambda: len(events) == 501)
    await skip(hass, 0.02)
    assert state_of(hass, TOTAL).state == "499"
    times = [time for time, _ in writes]
    assert len(times) <= 2 + (times[-1] - times[0]) / 0.019


@pytest.mark.parametrize("value", ["total", "{{ data.total }}"])
async def test_latest_event_that_gives_a_state_wins_within_the_pause(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, value: str
) -> None:
    await set_up(shop(server, a=sensor(value=value, unit_of_measurement="EUR")))
    events = async_capture_events(hass, "pusher_channels_event")
    for data in ({"total": 1}, {"total": 2}, {"other": 3}, {"total": "text"}):
        await server.publish("orders", "new", data)
    await until(lambda: len(events) == 4)
    await skip(hass, 0.02)
    assert state_of(hass, TOTAL).state == "2"


async def test_value_of_a_cache_channel_is_there_after_subscribing(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await server.publish("cache-price", "changed", {"total": 7})
    await set_up(shop(server, "cache-price", a=sensor()))
    await until(lambda: state_of(hass, "sensor.cache_price_total").state == "7")


async def test_value_is_unavailable_while_the_channel_is_not_subscribed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server, a=sensor())
    hub = await set_up(entry)
    await publish(hass, server, {"total": 5})
    await hub.client.disconnect()
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == STATE_UNAVAILABLE


async def test_values_are_added_changed_and_removed_while_the_app_runs(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server)
    await set_up(entry)
    await publish(hass, server, {"total": 5, "count": 3})
    attempts = len(server.attempts)

    change_values(hass, entry, a=sensor(), b=binary_sensor(value="count"))
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == "5"
    assert state_of(hass, DOOR).state == STATE_ON

    registry = er.async_get(hass)
    registry.async_update_entity(TOTAL, new_entity_id="sensor.sum")
    change_values(
        hass, entry, a=sensor(value="count", unit_of_measurement="pcs"), b=binary_sensor()
    )
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.sum").state == "3"
    assert state_of(hass, "sensor.sum").attributes["unit_of_measurement"] == "pcs"
    assert state_of(hass, DOOR).state == STATE_UNKNOWN
    await publish(hass, server, {"count": 4})
    assert state_of(hass, "sensor.sum").state == "4"

    change_values(hass, entry, b=sensor("Door", "count"))
    await hass.async_block_till_done()
    assert hass.states.get("sensor.sum") is None
    assert registry.async_get("sensor.sum") is None
    assert registry.async_get(DOOR) is None
    assert state_of(hass, "sensor.orders_door").state == "4"

    await publish(hass, server, {"count": 8})
    assert state_of(hass, "sensor.orders_door").state == "8"
    assert len(server.attempts) == attempts


async def test_values_that_did_not_change_are_not_touched(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server, a=sensor())
    await set_up(entry)
    await publish(hass, server, {"total": 5})
    writes = writes_of(hass, TOTAL)
    change_values(hass, entry, a=sensor(), b=sensor("Other", "other"))
    await hass.async_block_till_done()
    assert writes == []


async def test_earlier_events_give_a_new_value_its_state_without_warnings(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = shop(server)
    await set_up(entry)
    await publish(hass, server, {"total": 5}, "paid")
    await publish(hass, server, {"total": "much"}, "other")

    change_values(hass, entry, a=sensor(unit_of_measurement="EUR"), b=sensor("Note", "note"))
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == "5"
    assert warnings(caplog) == []

    await publish(hass, server, {"total": "much"})
    assert len(warnings(caplog)) == 2


async def test_entities_of_values_removed_while_the_app_did_not_run_are_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server, a=sensor())
    await set_up(entry)
    await hass.config_entries.async_unload(entry.entry_id)
    change_values(hass, entry)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert er.async_get(hass).async_get(TOTAL) is None


async def test_many_values_leave_the_event_and_each_other_alone(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    values = {f"v{index}": sensor(f"Value {index}", f"items[{index}]") for index in range(1000)}
    await set_up(app_entry(server, channel_subentry("orders", values=values)))
    await publish(hass, server, {"items": list(range(500))})
    assert state_of(hass, "sensor.orders_value_499").state == "499"
    assert state_of(hass, "sensor.orders_value_500").state == STATE_UNKNOWN
    assert state_of(hass, "event.orders").attributes["event"] == "new"
