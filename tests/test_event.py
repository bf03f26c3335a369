"""The event entities: the latest event of a channel and of the signed-in user."""

import asyncio
import json
from itertools import pairwise

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.pusher_channels.event import ChannelEvent
from tools.devserver import DevServer, frames

from .actions import connected_guest
from .conftest import SetUp, app_entry, channel_subentry, until
from .home_assistant import lose_connection, skip, state_of, writes_of

ORDERS = "event.orders"
USER = "event.demo_app_user_event"
ME = "home-assistant-12345678"


def shown(hass: HomeAssistant, entity_id: str = ORDERS) -> dict[str, object]:
    """Return what the entity shows of the latest event."""
    attributes = state_of(hass, entity_id).attributes
    names = ("event_type", "event", "data", "user_id", "cached")
    return {name: attributes.get(name) for name in names}


async def test_event_is_the_main_entity_of_its_device(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)

    state = state_of(hass, ORDERS)
    assert state.state == STATE_UNKNOWN
    assert state.name == "orders"
    assert state.attributes["event_types"] == ["received"]
    registered = er.async_get(hass).async_get(ORDERS)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_id-orders_event"
    assert registered.config_subentry_id == "id-orders"


@pytest.mark.parametrize(
    ("events", "types", "name", "event_type"),
    [
        ([], ["received"], "shipped", "received"),
        (["shipped", "billed"], ["shipped", "billed"], "billed", "billed"),
        (["shipped", "order.*"], ["shipped", "other"], "order.paid", "other"),
        (["shipped", "order.*"], ["shipped", "other"], "shipped", "shipped"),
        (["order.?"], ["other"], "order.1", "other"),
        (["item[1]"], ["other"], "item[1]", "other"),
        ([r"App\Events\XmlSent"], [r"App\Events\XmlSent"], r"App\Events\XmlSent", None),
        (["other", "order.*"], ["other"], "order.paid", "other"),
        (["shipped", "shipped"], ["shipped"], "shipped", "shipped"),
    ],
)
async def test_event_type_is_the_listed_name_or_other(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    events: list[str],
    types: list[str],
    name: str,
    event_type: str | None,
) -> None:
    await set_up(app_entry(server, channel_subentry("orders", events=events)))
    assert state_of(hass, ORDERS).attributes["event_types"] == types

    await server.publish("orders", name, {"id": 1})
    await until(lambda: shown(hass)["event"])

    assert shown(hass) == {
        "event_type": event_type or name,
        "event": name,
        "data": {"id": 1},
        "user_id": None,
        "cached": False,
    }


async def test_same_event_once_more_is_shown_once_more(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    writes = writes_of(hass, ORDERS)

    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: len(writes) == 1)
    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: len(writes) == 2)


async def test_event_that_is_not_listed_is_dropped(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, channel_subentry("orders", events=["shipped"])))
    writes = writes_of(hass, ORDERS)

    await server.publish("orders", "billed", 1)
    await server.publish("orders", "shipped", 2)
    await until(lambda: shown(hass)["event"] == "shipped")
    assert len(writes) == 1

    # The second one waits for its turn to be written while the third one comes.
    await server.publish("orders", "shipped", 3)
    await server.publish("orders", "billed", 4)
    await until(lambda: shown(hass)["data"] == 3)


@pytest.mark.parametrize(
    ("sent", "shown_as"),
    [({"id": 1}, {"id": 1}), ("text", "text"), ("12.5", 12.5), ([1, None], [1, None]), ("", "")],
)
async def test_data_is_decoded_where_it_is_json(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, sent: object, shown_as: object
) -> None:
    await set_up(app_entry(server, "orders"))

    await server.publish("orders", "shipped", sent)
    await until(lambda: shown(hass)["event"])

    assert shown(hass)["data"] == shown_as


