"""A short outage changes no state of a channel's entity; what is true shows at once afterwards."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.pusher_channels.hub.grace import OutageGrace
from tools.devserver import DevServer, frames

from ..actions import connected_guest
from ..conftest import APP, SetUp, app_entry, channel_subentry, signed_in_entry, until
from ..home_assistant import issues_of, lose_connection, skip, state_of, writes_of

ROOM = channel_subentry("presence-room", members=["bob"])
SIGNED_IN = {"sign_in": True, "watchlist": ["bob"]}
BOB = "binary_sensor.presence_room_member_bob"
MEMBERS = "sensor.presence_room_members"
SUBSCRIBED = "binary_sensor.orders_subscribed"
ONLINE = "binary_sensor.demo_app_bob_online"
OF_THE_CONNECTION = ("sensor.demo_app_connection_state", "switch.demo_app_connection")


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server that counts subscriptions."""
    async with DevServer(apps=[replace(APP, subscription_count=True)]) as running:
        yield running


def changes(hass: HomeAssistant) -> list[str]:
    """Return a list that gets the ids of changed entities, without those of the connection."""
    changed: list[str] = []

    @callback
    def add(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] not in OF_THE_CONNECTION:
            changed.append(event.data["entity_id"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, add)
    return changed


async def test_short_outage_changes_no_state_and_starts_no_automation(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "private-encrypted-a", ROOM, options=SIGNED_IN)
    entry.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        "sensor",
        "pusher_channels",
        f"{entry.entry_id}_id-orders_subscription_count",
        disabled_by=None,
        config_entry=entry,
        config_subentry_id="id-orders",
        suggested_object_id="orders_subscriptions",
    )
    async with connected_guest(server) as bob:
        await bob.join("presence-room", {"user_id": "bob"})
        await bob.sign_in({"id": "bob"})
        hub = await set_up(entry)
        await until(lambda: state_of(hass, ONLINE).state == "on")
        await until(lambda: state_of(hass, "sensor.orders_subscriptions").state == "1")
        await server.publish("orders", "shipped", 1)
        await until(lambda: state_of(hass, "event.orders").attributes.get("event"))
        assert await async_setup_component(
            hass,
            "automation",
            {
                "automation": {
                    "triggers": {"trigger": "state", "entity_id": [BOB, MEMBERS, SUBSCRIBED]},
                    "actions": {"event": "automation_ran"},
                }
            },
        )
        await hass.async_block_till_done()
        changed = changes(hass)
        old = hub.client.socket_id
        succeeded = [
            channel.client_channel for channel in hub.channels.values() if channel.client_channel
        ]

        (connection,) = [it for it in server.connections if it.socket_id == old]
        await connection.close(4200)
        await until(lambda: hub.client.socket_id not in (old, None))
        await until(lambda: all(channel.is_subscribed for channel in succeeded))
        await until(lambda: hub.client.user.user_id)
        await hass.async_block_till_done()
        assert state_of(hass, "sensor.orders_subscriptions").state == "1"
        await skip(hass, 30)

        assert changed == []
        assert state_of(hass, BOB).state == state_of(hass, ONLINE).state == "on"


@pytest.mark.parametrize("is_empty", [False, True])
async def test_cache_channel_that_sends_the_same_again_after_an_outage_changes_no_state(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, is_empty: bool
) -> None:
    if not is_empty:
        await server.publish("cache-price", "changed", 7)
    await set_up(app_entry(server, "cache-price"))
    price = "event.cache_price"
    await until(lambda: state_of(hass, price).attributes.get("event"))
    received = async_capture_events(hass, "pusher_channels_event")
    changed = changes(hass)

    await server.close_all(4200)
    await until(lambda: received)
    await skip(hass, 1)
    assert changed == []

    server.faults.upgrade_status = 503
    await server.close_all(4200)
    await server.publish("cache-price", "changed", 8)
    server.faults.reset()
    await skip(hass, 5)
    await until(lambda: state_of(hass, price).attributes.get("data") == 8)
    assert state_of(hass, price).attributes["cached"] is True


