"""States of values outlast a restart and a reload, and end after the time that the user set."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import restore_state
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pusher_channels.client import Event
from tools.devserver import DevServer

from .conftest import SetUp, until
from .home_assistant import skip, state_of
from .values import DOOR, TOTAL, binary_sensor, change_values, publish, sensor, shop, warnings


async def test_values_are_restored(
    hass: HomeAssistant, hass_storage: dict[str, Any], server: DevServer, set_up: SetUp
) -> None:
    noon = "2026-11-25T12:00:00+00:00"
    await store_states(
        hass,
        hass_storage,
        [
            (
                State(TOTAL, STATE_UNAVAILABLE),
                {"native_value": 12.5, "native_unit_of_measurement": "EUR"},
            ),
            (
                State("sensor.orders_paid_at", STATE_UNAVAILABLE),
                {
                    "native_value": {
                        "__type": "<class 'datetime.datetime'>",
                        "isoformat": noon,
                    },
                    "native_unit_of_measurement": None,
                    "source": "paid_at",
                },
            ),
            (
                State("sensor.orders_other", STATE_UNAVAILABLE),
                {"native_value": 1, "native_unit_of_measurement": None, "source": "before"},
            ),
            (State("sensor.orders_without_data", "5"), {}),
            (State(DOOR, STATE_UNAVAILABLE), {"is_on": True}),
            (State("binary_sensor.orders_gate", STATE_OFF), {}),
        ],
    )
    entry = shop(
        server,
        a=sensor(unit_of_measurement="EUR"),
        b=sensor("Paid at", "paid_at", device_class="timestamp"),
        c=sensor("Other", "after"),
        d=binary_sensor(),
        e=binary_sensor("Gate", "gate"),
        f=sensor("Without data", "data"),
    )
    await set_up(entry)
    assert state_of(hass, TOTAL).state == "12.5"
    assert state_of(hass, "sensor.orders_paid_at").state == noon
    assert state_of(hass, "sensor.orders_other").state == STATE_UNKNOWN
    assert state_of(hass, "sensor.orders_without_data").state == STATE_UNKNOWN
    assert state_of(hass, DOOR).state == STATE_ON
    assert state_of(hass, "binary_sensor.orders_gate").state == STATE_OFF


@pytest.mark.parametrize(
    ("origin", "state"),
    [
        ({"value": "a", "event": "order.paid"}, "5"),
        ({"value": "removed"}, STATE_UNKNOWN),
        ({"value": "a", "event": "refund"}, STATE_UNKNOWN),
    ],
)
async def test_state_of_another_value_or_event_is_not_restored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    server: DevServer,
    set_up: SetUp,
    origin: dict[str, str],
    state: str,
) -> None:
    stored = {"native_value": 5, "native_unit_of_measurement": None, **origin}
    await store_states(hass, hass_storage, [(State(TOTAL, STATE_UNAVAILABLE), stored)])
    await set_up(shop(server, a=sensor(events=["order.*"])))
    assert state_of(hass, TOTAL).state == state


async def test_changed_events_of_a_value_keep_only_the_state_of_one_of_them(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server, a=sensor())
    await set_up(entry)
    await publish(hass, server, {"total": 5}, "order.paid")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: state_of(hass, TOTAL).state == "5")
    for events, state in (["order.*"], "5"), (["refund"], STATE_UNKNOWN):
        change_values(hass, entry, a=sensor(events=events))
        await hass.async_block_till_done()
        assert state_of(hass, TOTAL).state == state


async def test_restored_value_has_worked_and_one_of_another_kind_has_not(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await store_states(
        hass,
        hass_storage,
        [
            (
                State(f"sensor.orders_{name}", STATE_UNAVAILABLE),
                {"native_value": state, "native_unit_of_measurement": None},
            )
            for name, state in (("total", 5), ("price", "a text"), ("count", None))
        ],
    )
    await set_up(
        shop(
            server,
            a=sensor(),
            b=sensor("Price", "price", unit_of_measurement="EUR"),
            c=sensor("Count", "count"),
        )
    )
    assert state_of(hass, TOTAL).state == "5"
    assert state_of(hass, "sensor.orders_price").state == STATE_UNKNOWN

    await publish(hass, server, {"other": 1})
    assert state_of(hass, TOTAL).state == "5"
    assert [it.split(" of ")[0] for it in warnings(caplog)] == [
        "The value Price",
        "The value Count",
    ]


async def test_values_survive_a_reload_while_they_are_unavailable(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = shop(
        server,
        a=sensor(),
        b=binary_sensor(),
        c=sensor("Day", "day", device_class="date"),
        d=sensor("Never sent", "never"),
    )
    hub = await set_up(entry)
    await publish(hass, server, {"total": 5, "open": "on", "day": "2026-11-25"})
    await hub.client.disconnect()
    assert state_of(hass, DOOR).state == STATE_UNAVAILABLE
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert hub is not entry.runtime_data
    await until(lambda: state_of(hass, TOTAL).state == "5")
    assert state_of(hass, DOOR).state == STATE_ON
    assert state_of(hass, "sensor.orders_day").state == "2026-11-25"
    assert state_of(hass, "sensor.orders_never_sent").state == STATE_UNKNOWN
    assert "ERROR" not in caplog.text


async def test_sensor_expires(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    entry = shop(server, a=sensor(expire_after=60))
    await set_up(entry)
    await publish(hass, server, {"total": 5})
    await pass_time(hass, freezer, 50)
    await publish(hass, server, {"total": 5})
    await pass_time(hass, freezer, 50)
    assert state_of(hass, TOTAL).state == "5"
    await pass_time(hass, freezer, 20)
    assert state_of(hass, TOTAL).state == STATE_UNKNOWN
    await publish(hass, server, {"total": 5})
    assert state_of(hass, TOTAL).state == "5"


async def test_binary_sensor_turns_off_after_its_delay(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(shop(server, a=binary_sensor(off_delay=10)))
    await publish(hass, server, {"open": 1})
    await pass_time(hass, freezer, 8)
    await publish(hass, server, {"open": 1})
    await pass_time(hass, freezer, 8)
    assert state_of(hass, DOOR).state == STATE_ON
    await pass_time(hass, freezer, 4)
    assert state_of(hass, DOOR).state == STATE_OFF


async def test_unknown_state_has_no_delay_after_which_it_turns_off(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    server: DevServer,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    await store_states(hass, hass_storage, [(State(DOOR, STATE_UNKNOWN), {"is_on": None})])
    await set_up(shop(server, a=binary_sensor(off_delay=10)))
    await pass_time(hass, freezer, 20)
    assert state_of(hass, DOOR).state == STATE_UNKNOWN


async def test_cached_event_that_was_read_does_not_start_a_state_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    hub = await set_up(
        shop(server, "cache-orders", a=binary_sensor(off_delay=5), b=sensor(expire_after=5))
    )
    door, total = "binary_sensor.cache_orders_door", "sensor.cache_orders_total"
    events: list[Event] = []
    hub.client.bind(events.append)
    await server.publish("cache-orders", "new", {"open": True, "total": 5})
    await until(lambda: state_of(hass, door).state == STATE_ON)
    await pass_time(hass, freezer, 6)
    assert (state_of(hass, door).state, state_of(hass, total).state) == (STATE_OFF, STATE_UNKNOWN)

    events.clear()
    await server.close_all(4200)
    await until(lambda: events)
    await skip(hass, 0.02)

    assert [event.cached for event in events] == [True]
    assert (state_of(hass, door).state, state_of(hass, total).state) == (STATE_OFF, STATE_UNKNOWN)


async def test_cached_event_that_was_read_before_a_reload_does_not_start_a_state_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    entry = shop(server, "cache-orders", a=binary_sensor(off_delay=5), b=sensor(expire_after=5))
    await set_up(entry)
    door, total = "binary_sensor.cache_orders_door", "sensor.cache_orders_total"
    await server.publish("cache-orders", "new", {"open": True, "total": 5})
    await until(lambda: state_of(hass, total).state == "5")
    await pass_time(hass, freezer, 6)
    events = async_capture_events(hass, "pusher_channels_event")

    for _ in range(2):
        events.clear()
        assert await hass.config_entries.async_reload(entry.entry_id)
        await until(lambda: events)
        await skip(hass, 0.02)
        assert events[0].data["cached"] is True
        assert state_of(hass, door).state == STATE_OFF
        assert state_of(hass, total).state == STATE_UNKNOWN

    await server.publish("cache-orders", "new", {"open": True, "total": 6})
    await until(lambda: state_of(hass, total).state == "6")
    assert state_of(hass, door).state == STATE_ON


async def test_state_that_has_ended_does_not_return_with_another_name(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    entry = shop(server, a=binary_sensor(off_delay=10), b=sensor(expire_after=10))
    await set_up(entry)
    await publish(hass, server, {"open": 1, "total": 5})
    await pass_time(hass, freezer, 20)

    registry = er.async_get(hass)
    registry.async_update_entity(DOOR, new_entity_id="binary_sensor.gate")
    registry.async_update_entity(TOTAL, new_entity_id="sensor.sum")
    await hass.async_block_till_done()
    assert state_of(hass, "binary_sensor.gate").state == STATE_OFF
    assert state_of(hass, "sensor.sum").state == STATE_UNKNOWN

    change_values(
        hass, entry, a=binary_sensor("Gate", off_delay=10), b=sensor("Sum", expire_after=10)
    )
    await hass.async_block_till_done()
    assert state_of(hass, "binary_sensor.gate").state == STATE_OFF
    assert state_of(hass, "sensor.sum").state == STATE_UNKNOWN


@pytest.mark.parametrize(("source", "state"), [("total", "5"), ("sum", "6")])
async def test_change_of_a_value_does_not_prolong_its_state(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    source: str,
    state: str,
) -> None:
    entry = shop(server, a=sensor(expire_after=60, unit_of_measurement="EUR"))
    await set_up(entry)
    await publish(hass, server, {"total": 5, "sum": 6})
    await pass_time(hass, freezer, 50)
    change_values(hass, entry, a=sensor("Total", source, expire_after=60))
    await hass.async_block_till_done()
    assert state_of(hass, TOTAL).state == state

    await pass_time(hass, freezer, 20)

    assert state_of(hass, TOTAL).state == STATE_UNKNOWN


async def test_events_that_the_filter_excludes_by_now_give_a_new_value_no_state(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = shop(server)
    await set_up(entry)
    await publish(hass, server, {"total": 5}, "paid")
    await publish(hass, server, {"total": 6}, "refunded")

    data = {"channel": "orders", "events": ["paid"], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await hass.async_block_till_done()
    change_values(hass, entry, a=sensor())
    await hass.async_block_till_done()

    assert state_of(hass, TOTAL).state == "5"


async def test_time_that_passed_while_home_assistant_was_off_counts(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    server: DevServer,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    received = (dt_util.utcnow() - timedelta(seconds=50)).isoformat()
    await store_states(
        hass,
        hass_storage,
        [
            (
                State(f"sensor.orders_{name}", STATE_UNAVAILABLE),
                {"native_value": 5, "native_unit_of_measurement": None, "received": received},
            )
            for name in ("short", "long")
        ],
    )
    await set_up(
        shop(
            server,
            a=sensor("Short", expire_after=40),
            b=sensor("Long", expire_after=60),
        )
    )
    assert state_of(hass, "sensor.orders_short").state == STATE_UNKNOWN
    assert state_of(hass, "sensor.orders_long").state == "5"
    await pass_time(hass, freezer, 15)
    assert state_of(hass, "sensor.orders_long").state == STATE_UNKNOWN


async def test_timers_end_with_the_value(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, freezer: FrozenDateTimeFactory
) -> None:
    entry = shop(server, a=sensor(expire_after=60))
    await set_up(entry)
    await publish(hass, server, {"total": 5})
    await server.publish("orders", "new", {"total": 6})
    change_values(hass, entry)
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 100)
    assert hass.states.get(TOTAL) is None


async def store_states(
    hass: HomeAssistant, storage: dict[str, Any], states: list[tuple[State, dict[str, Any]]]
) -> None:
    """Store states as a stopped Home Assistant leaves them."""
    now = dt_util.utcnow().isoformat()
    storage[restore_state.STORAGE_KEY] = {
        "version": restore_state.STORAGE_VERSION,
        "key": restore_state.STORAGE_KEY,
        "data": [
            {"state": state.as_dict(), "extra_data": extra_data, "last_seen": now}
            for state, extra_data in states
        ],
    }
    await restore_state.async_get(hass).async_load()


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    await asyncio.sleep(0)
