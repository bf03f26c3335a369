"""Diagnostics have the state of an app without secrets and personal data."""

import json
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.diagnostics import async_get_config_entry_diagnostics
from custom_components.pusher_channels.hub.devices import subentry_identifier
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer, frames

from .actions import act
from .conftest import APP, SetUp, app_data, app_entry, channel_subentry, until

REDACTED = "**REDACTED**"
VALUE = {
    "platform": "sensor",
    "name": "Total",
    "events": [],
    "value": "order.total",
    "unit_of_measurement": "EUR",
}
ROOM = channel_subentry(
    "presence-room",
    events=["chat.*"],
    members=["guest-alice", "guest-bob"],
    values={"a": VALUE},
)


async def of_entry(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> dict[str, Any]:
    return dict(await get_diagnostics_for_config_entry(hass, hass_client, entry))


async def of_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    identifier: tuple[str, str],
) -> dict[str, Any]:
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
    (device,) = (it for it in devices if identifier in it.identifiers)
    return dict(await get_diagnostics_for_device(hass, hass_client, entry, device))


async def join_guest(server: DevServer, hub: Hub, user_id: str) -> None:
    member = {"user_id": user_id, "user_info": {"email": "someone@home.example"}}
    await server.send_raw(frames.member_added("presence-room", member))
    channel = hub.channels["id-presence-room"]
    await until(lambda: channel.presence and user_id in channel.presence.members)