async def test_filter_that_changes_in_a_short_outage_changes_no_state(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    writes = writes_of(hass, "event.orders")
    changed = changes(hass)
    server.faults.upgrade_status = 503
    await server.close_all(1001)
    await until(lambda: not hub.channels["id-orders"].is_subscribed)

    data = {"channel": "orders", "events": ["paid"], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await hass.async_block_till_done()
    assert changed == []

    server.faults.reset()
    await skip(hass, 5)
    await until(lambda: hub.channels["id-orders"].is_subscribed)
    await hass.async_block_till_done()
    assert set(changed) == {"event.orders"}
    assert [state.attributes["event_types"] for _, state in writes] == [["paid"]]


async def test_states_are_held_for_ten_seconds_and_then_unavailable(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders", ROOM))
    server.faults.upgrade_status = 503
    await server.close_all(1001)
    await until(lambda: state_of(hass, OF_THE_CONNECTION[0]).state == "reconnecting")

    await skip(hass, 9.5)
    assert state_of(hass, SUBSCRIBED).state == "on"
    assert state_of(hass, MEMBERS).state == "1"

    await skip(hass, 10)
    assert state_of(hass, SUBSCRIBED).state == "off"
    assert state_of(hass, MEMBERS).state == state_of(hass, BOB).state == STATE_UNAVAILABLE
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE


async def test_member_who_left_in_a_short_outage_is_shown_after_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, ROOM))
    await server.send_raw(frames.member_added("presence-room", {"user_id": "bob"}))
    await until(lambda: state_of(hass, BOB).state == "on")
    changed = changes(hass)
    written = [writes_of(hass, it) for it in (BOB, MEMBERS, "sensor.presence_room_others")]

    await server.close_all(4200)
    presence = hub.channels["id-presence-room"]
    await until(lambda: presence.presence and "bob" not in presence.presence.members)
    await until(lambda: state_of(hass, BOB).state == "off")
    await skip(hass, 1)

    assert set(changed) == {BOB, MEMBERS, "sensor.presence_room_others"}
    assert [[state.state for _, state in writes] for writes in written] == [["off"], ["1"], ["0"]]


async def test_definite_refusal_after_a_reconnect_shows_at_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "No", 403)

    await server.close_all(4200)
    await until(lambda: state_of(hass, SUBSCRIBED).state == "off")

    assert state_of(hass, SUBSCRIBED).attributes["error"] == "No"
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE


async def test_refusal_that_is_retried_stays_hidden_as_long_as_a_short_outage(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "Later", 503)
    changed = changes(hass)

    await server.close_all(4200)
    await until(lambda: hub.client.channels["orders"].error)
    assert changed == []

    await skip(hass, 10)
    assert state_of(hass, SUBSCRIBED).state == "off"
    assert state_of(hass, SUBSCRIBED).attributes["error"] == "Later"


@pytest.mark.parametrize("code", [4003, None])
async def test_connection_that_does_not_return_by_itself_shows_at_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, code: int | None
) -> None:
    hub = await set_up(app_entry(server, "orders", options=SIGNED_IN))
    await until(lambda: hub.client.user.user_id)
    await hass.async_block_till_done()

    if code is None:
        await hub.client.disconnect()
    else:
        await server.close_all(code)
        await until(lambda: hub.client.state == "disconnected")

    for entity_id in ("event.orders", ONLINE, "event.demo_app_user_event"):
        assert state_of(hass, entity_id).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(("status", "state"), [(403, STATE_UNAVAILABLE), (503, "off")])
async def test_refused_sign_in_after_a_reconnect_shows_at_once_unless_it_is_retried(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, status: int, state: str
) -> None:
    entry = signed_in_entry(server, **SIGNED_IN)
    hub = await set_up(entry)
    await until(lambda: hub.client.user.user_id)
    errors = async_capture_events(hass, "pusher_channels_error")
    server.faults.auth_status = status

    await server.close_all(4200)
    await until(lambda: status in [error.data["code"] for error in errors])

    assert state_of(hass, ONLINE).state == state
    assert bool(issues_of(hass)) is (state == STATE_UNAVAILABLE)


async def test_watched_user_that_the_server_does_not_name_again_is_offline_after_ten_seconds(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options=SIGNED_IN))
    async with connected_guest(server) as bob:
        await bob.sign_in({"id": "bob"})
        await until(lambda: state_of(hass, ONLINE).state == "on")
        await server.close_all(4200)
        await until(lambda: hub.client.user.user_id)
        await hass.async_block_till_done()
        assert state_of(hass, ONLINE).state == "on"

        await skip(hass, 10)
        assert state_of(hass, ONLINE).state == "off"


async def test_watched_user_that_left_while_the_app_was_off_is_offline_after_the_sign_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options=SIGNED_IN))
    async with connected_guest(server) as bob:
        await bob.sign_in({"id": "bob"})
        await until(lambda: state_of(hass, ONLINE).state == "on")
        await hub.client.disconnect()

    hub.client.connect()
    await until(lambda: state_of(hass, ONLINE).state != STATE_UNAVAILABLE)

    assert state_of(hass, ONLINE).state == "off"


async def test_outage_is_timed_from_its_first_loss(hass: HomeAssistant) -> None:
    grace = OutageGrace(hass, lambda: None)
    grace.recover()
    grace.start_outage()
    began = hass.loop.time()
    await until(lambda: hass.loop.time() >= began + 0.05)

    grace.start_outage()
    await skip(hass, 9.97)

    assert not grace.is_available


async def test_outage_during_an_outage_that_lasted_stays_visible(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    await lose_connection(hass, server)
    server.faults.reset()
    server.faults.unanswered_channels = {"orders"}

    await skip(hass, 90)
    await until(lambda: hub.client.socket_id)

    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE
