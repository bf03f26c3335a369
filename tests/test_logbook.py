"""Lines in Home Assistant's logbook, as its own page asks for them."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceGenerator,
    WebSocketGenerator,
)

from custom_components.pusher_channels.client.webhooks import WebhookEvent
from tools.devserver import DevServer, frames

from .actions import connected_guest
from .conftest import SetUp, app_entry, until


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: RecorderInstanceGenerator) -> None:
    """Let the test have a recorder."""


@pytest.fixture
async def logbook(hass: HomeAssistant, recorder_mock: object) -> None:
    """Set up the logbook, which needs a recorder."""
    assert await async_setup_component(hass, "logbook", {})


async def _lines(hass: HomeAssistant, client: Any) -> list[tuple[str, str, str]]:
    """Return name, message and icon of our lines of the last minute."""
    await async_wait_recording_done(hass)
    since = dt_util.utcnow() - timedelta(minutes=1)
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": since.isoformat()})
    answer = await client.receive_json()
    return [
        (line["name"], line["message"], line["icon"])
        for line in answer["result"]
        if line.get("domain") == "pusher_channels"
    ]


@pytest.mark.usefixtures("logbook")
async def test_members_and_webhooks_have_a_line_and_what_entities_show_has_none(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hub = await set_up(app_entry(server, "orders", "presence-a"))
    seen: list[object] = []
    hub.client.bind(seen.append)
    presence = hub.channels["id-presence-a"].presence
    assert presence is not None
    presence.listen(seen.append)

    await server.publish("orders", "order.shipped", {"canary": "of-the-payload"})
    await until(lambda: len(seen) == 1)
    async with connected_guest(server) as guest:
        info = {"name": "Ada", "canary": "of-the-member"}
        await guest.join("presence-a", {"user_id": "42", "user_info": info})
        await until(lambda: len(seen) == 2)
        await guest.leave()
        await until(lambda: len(seen) == 3)
    await server.send_raw(frames.member_added("presence-a", {"user_id": 7}))
    await until(lambda: len(seen) == 4)
    hub.bus_of("orders").fire_webhook(WebhookEvent("channel_vacated", "orders"))
    await hub.client.disconnect()

    assert await _lines(hass, await hass_ws_client(hass)) == [
        ("presence-a", "Ada joined", "mdi:account-plus"),
        ("presence-a", "Ada left", "mdi:account-minus"),
        ("presence-a", "user 7 joined", "mdi:account-plus"),
        ("orders", "received the webhook event channel_vacated", "mdi:webhook"),
    ]


@pytest.mark.usefixtures("logbook")
async def test_refusals_failed_decryptions_and_gaps_have_a_line(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hub = await set_up(app_entry(server, "private-encrypted-a", "orders"))
    gaps = async_capture_events(hass, "pusher_channels_gap")
    refusals = async_capture_events(hass, "pusher_channels_subscription_error")
    failures = async_capture_events(hass, "pusher_channels_decryption_failure")

    await server.send_raw(frames.event("private-encrypted-a", "secret", "not encrypted"))
    await until(lambda: failures)
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "No", 403)
    await server.close_all(4200)
    await until(lambda: gaps and refusals)

    lines = await _lines(hass, await hass_ws_client(hass))
    assert sorted(lines) == [
        (hub.entry.title, "may have missed events", "mdi:timeline-alert"),
        ("orders", "was refused by the server", "mdi:link-off"),
        ("private-encrypted-a", "could not decrypt the event secret", "mdi:lock-alert"),
    ]


@pytest.mark.usefixtures("logbook")
async def test_lines_of_a_removed_app_and_events_without_fields_are_readable(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    hass.bus.async_fire("pusher_channels_webhook", {"channel": "orders", "device_id": "gone"})
    for event in ("member_added", "member_removed", "webhook", "subscription_error", "gap"):
        hass.bus.async_fire(f"pusher_channels_{event}", {})
    assert await hass.config_entries.async_remove(entry.entry_id)

    lines = await _lines(hass, await hass_ws_client(hass))

    assert [name for name, _, _ in lines] == ["orders", *["Pusher Channels"] * 5]


@pytest.mark.usefixtures("logbook")
async def test_line_has_the_name_that_the_user_gave_the_device(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    devices = dr.async_get(hass)
    ours = dr.async_entries_for_config_entry(devices, entry.entry_id)
    ids = {device.config_subentry_id: device.id for device in ours}
    for device_id in ids.values():
        devices.async_update_device(device_id, name_by_user="Shop")
    for channel, subentry_id in (("orders", "id-orders"), ("temporary", None)):
        data = {"channel": channel, "device_id": ids[subentry_id], "event": "x"}
        hass.bus.async_fire("pusher_channels_webhook", data)

    lines = await _lines(hass, await hass_ws_client(hass))

    assert [name for name, _, _ in lines] == ["Shop", "temporary"]


@pytest.mark.usefixtures("logbook")
async def test_long_names_are_cut(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    member = {"user_id": "42", "user_info": {"name": "n" * 1000}}
    hass.bus.async_fire("pusher_channels_member_added", member)
    for event in ("webhook", "decryption_failure"):
        hass.bus.async_fire(f"pusher_channels_{event}", {"event": "e" * 1000})

    lines = await _lines(hass, await hass_ws_client(hass))

    assert [message for _, message, _ in lines] == [
        f"{'n' * 100} joined",
        f"received the webhook event {'e' * 200}",
        f"could not decrypt the event {'e' * 200}",
    ]
