"""An app is set up, reloaded, unloaded and closed with Home Assistant."""

from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNAVAILABLE,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from custom_components.pusher_channels import sensor
from custom_components.pusher_channels.hub.devices import register_app, register_channel
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer, frames

from .conftest import APP, SetUp, app_entry, channel_subentry, until
from .home_assistant import device_named, reauth_reason, skip, state_of
from .hub.shares import share_subentry


async def test_setup_connects_and_makes_devices(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "private-encrypted-room", share_subentry("sun.sun"))

    hub = await set_up(entry)

    assert entry.state is ConfigEntryState.LOADED
    assert [connection.socket_id for connection in server.connections] == [hub.client.socket_id]
    app = device_named(hass, entry, entry.entry_id)
    assert app is not None
    assert (app.name, app.manufacturer, app.model) == ("Demo app", None, "App")
    assert app.configuration_url is None
    assert app.entry_type is dr.DeviceEntryType.SERVICE
    assert app.config_subentry_id is None
    channel = device_named(hass, entry, "id-private-encrypted-room")
    assert channel is not None
    assert channel.name == "private-encrypted-room"
    assert channel.model == "Private encrypted channel"
    assert channel.config_subentry_id == "id-private-encrypted-room"
    assert channel.via_device_id == app.id
    assert channel.entry_type is dr.DeviceEntryType.SERVICE
    share = device_named(hass, entry, "id-share")
    assert share is not None
    assert (share.name, share.model, share.manufacturer) == ("Home", "Share", None)
    assert share.config_subentry_id == "id-share"
    assert share.via_device_id == app.id


async def test_unreachable_server_is_tried_again(hass: HomeAssistant, server: DevServer) -> None:
    await server.stop()
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    assert str(entry.reason).startswith("No connection yet: The server could not be reached")

    await server.start()
    await skip(hass, 120)
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()


async def test_refused_app_is_not_tried_again(hass: HomeAssistant, server: DevServer) -> None:
    entry = app_entry(server, app_key="wrong-key")
    entry.add_to_hass(hass)

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "connection_refused"
    assert str(entry.reason).startswith("The server refuses this app: ")
    assert "(4001)" in str(entry.reason)
    await skip(hass, 600)
    assert len(server.attempts) == 1


