"""A gap is reported for the time of a reload, a restart or a crash."""

from datetime import UTC, datetime
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer, frames

from ..actions import act
from ..conftest import SetUp, app_entry, until
from ..home_assistant import skip

FILE = "pusher_channels.gaps"
ME = "home-assistant-12345678"


def now() -> float:
    return datetime.now(UTC).timestamp()


def record(entry: MockConfigEntry, **since: float) -> dict[str, Any]:
    """Return the file as an earlier run of Home Assistant left it."""
    data = {entry.entry_id: {"app": entry.unique_id, "since": since}}
    return {"version": 1, "minor_version": 1, "key": FILE, "data": data}


def gap_of(data: dict[str, Any]) -> tuple[float, float, set[str]]:
    since, until_ = (datetime.fromisoformat(data[key]).timestamp() for key in ("since", "until"))
    return since, until_, set(data["channels"])


async def test_reload_is_a_gap_of_all_channels_since_the_last_frame(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "private-room", options={"sign_in": True})
    hub = await set_up(entry)
    await until(lambda: f"#server-to-user-{ME}" in hub.client.channels)
    await until(lambda: hub.client.channels[f"#server-to-user-{ME}"].is_subscribed)
    gaps = async_capture_events(hass, "pusher_channels_gap")

    last_frame = hub.client.complete_until
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: gaps)
    await hass.async_block_till_done()

    since, until_, channels = gap_of(gaps[0].data)
    assert since == pytest.approx(last_frame, abs=0.01)
    assert since < until_ <= now()
    assert channels >= {"orders", "private-room"}
    reported = [channel for gap in gaps for channel in gap.data["channels"]]
    assert sorted(reported) == sorted({*reported, f"#server-to-user-{ME}"})


