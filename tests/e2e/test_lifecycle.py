"""An app: unloaded, reloaded, switched off, through Home Assistant's own restart, and its diagnosis."""

import asyncio
from datetime import UTC, datetime

import pytest

from tools.harness import HomeAssistant

from .apps import APP_1, APP_2
from .automation import automation
from .backends import Backend
from .conftest import CANARIES, until_connections
from .entry import USER_ID, AppEntry, ChannelEntry
from .guest import Guest
from .log import LogWatch, faults
from .publisher import publish

NAMES = ["cache-news", "private-news", "presence-news", "private-encrypted-news"]
MEMBERS = {"presence-news": ["ada"]}


@pytest.fixture(scope="module")
async def channels(app: AppEntry) -> list[ChannelEntry]:
    """Subscribe to some channels."""
    return [await app.add_channel(name, members=MEMBERS.get(name, ())) for name in NAMES]


async def all_channels_receive(server: Backend, channels: list[ChannelEntry]) -> None:
    """Check that every channel is subscribed, over a single connection."""
    await until_connections(server, 1)
    for channel in channels:
        await channel.becomes("subscribed", "on")
        await channel.check_receives(server)


async def test_unloaded_app_leaves_no_connection(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    await app.set_enabled(False)
    await until_connections(server, 0)
    await app.set_enabled(True)
    await all_channels_receive(server, channels)


async def test_reloads_leave_nothing_behind(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    for _ in range(20):
        await app.reload()
    await all_channels_receive(server, channels)


async def test_switch_disconnects_and_connects(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    switch = {"entity_id": await app.entity_id("connection")}
    async with app.hass.events("pusher_channels_connection_state") as states:
        await app.hass.call_service("switch", "turn_off", switch)
        await app.becomes("connection", "off")
        await app.becomes("connection_state", "disconnected")
        await until_connections(server, 0)
        for channel in channels:
            await channel.becomes("event", "unavailable")
        await channels[2].becomes("members", "unavailable")
        await app.hass.call_service("switch", "turn_on", switch)
        await app.becomes("connection", "on")
        await app.becomes("connection_state", "connected")
        seen = [(await states.take())["state"] for _ in range(4)]
        assert seen == ["disconnecting", "disconnected", "connecting", "connected"]
    await all_channels_receive(server, channels)


async def test_home_assistant_closes_the_connection_when_it_stops_and_is_back_when_it_starts(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    switch = {"entity_id": await app.entity_id("connection")}
    await app.hass.call_service("switch", "turn_off", switch)
    await app.hass.stop()
    await until_connections(server, 0)
    await app.hass.start()
    await app.becomes("connection", "on")
    await all_channels_receive(server, channels)
    assert (await channels[2].state("members")).attributes["me"] == USER_ID


async def test_event_that_a_cache_channel_kept_reaches_automations_when_home_assistant_starts(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    cache = channels[0]
    await publish(server, cache.name, "price", "12.50")
    await cache.becomes("event", lambda state: state.attributes["event"] == "price")
    async with automation(app.hass, "event_received", channel="cache-*", event="price"):
        runner = "automation.e2e_event_received"
        state = await app.hass.wait_state(runner, lambda state: state.state == "on")
        before = state.attributes["last_triggered"]
        await app.hass.restart()
        await app.hass.wait_state(
            runner, lambda state: state.attributes["last_triggered"] != before
        )
        state = await cache.becomes("event", lambda state: state.attributes.get("cached"))
        assert state.attributes["data"] == 12.5


async def test_triggers_survive_a_reload_of_the_app(app: AppEntry, server: Backend) -> None:
    async with automation(app.hass, "event_received", event="after-*") as runs:
        await app.reload()
        await app.becomes("connection_state", "connected")
        channel = await app.add_channel("reloaded")
        await publish(server, channel.name, "after-reload", 1)
        assert (await runs.take())["trigger"]["channel"] == "reloaded"


async def test_app_of_a_server_that_is_down_at_setup_is_set_up_once_it_is_back(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    await server.kill()
    await app.reload()
    assert await app.loading() == "setup_retry"
    steps = await app.hass.start_channel_flow(app.entry_id)
    assert (steps.result["type"], steps.result["reason"]) == ("abort", "entry_not_loaded")
    await server.restart()
    await app.becomes("connection_state", "connected")
    assert await app.loading() == "loaded"
    await all_channels_receive(server, channels)


async def test_app_that_was_deleted_is_a_repair_until_it_is_back(
    app: AppEntry, server: Backend, channels: list[ChannelEntry], log_watch: LogWatch
) -> None:
    issue = f"app_not_found_{app.entry_id}"
    async with app.hass.events("pusher_channels_error") as errors:
        await server.restart([APP_2])
        await errors.take(lambda error: error["code"] == 4001)
        await app.becomes("connection_state", "disconnected")
    assert issue in await issues(app.hass)
    fix = {"handler": "pusher_channels", "issue_id": issue}
    steps = await app.hass.post("/api/repairs/issues/fix", fix)
    path = f"/api/repairs/issues/fix/{steps['flow_id']}"
    still = await app.hass.post(path, {})
    assert (still["type"], still["reason"]) == ("abort", "not_solved")

    await server.restart([APP_1, APP_2])
    steps = await app.hass.post("/api/repairs/issues/fix", fix)
    done = await app.hass.post(f"/api/repairs/issues/fix/{steps['flow_id']}", {})
    assert done["type"] == "create_entry"
    assert issue not in await issues(app.hass)
    await all_channels_receive(server, channels)
    [refusal] = log_watch.new_faults()
    assert "App key key-of-app-1 does not exist" in refusal, "Home Assistant logs why setup failed"


async def issues(hass: HomeAssistant) -> set[str]:
    """Return the ids of the integration's repair issues."""
    listed = (await hass.call("repairs/list_issues"))["issues"]
    return {it["issue_id"] for it in listed if it["domain"] == "pusher_channels"}


async def test_diagnostics_show_the_state_and_no_secret(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    await all_channels_receive(server, channels)
    path = f"/api/diagnostics/config_entry/{app.entry_id}"
    devices = (await app.device_id(), await channels[3].device_id())
    paths = [path, *(f"{path}/device/{device}" for device in devices)]
    texts = [await app.hass.get(path) for path in paths]
    for text in texts:
        assert text["data"]["connection"]["state"] == "connected"
        assert not faults(str(text), [*CANARIES, APP_1.key, USER_ID, app.hass.token])
    by_name = {channel["channel"]: channel for channel in texts[0]["data"]["channels"]}
    assert {by_name[name]["state"] for name in NAMES} == {"subscribed"}
    assert "proof" in by_name["private-news"]["event_names"]


async def test_logbook_has_a_line_for_what_happened(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    start = datetime.now(UTC).isoformat()
    room = channels[2]
    await room.check_receives(server)
    async with Guest(server, user_id="ada") as guest:
        await guest.subscribe(room.name)
        await room.becomes("member_ada", "on")
    await room.becomes("member_ada", "off")
    await server.kill()
    await app.becomes("connection_state", "reconnecting")
    await server.restart()
    wanted = {
        (room.name, "user ada joined"),
        (room.name, "user ada left"),
        ("127.0.0.1", "may have missed events"),
    }
    lines: set[tuple[str, str]] = set()
    async with asyncio.timeout(60):
        while not wanted <= lines:
            await asyncio.sleep(0.5)  # the recorder writes now and then
            entries = await app.hass.call("logbook/get_events", start_time=start)
            lines = {(it.get("name", ""), it.get("message", "")) for it in entries}


async def test_count_of_subscriptions_is_there_for_who_enables_it(
    app: AppEntry, channels: list[ChannelEntry]
) -> None:
    entity_id = await channels[0].entity_id("subscription_count")
    entity = await app.hass.call("config/entity_registry/get", entity_id=entity_id)
    assert entity["disabled_by"] == "integration"
    assert await app.hass.state(entity_id) is None
