"""The hub keeps devices, channels and entities in step with what the user configured."""

import json
from types import MappingProxyType

import pytest
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    STATE_UNAVAILABLE,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer, frames

from ..conftest import APP, SetUp, app_entry, channel_subentry, signed_in_entry, until
from ..home_assistant import (
    device_named,
    issues_of,
    reauth_flows,
    reauth_reason,
    skip,
    state_of,
)


def subscribed_at(server: DevServer) -> list[str]:
    """Return the channels that were requested, in order."""
    asked = (json.loads(frame.text) for frame in server.received)
    return [frame["data"]["channel"] for frame in asked if frame["event"] == "pusher:subscribe"]


async def test_connection_that_becomes_unauthorized_starts_a_reauthentication(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)

    await server.close_all(4009, "The connection is not authorized")
    reason = await reauth_reason(hass)

    assert "The connection is not authorized" in reason
    assert reauth_flows(hass) == ["reauth"]


async def test_channel_with_a_wrong_secret_starts_a_reauthentication(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, "private-room", secret="wrong")
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    reason = await reauth_reason(hass)

    assert reason.startswith("private-room: ")
    assert entry.state is ConfigEntryState.LOADED


async def test_reason_of_a_reauthentication_has_no_secrets(
    hass: HomeAssistant, server: DevServer
) -> None:
    answer = frames.subscription_error("orders", f"Expected {APP.secret}", 401)
    server.faults.subscribe_answers["orders"] = answer
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)

    assert await reauth_reason(hass) == f"orders: Expected {REDACTED}"


@pytest.mark.parametrize(("status", "flows"), [(401, 1), (419, 1), (403, 0), (404, 0)])
async def test_refusal_about_credentials_starts_a_reauthentication(
    hass: HomeAssistant, server: DevServer, status: int, flows: int
) -> None:
    server.faults.auth_status = status
    entry = app_entry(
        server, "private-room", authorization="auth_endpoint", auth_endpoint=server.auth_url
    )
    entry.add_to_hass(hass)
    errors = async_capture_events(hass, "pusher_channels_subscription_error")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: errors)
    await hass.async_block_till_done()

    assert errors[0].data["status"] == status
    assert len(reauth_flows(hass)) == flows


@pytest.mark.parametrize(
    ("status", "flows", "issues"), [(401, 1, 0), (419, 1, 0), (403, 0, 1), (503, 0, 0)]
)
async def test_refused_sign_in_asks_for_credentials_or_has_an_issue_or_is_retried(
    hass: HomeAssistant, server: DevServer, status: int, flows: int, issues: int
) -> None:
    server.faults.auth_status = status
    entry = signed_in_entry(server)
    entry.add_to_hass(hass)
    errors = async_capture_events(hass, "pusher_channels_error")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: errors)
    await hass.async_block_till_done()

    assert errors[0].data["code"] == status
    assert len(reauth_flows(hass)) == flows
    assert len(issues_of(hass)) == issues
    if flows:
        assert str(status) in await reauth_reason(hass)


async def test_changed_title_renames_the_device_without_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    socket_id = hub.client.socket_id

    hass.config_entries.async_update_entry(entry, title="Shop")
    await hass.async_block_till_done()

    assert entry.runtime_data is hub
    assert hub.client.socket_id == socket_id
    device = device_named(hass, entry, entry.entry_id)
    assert device is not None
    assert device.name == "Shop"
    channel = device_named(hass, entry, "id-orders")
    assert channel is not None
    assert channel.via_device_id == device.id


