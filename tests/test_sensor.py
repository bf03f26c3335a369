"""The sensors: the connection's state, members and subscriptions."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer, frames

from .actions import connected_guest
from .conftest import APP, SetUp, app_entry, until
from .home_assistant import lose_connection, skip, state_of, writes_of

STATE = "sensor.demo_app_connection_state"
MEMBERS = "sensor.presence_room_members"
COUNT = "sensor.orders_subscriptions"
ME = "home-assistant-12345678"


@pytest.fixture
async def counting_server(socket_enabled: None) -> AsyncIterator[DevServer]:
    async with DevServer(apps=[replace(APP, subscription_count=True)]) as running:
        yield running


def enable_count(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Enable the sensor, which is disabled by default."""
    entry.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        "sensor",
        DOMAIN,
        f"{entry.entry_id}_id-orders_subscription_count",
        suggested_object_id="orders_subscriptions",
        disabled_by=None,
    )


async def test_connection_state_is_an_enumeration_with_the_socket_id(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)

    state = state_of(hass, STATE)
    assert state.state == "connected"
    assert state.attributes["socket_id"] == hub.client.socket_id
    assert state.attributes["last_error"] is None
    assert state.attributes["device_class"] == "enum"
    assert state.attributes["options"] == [
        "connecting",
        "connected",
        "disconnecting",
        "disconnected",
        "reconnecting",
    ]
    registered = er.async_get(hass).async_get(STATE)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_connection_state"


async def test_connection_state_follows_a_loss_and_a_return(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    old = hub.client.socket_id

    await lose_connection(hass, server)
    await until(lambda: state_of(hass, STATE).state == "reconnecting")
    assert state_of(hass, STATE).attributes["socket_id"] is None
    assert state_of(hass, STATE).attributes["last_error"] == "Going away (1001)"

    await until(lambda: "503" in str(state_of(hass, STATE).attributes["last_error"]))
    server.faults.reset()
    await skip(hass, 3)
    await until(lambda: state_of(hass, STATE).state == "connected")
    assert state_of(hass, STATE).attributes["socket_id"] not in (old, None)


async def test_connection_state_stays_available_when_the_server_refuses_the_app(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))

    await server.close_all(4003, "The app is not enabled.")
    await until(lambda: state_of(hass, STATE).state == "disconnected")

    assert state_of(hass, STATE).attributes["last_error"] == "The app is not enabled. (4003)"


async def test_connection_state_has_the_time_of_the_next_attempt(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    assert state_of(hass, STATE).attributes["next_attempt"] is None
    server.faults.upgrade_status = 503
    await server.close_all(1001)
    await until(lambda: "503" in str(state_of(hass, STATE).attributes["last_error"]))

    attempt = datetime.fromisoformat(state_of(hass, STATE).attributes["next_attempt"])
    assert hub.client.next_attempt is not None
    left = timedelta(seconds=hub.client.next_attempt - hass.loop.time())
    assert abs(attempt - dt_util.utcnow() - left) < timedelta(seconds=1)

    server.faults.reset()
    await skip(hass, 60)
    await until(lambda: state_of(hass, STATE).state == "connected")
    assert state_of(hass, STATE).attributes["next_attempt"] is None


async def test_no_state_of_the_connection_is_written_twice(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "orders", options={"sign_in": True}))
    await until(lambda: hub.client.user.user_id)
    writes = writes_of(hass, STATE)
    old = hub.client.socket_id

    await server.send_raw(frames.error(4301, "Too fast"))
    await server.close_all(4200)
    await until(lambda: hub.client.socket_id not in (old, None))
    await hass.async_block_till_done()

    assert [state.state for _, state in writes] == ["reconnecting", "connected"]


async def test_members_without_this_one_and_their_names(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room", user_info={"name": "Home"})
    await set_up(entry)
    for user_id, info in (("zoe", {"name": "Z" * 101}), ("bob", {"name": 7}), ("ann", "Ann")):
        member = {"user_id": user_id, "user_info": info}
        await server.send_raw(frames.member_added("presence-room", member))
    await until(lambda: len(entry.runtime_data.client.channels["presence-room"].members) == 4)
    await skip(hass, 0.5)

    attributes = state_of(hass, MEMBERS).attributes
    assert attributes["members"] == ["ann", "bob", ME, "zoe"]
    assert attributes["names"] == {ME: "Home", "zoe": "Z" * 100}
    assert attributes["unit_of_measurement"] == "members"
    others = state_of(hass, "sensor.presence_room_others")
    assert others.state == "3"
    assert others.attributes["unit_of_measurement"] == "members"
    state_info = state_of(hass, MEMBERS).state_info
    assert state_info is not None
    assert {"members", "names"} <= state_info["unrecorded_attributes"]


async def test_members_includes_this_one_and_lists_all(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await set_up(entry)

        state = state_of(hass, MEMBERS)
        assert state.state == "2"
        assert state.attributes["others"] == 1
        assert state.attributes["members"] == ["bob", ME]
        assert state.attributes["me"] == ME
        assert state.attributes["state_class"] == "measurement"

        await guest.send("pusher:unsubscribe", {"channel": "presence-room"})
        await until(lambda: state_of(hass, MEMBERS).state == "1")
        assert state_of(hass, MEMBERS).attributes["members"] == [ME]
        assert state_of(hass, MEMBERS).attributes["others"] == 0

    registered = er.async_get(hass).async_get(MEMBERS)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_id-presence-room_members"
    assert registered.config_subentry_id == "id-presence-room"


async def test_members_are_cleared_with_the_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "presence-room"))

    await lose_connection(hass, server)
    await until(lambda: state_of(hass, MEMBERS).state == STATE_UNAVAILABLE)

    assert not {"members", "others", "names", "me"} & set(state_of(hass, MEMBERS).attributes)


async def test_members_of_a_refused_channel_are_unavailable_not_none(
    hass: HomeAssistant, server: DevServer
) -> None:
    answer = frames.subscription_error("presence-room", "No", 403)
    server.faults.subscribe_answers["presence-room"] = answer
    entry = app_entry(server, "presence-room")
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, MEMBERS).state == STATE_UNAVAILABLE


async def test_many_members_are_written_rarely_and_end_exact(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "presence-room"))
    presence = hub.channels["id-presence-room"].presence
    assert presence is not None
    writes = writes_of(hass, MEMBERS)
    before = hass.loop.time()

    for number in range(300):
        await server.send_raw(frames.member_added("presence-room", {"user_id": number}))
    for number in range(150):
        await server.send_raw(frames.member_removed("presence-room", number))
    await until(lambda: presence.count == 151 and "149" not in presence.members)

    assert 1 <= len(writes) <= 1 + (hass.loop.time() - before) / 0.5
    await skip(hass, 0.5)
    state = state_of(hass, MEMBERS)
    assert state.state == "151"
    assert state.attributes["others"] == 150
    assert state.attributes["members"] == sorted([ME, *map(str, range(150, 300))])[:100]


async def test_single_member_is_written_at_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "presence-room"))
    presence = hub.channels["id-presence-room"].presence
    assert presence is not None

    await server.send_raw(frames.member_added("presence-room", {"user_id": "bob"}))
    await until(lambda: presence.count == 2)

    assert state_of(hass, MEMBERS).state == "2"


async def test_unload_during_many_changes_writes_nothing_later(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    hub = await set_up(entry)
    presence = hub.channels["id-presence-room"].presence
    assert presence is not None
    for number in range(20):
        await server.send_raw(frames.member_added("presence-room", {"user_id": number}))
    await until(lambda: presence.count == 21)

    assert await hass.config_entries.async_unload(entry.entry_id)
    writes = writes_of(hass, MEMBERS)
    await skip(hass, 0.5)

    assert writes == []


async def test_others_are_all_members_where_the_servers_list_is_without_this_one(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    members = {"count": 2, "ids": ["alice", "bob"], "hash": {}}
    answer = frames.subscription_succeeded("presence-room", members)
    server.faults.subscribe_answers["presence-room"] = answer

    await set_up(app_entry(server, "presence-room"))

    assert (
        state_of(hass, MEMBERS).state == state_of(hass, "sensor.presence_room_others").state == "2"
    )


async def test_subscription_count_is_disabled_by_default(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders", "presence-room"))

    registry = er.async_get(hass)
    registered = registry.async_get(COUNT)
    assert registered is not None
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert hass.states.get(COUNT) is None
    assert registry.async_get("sensor.presence_room_subscriptions") is None
    assert registry.async_get("sensor.orders_members") is None


async def test_subscription_count_is_the_servers(
    hass: HomeAssistant, counting_server: DevServer
) -> None:
    entry = app_entry(counting_server, "orders")
    enable_count(hass, entry)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: state_of(hass, COUNT).state == "1")

    async with connected_guest(counting_server) as guest:
        await guest.subscribe("orders")
        await counting_server.wait_subscribed("orders", 2)
        channel = entry.runtime_data.client.channels["orders"]
        await until(lambda: channel.subscription_count == 2)
        await skip(hass, 0.5)
        assert state_of(hass, COUNT).state == "2"

    await lose_connection(hass, counting_server)
    await until(lambda: state_of(hass, COUNT).state == STATE_UNAVAILABLE)


async def test_subscription_count_of_a_server_that_sends_none_is_unknown(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, "orders")
    enable_count(hass, entry)
    assert await hass.config_entries.async_setup(entry.entry_id)

    await until(lambda: state_of(hass, COUNT).state != STATE_UNAVAILABLE)

    assert state_of(hass, COUNT).state == STATE_UNKNOWN
