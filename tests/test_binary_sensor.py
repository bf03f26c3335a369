"""The binary sensors: subscribed channels, tracked members and watched users."""

import pytest
from homeassistant.const import STATE_UNAVAILABLE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from tools.devserver import DevServer, frames

from .actions import connected_guest
from .conftest import SetUp, app_entry, channel_subentry, until
from .home_assistant import lose_connection, skip, state_of, writes_of

SUBSCRIBED = "binary_sensor.orders_subscribed"
BOB = "binary_sensor.presence_room_member_bob"
ALICE = "binary_sensor.presence_room_member_alice"
ONLINE_BOB = "binary_sensor.demo_app_bob_online"
ROOM = channel_subentry("presence-room", members=["alice", "bob"])
WATCHING = {"sign_in": True, "watchlist": ["bob"]}


async def test_subscribed_is_on_while_the_channel_is_subscribed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)

    state = state_of(hass, SUBSCRIBED)
    assert (state.state, state.attributes["error"]) == ("on", None)
    assert state.attributes["device_class"] == "connectivity"
    registered = er.async_get(hass).async_get(SUBSCRIBED)
    assert registered is not None
    assert registered.entity_category is EntityCategory.DIAGNOSTIC
    assert registered.unique_id == f"{entry.entry_id}_id-orders_subscribed"

    await lose_connection(hass, server)
    assert state_of(hass, SUBSCRIBED).state == "off"
    await until(lambda: "503" in str(hub.client.last_error))
    server.faults.reset()
    await skip(hass, 3)
    await until(lambda: state_of(hass, SUBSCRIBED).state == "on")


async def test_subscribed_has_the_servers_message_of_a_refusal(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "Closed", 403)
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: state_of(hass, SUBSCRIBED).attributes["error"])

    state = state_of(hass, SUBSCRIBED)
    assert (state.state, state.attributes["error"]) == ("off", "Closed")


async def test_member_is_on_while_it_is_on_the_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, ROOM)
    await set_up(entry)
    assert (state_of(hass, ALICE).state, state_of(hass, BOB).state) == ("off", "off")
    registered = er.async_get(hass).async_get(BOB)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_id-presence-room_member_bob"
    writes = writes_of(hass, ALICE)

    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await until(lambda: state_of(hass, BOB).state == "on")
        await guest.send("pusher:unsubscribe", {"channel": "presence-room"})
        await until(lambda: state_of(hass, BOB).state == "off")

    assert writes == []


async def test_earlier_member_is_on_from_the_start(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await set_up(app_entry(server, ROOM))

        assert state_of(hass, BOB).state == "on"


async def test_numeric_member_id_is_found_by_its_text(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, channel_subentry("presence-room", members=["42"])))

    await server.send_raw(frames.member_added("presence-room", {"user_id": 42}))

    await until(lambda: state_of(hass, "binary_sensor.presence_room_member_42").state == "on")


async def test_member_is_unavailable_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await set_up(app_entry(server, ROOM))

        await lose_connection(hass, server)
        await until(lambda: state_of(hass, BOB).state == STATE_UNAVAILABLE)


async def test_only_presence_channels_have_members(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, channel_subentry("private-room", members=["bob"])))

    assert [it for it in hass.states.async_entity_ids() if "member" in it] == []


async def test_watched_user_is_online_while_signed_in_anywhere(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, options=WATCHING)
    hub = await set_up(entry)
    await until(lambda: hub.client.user.user_id)
    await hass.async_block_till_done()
    assert state_of(hass, ONLINE_BOB).state == "off"
    registered = er.async_get(hass).async_get(ONLINE_BOB)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_online_bob"

    async with connected_guest(server) as guest:
        await guest.sign_in({"id": "bob"})
        await until(lambda: state_of(hass, ONLINE_BOB).state == "on")
    await until(lambda: state_of(hass, ONLINE_BOB).state == "off")


async def test_watched_user_ignores_other_users(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options=WATCHING))
    await until(lambda: hub.client.user.user_id)
    await hass.async_block_till_done()
    writes = writes_of(hass, ONLINE_BOB)

    await server.send_raw(frames.watchlist("online", ["carol"]))
    await server.send_raw(frames.watchlist("online", ["bob"]))
    await until(lambda: state_of(hass, ONLINE_BOB).state == "on")

    assert [state.state for _, state in writes] == ["on"]
    assert hub.client.user.online == {"bob": True}


async def test_watched_user_is_unavailable_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options=WATCHING))
    await until(lambda: hub.client.user.user_id)

    await lose_connection(hass, server)
    await until(lambda: state_of(hass, ONLINE_BOB).state == STATE_UNAVAILABLE)


@pytest.mark.parametrize("options", [{}, {"watchlist": ["bob"]}, {"sign_in": True}])
async def test_no_user_is_watched_without_sign_in_and_a_list(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, options: dict[str, object]
) -> None:
    await set_up(app_entry(server, options=options))

    assert hass.states.get(ONLINE_BOB) is None