async def test_added_channel_is_subscribed_and_nothing_else_changes(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    socket_id, orders = hub.client.socket_id, hub.channels["id-orders"].client_channel
    server.received.clear()

    subentry = ConfigSubentry(
        data=MappingProxyType({"channel": "presence-room", "events": [], "members": ["bob"]}),
        subentry_type="channel",
        title="presence-room",
        unique_id="presence-room",
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await server.wait_subscribed("presence-room")
    await until(lambda: state_of(hass, "binary_sensor.presence_room_subscribed").state == "on")

    assert hub.client.socket_id == socket_id
    assert hub.channels["id-orders"].client_channel is orders
    assert subscribed_at(server) == ["presence-room"]
    assert state_of(hass, "sensor.presence_room_members").state == "1"
    assert state_of(hass, "binary_sensor.presence_room_member_bob").state == "off"
    assert device_named(hass, entry, subentry.subentry_id) is not None


async def test_channel_added_before_the_start_waits_for_it(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.not_running)
    entry = app_entry(server)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    subentry = ConfigSubentry(
        data=MappingProxyType({"channel": "orders", "events": [], "members": []}),
        subentry_type="channel",
        title="orders",
        unique_id="orders",
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done()
    assert server.received == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await server.wait_subscribed("orders")


async def test_channel_removed_before_the_start_is_never_subscribed(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.not_running)
    entry = app_entry(server, "orders", "news")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    hass.config_entries.async_remove_subentry(entry, "id-orders")
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await server.wait_subscribed("news")

    assert subscribed_at(server) == ["news"]


async def test_removed_channel_is_unsubscribed_and_its_device_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "presence-room")
    hub = await set_up(entry)
    socket_id = hub.client.socket_id

    hass.config_entries.async_remove_subentry(entry, "id-presence-room")
    await server.wait_unsubscribed("presence-room")
    await hass.async_block_till_done()

    assert hub.client.socket_id == socket_id
    assert hub.channels["id-orders"].is_subscribed
    assert set(hub.channels) == {"id-orders"}
    assert device_named(hass, entry, "id-presence-room") is None
    assert device_named(hass, entry, "id-orders") is not None
    assert [it for it in hass.states.async_entity_ids() if "presence_room" in it] == []
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert {it.config_subentry_id for it in entities} == {None, "id-orders"}


async def test_channel_that_is_removed_and_added_again_works(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    subentry = entry.subentries["id-orders"]

    hass.config_entries.async_remove_subentry(entry, "id-orders")
    await hass.async_block_till_done()
    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done()
    await until(lambda: state_of(hass, "event.orders").state != STATE_UNAVAILABLE)

    await server.publish("orders", "shipped", 1)
    await until(lambda: state_of(hass, "event.orders").attributes.get("event") == "shipped")


async def test_renamed_channel_is_subscribed_and_the_old_one_unsubscribed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    hub = await set_up(entry)
    socket_id, news = hub.client.socket_id, hub.channels["id-news"].client_channel
    before = device_named(hass, entry, "id-orders")
    events = async_capture_events(hass, "pusher_channels_event")
    server.received.clear()

    hass.config_entries.async_update_subentry(
        entry,
        entry.subentries["id-orders"],
        data={"channel": "invoices", "events": [], "members": []},
        title="invoices",
        unique_id="invoices",
    )
    await server.wait_subscribed("invoices")
    await server.wait_unsubscribed("orders")
    await until(lambda: hub.channels["id-orders"].is_subscribed)

    await server.publish("orders", "old", 1)
    await server.publish("invoices", "new", 2)
    await until(lambda: events)
    assert [event.data["channel"] for event in events] == ["invoices"]
    assert hub.client.socket_id == socket_id
    assert hub.channels["id-news"].client_channel is news
    assert subscribed_at(server) == ["invoices"]
    after = device_named(hass, entry, "id-orders")
    assert before is not None
    assert after is not None
    assert (after.id, after.name) == (before.id, "invoices")


async def test_changed_filter_applies_without_a_new_subscription(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", events=["shipped"]), "news")
    hub = await set_up(entry)
    events = async_capture_events(hass, "pusher_channels_event")
    server.received.clear()

    hass.config_entries.async_update_subentry(
        entry,
        entry.subentries["id-orders"],
        data={"channel": "orders", "events": ["billed", "order.*"], "members": []},
    )
    await hass.async_block_till_done()
    await server.publish("orders", "shipped", 1)
    await server.publish("orders", "order.paid", 2)
    await until(lambda: events)

    assert [event.data["event"] for event in events] == ["order.paid"]
    assert server.received == []
    assert hub.channels["id-orders"].is_subscribed
    attributes = state_of(hass, "event.orders").attributes
    assert attributes["event_types"] == ["billed", "other"]


async def test_tracked_members_follow_the_setting(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("presence-room", members=["alice", "bob"]))
    await set_up(entry)
    me = "home-assistant-12345678"

    def track(*members: str) -> None:
        hass.config_entries.async_update_subentry(
            entry,
            entry.subentries["id-presence-room"],
            data={"channel": "presence-room", "events": [], "members": list(members)},
        )

    track("bob", me)
    await hass.async_block_till_done()
    assert hass.states.get("binary_sensor.presence_room_member_alice") is None
    assert state_of(hass, "binary_sensor.presence_room_member_bob").state == "off"
    tracked = "binary_sensor.presence_room_member_home_assistant_12345678"
    assert state_of(hass, tracked).state == "on"

    track("alice", "bob", me)
    await hass.async_block_till_done()
    assert state_of(hass, "binary_sensor.presence_room_member_alice").state == "off"


async def test_loss_and_return_are_each_logged_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    old = hub.client.socket_id
    server.faults.upgrade_status = 503
    await server.close_all(1001, "Going away")
    await until(lambda: "503" in str(hub.client.last_error))
    server.faults.reset()
    await skip(hass, 3)
    await until(lambda: hub.client.socket_id not in (old, None))

    messages = [it.getMessage() for it in caplog.records if it.name.endswith(".hub")]
    assert messages == [
        "Demo app lost its connection: Going away (1001)",
        "Demo app is connected again",
    ]


async def test_disconnecting_logs_no_loss(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)

    assert await hass.config_entries.async_unload(entry.entry_id)

    assert [it.getMessage() for it in caplog.records if it.name.endswith(".hub")] == []


async def test_entities_of_the_user_follow_the_setting(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, options={"sign_in": True, "watchlist": ["ada", "grace"]})
    await set_up(entry)
    registry = er.async_get(hass)

    def keys() -> set[str]:
        entities = er.async_entries_for_config_entry(registry, entry.entry_id)
        return {entity.unique_id.removeprefix(f"{entry.entry_id}_") for entity in entities}

    assert {"user_event", "online_ada", "online_grace"} <= keys()

    hass.config_entries.async_update_entry(entry, options={"sign_in": True, "watchlist": ["grace"]})
    await until(lambda: "online_ada" not in keys())
    assert {"user_event", "online_grace"} <= keys()

    await hass.async_block_till_done()
    hass.config_entries.async_update_entry(entry, options={"sign_in": False})
    await until(lambda: keys() == {"connection", "connection_state"})


async def test_latest_event_of_each_of_the_20_most_recent_names_is_kept(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    channel = (await set_up(entry)).channels["id-orders"]
    events = async_capture_events(hass, "pusher_channels_event")

    names = [f"name-{number}" for number in range(21)]
    for value, name in enumerate([*names, "name-1", "name-20", "name-20"]):
        await server.publish("orders", name, value)
    await until(lambda: len(events) == 24)

    latest = {name: event.data for name, event in channel.latest_events.items()}
    assert list(latest) == [*names[2:20], "name-1", "name-20"]
    assert latest["name-1"] == 21
    assert latest["name-20"] == 23

    data = {"channel": "invoices", "events": [], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await hass.async_block_till_done()
    assert channel.latest_events == {}