async def test_unauthorized_app_starts_a_reauthentication(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.first_frame = frames.error(4009, "The connection is not authorized")
    entry = app_entry(server)
    entry.add_to_hass(hass)

    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "connection_unauthorized"
    assert "The connection is not authorized (4009). Authorize it again" in str(entry.reason)
    assert await reauth_reason(hass) == "The connection is not authorized (4009)"


async def test_unload_closes_the_connection_and_its_entities(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)

    assert await hass.config_entries.async_unload(entry.entry_id)
    await server.wait_disconnected()

    assert entry.state is ConfigEntryState.NOT_LOADED
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.demo_app_connection_state").state == STATE_UNAVAILABLE


async def test_reload_connects_anew_and_keeps_devices_and_entities(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    before = (await set_up(entry)).client.socket_id
    registry = er.async_get(hass)
    entities = {it.entity_id for it in er.async_entries_for_config_entry(registry, entry.entry_id)}

    assert await hass.config_entries.async_reload(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.channels["id-orders"].is_subscribed)

    assert hub.client.socket_id != before
    await server.wait_for(lambda: len(server.connections) == 1 or None)
    assert entities == {
        it.entity_id for it in er.async_entries_for_config_entry(registry, entry.entry_id)
    }


async def test_home_assistants_stop_closes_the_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await server.wait_disconnected()
    await hass.async_block_till_done()

    assert state_of(hass, "sensor.demo_app_connection_state").state == "disconnected"


async def test_unload_after_the_stop_is_quiet(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await server.wait_disconnected()
    await hass.async_block_till_done()

    assert await hass.config_entries.async_unload(entry.entry_id)

    assert [it for it in caplog.records if it.levelname in ("ERROR", "CRITICAL")] == []


async def test_channels_are_subscribed_once_home_assistant_has_started(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.not_running)
    entry = app_entry(server, "orders", options={"sign_in": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    hub: Hub = entry.runtime_data

    assert state_of(hass, "sensor.demo_app_connection_state").state == "connected"
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE
    assert state_of(hass, "binary_sensor.orders_subscribed").state == "off"
    assert server.received == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await server.wait_subscribed("orders")
    await until(lambda: hub.client.user.user_id)

    assert hub.client.user.user_id == "home-assistant-12345678"


async def test_unload_before_the_start_subscribes_nothing_later(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.not_running)
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()

    assert server.received == []


@pytest.mark.parametrize(
    "change",
    [{"options": {"activity_timeout": 30}}, {"data": {"secret": "another"}}],
    ids=["options", "data"],
)
async def test_changed_settings_reload_the_app(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, change: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders")
    old = await set_up(entry)
    if "data" in change:
        change = {"data": {**entry.data, **change["data"]}}

    hass.config_entries.async_update_entry(entry, **change)
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data is not old
    assert len(server.attempts) == 2


async def test_setup_without_any_channel_stays_connected(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))

    assert len(server.connections) == 1
    assert server.connections[0].app.key == APP.key


async def test_channel_deleted_during_the_setup_does_not_affect_the_rest(
    hass: HomeAssistant, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server, "orders", "news")
    entry.add_to_hass(hass)
    forward = hass.config_entries.async_forward_entry_setups

    async def delete_and_forward(*args: Any) -> None:
        if "id-orders" in entry.subentries:
            hass.config_entries.async_remove_subentry(entry, "id-orders")
        await forward(*args)

    monkeypatch.setattr(hass.config_entries, "async_forward_entry_setups", delete_and_forward)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await server.wait_subscribed("news")
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    assert set(entry.runtime_data.channels) == {"id-news"}
    assert hass.states.get("event.orders") is None
    assert await hass.config_entries.async_reload(entry.entry_id)


async def test_setup_with_a_failed_platform_is_undone_and_retried(
    hass: HomeAssistant, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)

    def fail(*_: object) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(sensor, "ConnectionStateSensor", fail)
        assert not await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        await server.wait_disconnected()

        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "platform_failed"
        assert "The entities could not be set up" in str(entry.reason)

    await skip(hass, 60)
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.demo_app_connection_state").state == "connected"


async def test_title_and_options_saved_during_a_slow_setup_are_used(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.handshake_silent = True
    entry = app_entry(server)
    entry.add_to_hass(hass)
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await until(lambda: server.attempts)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS

    hass.config_entries.async_update_entry(entry, title="Shop")
    hass.config_entries.async_update_entry(entry, options={"sign_in": True})
    server.faults.reset()
    await skip(hass, 11)
    await setup
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()

    assert hass.states.get("event.shop_user_event") is not None
    assert "AttributeError" not in caplog.text


async def test_entities_that_are_no_longer_configured_are_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    """Members, the app ID and the kind of the channel change while the entry reloads."""
    entry = app_entry(server, channel_subentry("presence-room", members=["alice"]))
    await set_up(entry)
    registry = er.async_get(hass)

    def keys() -> set[str]:
        entities = er.async_entries_for_config_entry(registry, entry.entry_id)
        return {it.unique_id.removeprefix(f"{entry.entry_id}_id-presence-room_") for it in entities}

    assert {"member_alice", "members", "others", "notification"} <= keys()
    data = {name: value for name, value in entry.data.items() if name != "app_id"}
    subentry = entry.subentries["id-presence-room"]
    hass.config_entries.async_update_subentry(entry, subentry, data={"channel": "orders"})
    hass.config_entries.async_update_entry(entry, data=data)
    await until(lambda: keys() >= {"event", "subscription_count"} and "members" not in keys())
    await hass.async_block_till_done()

    assert not {"member_alice", "members", "others", "notification"} & keys()


@pytest.mark.parametrize(
    ("server_data", "manufacturer"),
    [
        ({}, "Pusher"),
        ({"host": "ws-eu.pusher.com"}, "Pusher"),
        ({"host": "push.example"}, None),
        ({"host": "notpusher.com"}, None),
    ],
)
async def test_only_an_app_of_pusher_has_the_manufacturer_and_the_dashboard(
    hass: HomeAssistant, server: DevServer, server_data: dict[str, str], manufacturer: str | None
) -> None:
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data=entry.data | {"server": server_data})

    app_id = register_app(hass, entry)
    register_channel(hass, entry, entry.subentries["id-orders"], app_id)

    device = device_named(hass, entry, entry.entry_id)
    channel = device_named(hass, entry, "id-orders")
    assert device is not None
    assert channel is not None
    assert device.manufacturer == channel.manufacturer == manufacturer
    url = "https://dashboard.pusher.com" if manufacturer else None
    assert device.configuration_url == url
