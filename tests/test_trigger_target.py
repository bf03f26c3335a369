"""Targets of the triggers: devices, entities, areas and labels."""

from typing import Any

import pytest
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.devices import subentry_identifier
from tools.devserver import DevServer

from .automations import automate
from .conftest import SetUp, app_entry, until

CHANNELS = ("orders", "presence-a")


@pytest.fixture
async def entry(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> MockConfigEntry:
    """Set up an app with two channels."""
    entry = app_entry(server, *CHANNELS)
    await set_up(entry)
    return entry


@pytest.fixture
def devices(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the device ids by channel, and the one of the app."""
    names = {subentry_identifier(entry.entry_id, f"id-{name}"): name for name in CHANNELS}
    names |= {(DOMAIN, entry.entry_id): "app"}
    return {
        names[identifier]: device.id
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        for identifier in device.identifiers
    }


def event_of(entry: MockConfigEntry, devices: dict[str, str], channel: str) -> dict[str, Any]:
    """Return the bus event of a channel, for all triggers but `events_missed`."""
    return {
        "entry_id": entry.entry_id,
        "device_id": devices.get(channel, devices["app"]),
        "channel": channel,
        "event": "order.shipped",
        "user_id": "42",
        "error": "No",
    }


def gap_of(entry: MockConfigEntry, devices: dict[str, str], missed: list[str]) -> dict[str, Any]:
    """Return the bus event of a gap."""
    return {
        "entry_id": entry.entry_id,
        "device_id": devices["app"],
        "since": "2026-11-25T00:00:00+00:00",
        "until": "2026-11-25T00:00:30+00:00",
        "channels": missed,
    }


def target_of(hass: HomeAssistant, devices: dict[str, str], kind: str, name: str) -> dict[str, str]:
    """Return a target that has the device of a channel, or of the app."""
    device_id = devices[name]
    match kind:
        case "device":
            return {"device_id": device_id}
        case "area":
            area = ar.async_get(hass).async_create("Hall")
            dr.async_get(hass).async_update_device(device_id, area_id=area.id)
            return {"area_id": area.id}
        case "area of a diagnostic entity":
            area = ar.async_get(hass).async_create("Hall")
            registry = er.async_get(hass)
            entities = er.async_entries_for_device(registry, device_id)
            shown = next(it for it in entities if it.entity_category is EntityCategory.DIAGNOSTIC)
            registry.async_update_entity(shown.entity_id, area_id=area.id)
            return {"area_id": area.id}
        case "label":
            label = lr.async_get(hass).async_create("Watched")
            dr.async_get(hass).async_update_device(device_id, labels={label.label_id})
            return {"label_id": label.label_id}
        case _:
            entity = er.async_entries_for_device(er.async_get(hass), device_id)[0]
            return {"entity_id": entity.entity_id}


@pytest.mark.parametrize(
    "kind", ["device", "area", "area of a diagnostic entity", "label", "entity"]
)
@pytest.mark.parametrize(("targeted", "count"), [("orders", 1), ("presence-a", 0), ("app", 2)])
async def test_events_of_the_target_start_the_automation(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    kind: str,
    targeted: str,
    count: int,
) -> None:
    """The device of the app has all channels, a temporary one included."""
    target = target_of(hass, devices, kind, targeted)
    runs = await automate(hass, "event_received", target=target)
    for channel in ("orders", "temporary"):
        hass.bus.async_fire("pusher_channels_event", event_of(entry, devices, channel))
    await hass.async_block_till_done()
    assert len(runs) == count


@pytest.mark.parametrize("target", [{}, {"device_id": []}, {"entity_id": []}])
async def test_empty_target_has_all_events(
    hass: HomeAssistant, entry: MockConfigEntry, devices: dict[str, str], target: dict[str, Any]
) -> None:
    runs = await automate(hass, "event_received", target=target)
    hass.bus.async_fire("pusher_channels_event", event_of(entry, devices, "orders"))
    await hass.async_block_till_done()
    assert len(runs) == 1


@pytest.mark.parametrize("trigger", [("event_received", "event"), ("events_missed", "gap")])
async def test_event_fired_by_hand_without_a_device_belongs_to_no_target(
    hass: HomeAssistant,
    devices: dict[str, str],
    trigger: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    name, event = trigger
    runs = await automate(hass, name, target={"device_id": devices["app"]})
    hass.bus.async_fire(f"pusher_channels_{event}", {"channel": "orders"})
    await hass.async_block_till_done()

    assert not runs
    assert "Error" not in caplog.text


async def test_entity_without_a_registry_entry_is_no_obstacle(
    hass: HomeAssistant, entry: MockConfigEntry, devices: dict[str, str]
) -> None:
    target = {"entity_id": "sensor.of_yaml", "device_id": devices["orders"]}
    runs = await automate(hass, "event_received", target=target)
    hass.bus.async_fire("pusher_channels_event", event_of(entry, devices, "orders"))
    await hass.async_block_till_done()
    assert len(runs) == 1


async def test_target_is_resolved_at_each_event(
    hass: HomeAssistant, entry: MockConfigEntry, devices: dict[str, str]
) -> None:
    label = lr.async_get(hass).async_create("Watched")
    runs = await automate(hass, "event_received", target={"label_id": label.label_id})
    hass.bus.async_fire("pusher_channels_event", event_of(entry, devices, "orders"))
    dr.async_get(hass).async_update_device(devices["orders"], labels={label.label_id})
    await hass.async_block_till_done()
    assert not runs
    hass.bus.async_fire("pusher_channels_event", event_of(entry, devices, "orders"))
    await hass.async_block_till_done()
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("trigger", "event_type"),
    [
        ("member_joined", "pusher_channels_member_added"),
        ("member_left", "pusher_channels_member_removed"),
        ("subscription_failed", "pusher_channels_subscription_error"),
        ("decryption_failed", "pusher_channels_decryption_failure"),
    ],
)
async def test_each_trigger_has_a_target(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    trigger: str,
    event_type: str,
) -> None:
    runs = await automate(hass, trigger, target={"device_id": devices["presence-a"]})
    for channel in CHANNELS:
        hass.bus.async_fire(event_type, event_of(entry, devices, channel))
    await hass.async_block_till_done()
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("targeted", "missed", "count"),
    [
        ("orders", ["orders"], 1),
        ("orders", ["presence-a", "orders"], 1),
        ("orders", ["presence-a"], 0),
        ("orders", [], 0),
        ("app", ["presence-a"], 1),
        ("app", [], 1),
    ],
)
async def test_gap_belongs_to_the_devices_of_its_channels(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    targeted: str,
    missed: list[str],
    count: int,
) -> None:
    runs = await automate(hass, "events_missed", target={"device_id": devices[targeted]})
    hass.bus.async_fire("pusher_channels_gap", gap_of(entry, devices, missed))
    await hass.async_block_till_done()
    assert len(runs) == count


@pytest.mark.parametrize(
    ("channel", "missed", "count"),
    [
        ("orders", ["orders", "presence-a"], 1),
        ("presence-*", ["orders", "presence-a"], 0),
        ("presence-*", ["presence-a"], 0),
        (["presence-a", "ord*"], ["presence-a", "orders"], 1),
    ],
)
async def test_gap_needs_a_channel_that_matches_the_option_and_belongs_to_the_target(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    channel: str | list[str],
    missed: list[str],
    count: int,
) -> None:
    target = {"device_id": devices["orders"]}
    runs = await automate(hass, "events_missed", {"channel": channel}, target)
    hass.bus.async_fire("pusher_channels_gap", gap_of(entry, devices, missed))
    await hass.async_block_till_done()
    assert len(runs) == count


HAS_EXCLUDE = any(str(key) == "exclude" for key in cv.TARGET_FIELDS)


@pytest.mark.skipif(not HAS_EXCLUDE, reason="Home Assistant 2026.11 added it")
@pytest.mark.parametrize(
    ("excluded", "missed", "count"),
    [
        ("orders", ["presence-a"], 1),
        ("orders", ["orders", "presence-a"], 1),
        ("orders", ["orders"], 0),
        ("app", ["orders"], 0),
    ],
)
async def test_excluded_devices_do_not_belong_to_the_target(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    excluded: str,
    missed: list[str],
    count: int,
) -> None:
    target = {"device_id": devices["app"], "exclude": {"device_id": devices[excluded]}}
    runs = await automate(hass, "events_missed", target=target)
    hass.bus.async_fire("pusher_channels_gap", gap_of(entry, devices, missed))
    await hass.async_block_till_done()
    assert len(runs) == count


async def test_lost_connection_starts_an_automation_for_the_missed_channel(
    hass: HomeAssistant, server: DevServer, entry: MockConfigEntry, devices: dict[str, str]
) -> None:
    runs = await automate(hass, "events_missed", target={"device_id": devices["orders"]})
    await server.close_all(4200)
    await until(lambda: runs)


async def test_automation_is_related_to_the_device_of_its_target(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    devices: dict[str, str],
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "search", {})
    await automate(hass, "event_received", target={"device_id": devices["orders"]})
    client = await hass_ws_client(hass)

    async def related(channel: str) -> list[str]:
        query = {"item_type": "device", "item_id": devices[channel]}
        await client.send_json_auto_id({"type": "search/related", **query})
        result: list[str] = (await client.receive_json())["result"].get("automation", [])
        return result

    assert await related("orders") == ["automation.ours"]
    assert await related("presence-a") == []