async def test_connected_app_is_described(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(
        server,
        ROOM,
        "orders",
        options={"sign_in": True, "watchlist": ["guest-alice", "guest-bob"]},
        user_info={"email": "me@home.example"},
    )
    hub = await set_up(entry)
    await until(lambda: hub.client.user.user_id)
    hub.client.subscribe("by-action")
    await until(lambda: hub.client.channels["by-action"].is_subscribed)
    await join_guest(server, hub, "guest-alice")
    await server.publish("orders", "shipped", {"to": "guest-bob"})
    await server.publish("orders", "billed", "12.50")
    await until(lambda: len(hub.client.channels["orders"].event_names) == 2)

    diagnostics = await of_entry(hass, hass_client, entry)

    assert set(diagnostics.pop("versions")) == {
        "client",
        "protocol",
        "aiohttp",
        "orjson",
        "pynacl",
    }
    connection = diagnostics.pop("connection")
    assert 0 <= connection.pop("seconds_since_last_frame") < 5
    (past,) = connection.pop("past_states")
    assert past["state"] == "connected"
    assert past["since"].endswith("+00:00")
    assert connection == {
        "state": "connected",
        "has_socket_id": True,
        "last_error": None,
        "signed_in": True,
        "watched_users_online": 0,
        "has_server_api": True,
    }
    room, orders = diagnostics.pop("channels")
    assert orders == {
        "channel": "orders",
        "kind": "public",
        "events": [],
        "tracked_members": 0,
        "values": [],
        "state": "subscribed",
        "error": None,
        "subscription_count": None,
        "event_names": ["billed", "shipped"],
        "decryption_failures": 0,
    }
    assert room == {
        "channel": "presence-room",
        "kind": "presence",
        "events": ["chat.*"],
        "tracked_members": 2,
        "values": [VALUE],
        "state": "subscribed",
        "error": None,
        "subscription_count": None,
        "event_names": [],
        "count": 2,
        "members": 2,
        "decryption_failures": 0,
    }
    (by_action,) = diagnostics.pop("other_channels")
    assert by_action["channel"] == "by-action"
    assert diagnostics == {
        "entry_state": "loaded",
        "shares": [],
        "webhook_url": None,
        "data": {
            "app_key": REDACTED,
            "cluster": "mt1",
            "server": {
                "host": "127.0.0.1",
                "port": server.port,
                "use_tls": False,
                "verify_ssl": True,
            },
            "authorization": "auth_secret",
            "secret": REDACTED,
            "app_id": APP.app_id,
            "encryption_master_key": REDACTED,
            "user_id": REDACTED,
            "user_info": REDACTED,
        },
        "options": {"sign_in": True, "watchlist": 2},
    }


async def test_no_member_is_named(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(server, ROOM, options={"sign_in": True, "watchlist": ["guest-bob"]})
    hub = await set_up(entry)
    await join_guest(server, hub, "guest-alice")

    text = json.dumps(await of_entry(hass, hass_client, entry))
    text += json.dumps(await of_device(hass, hass_client, entry, (DOMAIN, entry.entry_id)))

    for personal in ("guest-alice", "guest-bob", "home.example", "home-assistant-12345678"):
        assert personal not in text


async def test_lost_connection_is_described(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    await server.close_all(4003, f"App {APP.key} is disabled")
    await until(lambda: hub.client.last_error)
    await hass.async_block_till_done()

    diagnostics = await of_entry(hass, hass_client, entry)

    connection = diagnostics["connection"]
    assert connection["state"] == "disconnected"
    assert connection["has_socket_id"] is False
    assert connection["last_error"] == {
        "reason": "closed",
        "code": 4003,
        "message": f"App {REDACTED} is disabled",
    }
    states = [past["state"] for past in connection["past_states"]]
    assert states == ["connected", "disconnected"]
    assert diagnostics["channels"][0]["state"] == "unsubscribed"


async def test_latest_50_states_of_the_connection_are_described(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    for _ in range(26):
        await hub.client.disconnect()
        hub.client.connect()
        await hub.client.wait_connected()

    connection = (await of_entry(hass, hass_client, entry))["connection"]

    states = [past["state"] for past in connection["past_states"]]
    assert len(states) == 50
    assert states[-1] == "connected"


async def test_refused_channel_is_described_without_what_the_server_quotes(
    hass: HomeAssistant,
    server: DevServer,
    hass_client: ClientSessionGenerator,
) -> None:
    message = f'Expected {APP.secret} of 1.2:presence-room:{{"user_id":"guest-alice"}}, but got 1'
    answer = frames.subscription_error("presence-room", message, 403)
    server.faults.subscribe_answers["presence-room"] = answer
    entry = app_entry(server, ROOM)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["presence-room"].error)

    (room,) = (await of_entry(hass, hass_client, entry))["channels"]

    assert room["state"] == "failed"
    assert room["error"] == {
        "type": "AuthError",
        "status": 403,
        "message": f"Expected {REDACTED} of 1.2:presence-room:{REDACTED}",
    }
    assert room["count"] == room["members"] == 0


async def test_refused_channel_of_an_action_is_described(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    await act(hass, "subscribe", channel="by-action")
    answer = frames.subscription_error("by-action", f"Expected {APP.secret}", 403)
    server.faults.subscribe_answers["by-action"] = answer
    await server.close_all(4200)
    await until(lambda: hub.client.channels["by-action"].error)

    (channel,) = (await of_entry(hass, hass_client, entry))["other_channels"]

    assert (channel["channel"], channel["state"]) == ("by-action", "failed")
    error = {"type": "AuthError", "status": 403, "message": f"Expected {REDACTED}"}
    assert channel["error"] == error


async def test_app_that_could_not_be_set_up_is_described(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, ROOM, app_key="wrong-key")
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)

    diagnostics = await of_entry(hass, hass_client, entry)

    assert diagnostics["entry_state"] == "setup_error"
    assert diagnostics["connection"] is None
    assert diagnostics["other_channels"] == []
    assert diagnostics["channels"] == [
        {
            "channel": "presence-room",
            "kind": "presence",
            "events": ["chat.*"],
            "tracked_members": 2,
            "values": [VALUE],
        }
    ]


async def test_device_of_a_channel_has_its_channel_only(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(server, ROOM, "orders")
    await set_up(entry)

    identifier = subentry_identifier(entry.entry_id, "id-orders")
    diagnostics = await of_device(hass, hass_client, entry, identifier)

    assert diagnostics["channel"]["channel"] == "orders"
    assert diagnostics["channel"]["state"] == "subscribed"
    assert diagnostics["connection"]["state"] == "connected"
    assert "presence-room" not in json.dumps(diagnostics)


async def test_device_of_an_app_has_the_app(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)

    diagnostics = await of_device(hass, hass_client, entry, (DOMAIN, entry.entry_id))

    assert diagnostics["connection"]["state"] == "connected"
    assert "channel" not in diagnostics


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:canary@auth.example:8443/a/b?token=canary#x", "https://auth.example:8443/a/b"),
        ("http://auth.example", "http://auth.example/"),
        ("http://[canary", REDACTED),
        ("auth/path?token=canary", "auth/path"),
    ],
)
async def test_urls_are_shown_without_credentials_and_query(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    url: str,
    shown: str,
) -> None:
    await set_up(app_entry(server))
    address = {"host": "pusher.example", "use_tls": True, "verify_ssl": True, "proxy": url}
    asked = {
        "authorization": "auth_endpoint",
        "auth_endpoint": url,
        "user_auth_endpoint": url,
        "headers": [{"name": "Authorization", "value": "Bearer canary"}],
        "params": [{"name": "tenant", "value": "{{ 'canary' }}"}],
    }
    entry = MockConfigEntry(domain=DOMAIN, data={"app_key": "key", "server": address, **asked})
    entry.add_to_hass(hass)

    diagnostics = await of_entry(hass, hass_client, entry)

    data = diagnostics["data"]
    assert data["auth_endpoint"] == data["user_auth_endpoint"] == data["server"]["proxy"] == shown
    assert data["headers"] == [{"name": "Authorization", "value": REDACTED}]
    assert data["params"] == [{"name": "tenant", "value": REDACTED}]
    assert data["server"]["host"] == "pusher.example"
    assert "canary" not in json.dumps(diagnostics)


async def test_headers_and_keys_of_webhooks_are_redacted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    data = app_data(server)
    data["server"]["headers"] = [{"name": "X-Gateway", "value": "gateway-token"}]
    options = {"webhook_keys": [{"name": "older-key", "value": "older-secret"}]}
    entry = MockConfigEntry(domain=DOMAIN, unique_id="key@host", data=data, options=options)
    await set_up(entry)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["data"]["server"]["headers"] == [{"name": "X-Gateway", "value": REDACTED}]
    assert diagnostics["options"] == {"webhook_keys": REDACTED}