async def test_first_setup_and_a_new_channel_have_no_gap(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    gaps = async_capture_events(hass, "pusher_channels_gap")

    await set_up(app_entry(server, "orders"))

    assert gaps == []


async def lose(server: DevServer, hub: Hub) -> None:
    """Let the server end the connection and refuse another."""
    server.faults.upgrade_status = 503
    await server.close_all(1001)
    await until(lambda: hub.client.missed_since)


async def test_loss_followed_by_a_reload_is_one_gap_since_the_loss(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    gaps = async_capture_events(hass, "pusher_channels_gap")
    await lose(server, hub)
    lost = hub.client.missed_since["orders"]

    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    server.faults.reset()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: gaps)
    await hass.async_block_till_done()

    assert [gap_of(gap.data)[0] for gap in gaps] == [pytest.approx(lost)]


async def test_record_has_a_gap_that_waits_for_another_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders", "news")
    hub = await set_up(entry)
    gaps = async_capture_events(hass, "pusher_channels_gap")
    server.faults.unanswered_channels = {"news"}
    await server.close_all(4200)
    await until(lambda: hub.client.missed_since)
    lost = hub.client.missed_since["orders"]
    await until(lambda: hub.channels["id-orders"].is_subscribed)
    assert gaps == []

    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()

    since = hass_storage[FILE]["data"][entry.entry_id]["since"]
    assert since == {"orders": lost, "news": lost}


async def test_record_has_no_channel_of_an_action(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders", options={"sign_in": True})
    hub = await set_up(entry)
    await act(hass, "subscribe", channel="by-action")
    await until(lambda: hub.client.channels[f"#server-to-user-{ME}"].is_subscribed)

    await hass.async_stop(force=True)

    since = hass_storage[FILE]["data"][entry.entry_id]["since"]
    assert since.keys() == {"orders", f"#server-to-user-{ME}"}


async def test_filter_that_changes_during_an_outage_keeps_the_gap(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    gaps = async_capture_events(hass, "pusher_channels_gap")
    await lose(server, hub)

    data = {"channel": "orders", "events": ["shipped"], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await hass.async_block_till_done()
    server.faults.reset()
    await skip(hass, 60)
    await until(lambda: gaps)

    assert gap_of(gaps[0].data)[2] == {"orders"}


async def test_channel_that_stays_refused_keeps_its_gap_over_several_reloads(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    await set_up(entry)
    gaps = async_capture_events(hass, "pusher_channels_gap")
    refusals = async_capture_events(hass, "pusher_channels_subscription_error")
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "No", 403)
    first = now()
    for _ in range(2):
        refusals.clear()
        gaps.clear()
        assert await hass.config_entries.async_reload(entry.entry_id)
        await until(lambda: refusals and gaps)
        assert gap_of(gaps[0].data)[2] == {"news"}

    server.faults.reset()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: len(gaps) == 2)

    since, _, channels = gap_of(gaps[1].data)
    assert channels == {"news", "orders"}
    assert since <= first + 0.5


async def test_restart_is_a_gap_since_the_record(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders", "new")
    hass_storage[FILE] = record(entry, orders=1_700_000_000.5, removed=1_600_000_000)
    gaps = async_capture_events(hass, "pusher_channels_gap")

    await set_up(entry)
    await until(lambda: gaps)

    since, until_, channels = gap_of(gaps[0].data)
    assert (since, channels) == (1_700_000_000.5, {"orders"})
    assert until_ == pytest.approx(now(), abs=5)


async def test_record_of_another_app_is_not_used(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders")
    hass_storage[FILE] = record(entry, orders=1_700_000_000)
    hass_storage[FILE]["data"][entry.entry_id]["app"] = "another"
    gaps = async_capture_events(hass, "pusher_channels_gap")

    await set_up(entry)

    assert gaps == []


async def test_heartbeat_is_written_every_15_minutes_and_never_later_than_the_last_frame(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    assert FILE not in hass_storage

    await skip(hass, 61)
    first = hass_storage[FILE]["data"][entry.entry_id]["since"]["orders"]
    del hass_storage[FILE]
    await server.publish("orders", "shipped", 1)
    await skip(hass, 901)
    await skip(hass, 1)

    assert hass_storage[FILE]["data"][entry.entry_id]["app"] == entry.unique_id
    assert first - 0.001 <= hass_storage[FILE]["data"][entry.entry_id]["since"]["orders"] <= now()


async def test_record_is_written_a_minute_after_each_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    await skip(hass, 61)
    del hass_storage[FILE]

    await lose(server, hub)
    await skip(hass, 61)
    assert FILE not in hass_storage
    server.faults.reset()
    await skip(hass, 61)
    await until(lambda: hub.channels["id-orders"].is_subscribed)
    await skip(hass, 61)

    assert FILE in hass_storage


async def test_stop_of_home_assistant_stores_the_last_frame_even_if_nothing_else_was_written(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    last_frame = hub.client.complete_until

    await hass.async_stop(force=True)

    since = hass_storage[FILE]["data"][entry.entry_id]["since"]["orders"]
    assert since == pytest.approx(last_frame, abs=0.01)


async def test_removed_app_leaves_no_record_and_the_last_one_no_file(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    first, second = app_entry(server, "orders"), app_entry(server, "news", app_key="other")
    second.add_to_hass(hass)
    hass_storage[FILE] = record(second, news=1_700_000_000)
    await set_up(first)
    await skip(hass, 61)
    assert hass_storage[FILE]["data"].keys() == {first.entry_id, second.entry_id}

    assert await hass.config_entries.async_unload(first.entry_id)
    await skip(hass, 2)
    assert await hass.config_entries.async_remove(first.entry_id)
    await skip(hass, 2)
    assert hass_storage[FILE]["data"].keys() == {second.entry_id}
    assert await hass.config_entries.async_remove(second.entry_id)

    assert FILE not in hass_storage


async def test_record_of_an_app_that_was_never_set_up_goes_with_its_entry(
    hass: HomeAssistant,
    server: DevServer,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant does not set up an integration while all its entries are disabled."""
    entry = app_entry(server, "orders", options={"webhook": True, "webhook_id": "abc"})
    entry.add_to_hass(hass)
    hass_storage[FILE] = record(entry, orders=1_700_000_000)

    assert await hass.config_entries.async_remove(entry.entry_id)

    assert FILE not in hass_storage
    assert "ERROR" not in caplog.text


async def test_app_that_never_connected_can_be_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(app_entry(server, "orders"))
    entry = app_entry(server, app_key="wrong-key")
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert await hass.config_entries.async_remove(entry.entry_id)

    assert "KeyError" not in caplog.text