async def test_client_event_names_its_sender(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "presence-room"))
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await guest.send("client-wave", {"hand": "left"}, "presence-room")
        await until(lambda: shown(hass, "event.presence_room")["event"])

    assert shown(hass, "event.presence_room") == {
        "event_type": "received",
        "event": "client-wave",
        "data": {"hand": "left"},
        "user_id": "bob",
        "cached": False,
    }


async def test_stored_event_of_a_cache_channel_is_marked(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await server.publish("cache-price", "changed", 7)
    await set_up(app_entry(server, "cache-price"))

    await until(lambda: shown(hass, "event.cache_price")["event"])
    assert shown(hass, "event.cache_price")["cached"] is True

    await server.publish("cache-price", "changed", 8)
    await until(lambda: shown(hass, "event.cache_price")["data"] == 8)
    assert shown(hass, "event.cache_price")["cached"] is False


async def test_stored_event_of_another_channel_is_a_new_one_though_it_is_equal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    for channel in ("cache-price", "cache-other"):
        await server.publish(channel, "changed", 7)
    entry = app_entry(server, "cache-price")
    await set_up(entry)
    await until(lambda: shown(hass, "event.cache_price")["event"])
    before = state_of(hass, "event.cache_price").state

    data = {"channel": "cache-other", "events": [], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-cache-price"], data=data)
    await until(
        lambda: state_of(hass, "event.cache_price").state not in (before, STATE_UNAVAILABLE)
    )


async def test_latest_event_is_restored_although_it_was_stored_as_unavailable(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: shown(hass)["event"])
    before = state_of(hass, ORDERS)

    for _ in range(2):
        await lose_connection(hass, server)
        assert state_of(hass, ORDERS).state == STATE_UNAVAILABLE
        assert await hass.config_entries.async_unload(entry.entry_id)
        server.faults.reset()
        assert await hass.config_entries.async_setup(entry.entry_id)

        await until(lambda: state_of(hass, ORDERS).state == before.state)
        assert shown(hass)["data"] == {"id": 1}


async def test_event_is_unavailable_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    await lose_connection(hass, server)

    assert state_of(hass, ORDERS).state == STATE_UNAVAILABLE


async def test_data_is_not_recorded(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    await set_up(app_entry(server, "orders", options={"sign_in": True}))

    for entity_id in (ORDERS, USER):
        state_info = state_of(hass, entity_id).state_info
        assert state_info is not None
        assert "data" in state_info["unrecorded_attributes"]


async def test_flood_is_written_50_times_a_second_and_ends_with_the_latest(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    events = async_capture_events(hass, "pusher_channels_event")
    writes = writes_of(hass, ORDERS)

    number = 0
    while len(writes) < 8:
        number += 1
        await server.publish("orders", "tick", number)
        await asyncio.sleep(0)
    await until(lambda: len(events) == number)
    await skip(hass, 0.02)

    pauses = [later - earlier for (earlier, _), (later, _) in pairwise(writes[:8])]
    assert min(pauses) >= 0.019
    assert number > 2 * len(writes)
    assert shown(hass)["data"] == number
    last = len(writes)
    await skip(hass, 1)
    assert len(writes) == last


@pytest.mark.parametrize("events", [["shipped"], ["ship*"], ["ti?"], ["?ck"]])
async def test_event_that_the_filter_excludes_before_it_is_written_is_dropped(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    events: list[str],
) -> None:
    monkeypatch.setattr(ChannelEvent, "_seconds_between_writes", 60)
    entry = app_entry(server, "orders")
    await set_up(entry)
    received = async_capture_events(hass, "pusher_channels_event")
    for number in range(2):
        await server.publish("orders", "tick", number)
    await until(lambda: len(received) == 2)
    assert shown(hass)["data"] == 0

    data = {"channel": "orders", "events": events, "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await hass.async_block_till_done()
    await skip(hass, 60)

    assert shown(hass)["data"] == 0


@pytest.mark.parametrize(
    ("data", "size"), [("x" * 16384, None), ("x" * 16385, 16385), ("é" * 9000, 18000)]
)
async def test_data_over_16_kb_is_left_out_with_its_size_in_its_place(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, data: str, size: int | None
) -> None:
    await set_up(app_entry(server, "orders"))
    received = async_capture_events(hass, "pusher_channels_event")

    await server.send_raw(frames.event("orders", "shipped", data))
    await until(lambda: received)

    attributes = state_of(hass, ORDERS).attributes
    assert received[0].data["data"] == data
    assert attributes.get("data_bytes") == size
    assert attributes.get("data") == (data if size is None else None)
    assert attributes["event"] == "shipped"


async def test_json_text_is_measured_as_it_was_sent(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    await server.send_raw(frames.event("orders", "shipped", f"[{' ' * 16384}]"))
    await until(lambda: state_of(hass, ORDERS).attributes.get("event"))
    assert state_of(hass, ORDERS).attributes["data_bytes"] == 16386


async def test_object_with_too_many_levels_is_shown_as_text(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    levels = '{"a":' * 300 + "1" + "}" * 300
    await server.send_raw(f'{{"event":"shipped","channel":"orders","data":{levels}}}')
    await until(lambda: state_of(hass, ORDERS).attributes.get("event"))

    assert json.loads(state_of(hass, ORDERS).attributes["data"]) == json.loads(levels)


async def test_long_event_name_is_shortened_in_the_state_only(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    received = async_capture_events(hass, "pusher_channels_event")

    await server.send_raw(frames.event("orders", "x" * 20_000, 1))
    await until(lambda: received)

    assert received[0].data["event"] == "x" * 20_000
    assert state_of(hass, ORDERS).attributes["event"] == "x" * 200


async def test_data_that_is_an_object_is_measured_as_json(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    frame = {"event": "shipped", "channel": "orders", "data": {"list": [1000] * 4000}}
    await server.send_raw(json.dumps(frame))
    await until(lambda: state_of(hass, ORDERS).attributes.get("event"))

    assert state_of(hass, ORDERS).attributes["data_bytes"] == len('{"list":[]}') + 4000 * 5 - 1


async def test_unload_during_a_flood_writes_nothing_later(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    events = async_capture_events(hass, "pusher_channels_event")
    for number in range(100):
        await server.publish("orders", "tick", number)
    await until(lambda: len(events) == 100)

    assert await hass.config_entries.async_unload(entry.entry_id)
    writes = writes_of(hass, ORDERS)
    await skip(hass, 1)

    assert writes == []


async def test_user_event_shows_the_latest_event_of_the_user(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, options={"sign_in": True})
    hub = await set_up(entry)
    await server.wait_subscribed(f"#server-to-user-{ME}")
    await until(lambda: hub.client.channels[f"#server-to-user-{ME}"].is_subscribed)
    await hass.async_block_till_done()
    assert state_of(hass, USER).attributes["event_types"] == ["received"]
    registered = er.async_get(hass).async_get(USER)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_user_event"

    await asyncio.to_thread(server.pusher().send_to_user, ME, "greeting", {"text": "hello"})
    await until(lambda: shown(hass, USER)["event"])

    assert shown(hass, USER) == {
        "event_type": "received",
        "event": "greeting",
        "data": {"text": "hello"},
        "user_id": None,
        "cached": False,
    }


async def test_user_event_exists_only_with_sign_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    assert hass.states.get(USER) is None


async def test_user_event_is_unavailable_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options={"sign_in": True}))
    await until(lambda: hub.client.user.user_id)
    await until(lambda: state_of(hass, USER).state != STATE_UNAVAILABLE)
    writes = writes_of(hass, USER)
    await server.send_raw(frames.error(4301, "Nothing that concerns the user"))
    await hass.async_block_till_done()
    assert writes == []

    await lose_connection(hass, server)

    assert state_of(hass, USER).state == STATE_UNAVAILABLE
