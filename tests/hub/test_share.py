"""A share sends the selected states: snapshots at once, changes once in an interval."""

import json
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.pusher_channels.client import Channel, Event
from tools.devserver import DevServer, frames

from ..actions import connected_guest
from ..conftest import SetUp, app_entry, until
from .shares import CHANNEL, DATA, Page, brief, open_page, pass_time, share_subentry

LAMP = "light.lamp"
FRIDGE = "sensor.fridge"


async def test_start_sends_a_snapshot_of_the_selection_alone(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    attributes = {"friendly_name": "Fridge", "unit_of_measurement": "°C", "battery": 5, "id": "s"}
    hass.states.async_set(FRIDGE, "4", attributes)
    hass.states.async_set("sensor.safe", "open")

    await set_up(app_entry(server, share_subentry(FRIDGE, "sensor.absent", attributes=["battery"])))
    await until(lambda: server.published)

    [published] = server.published
    assert (published.channel, published.event) == (CHANNEL, "states")
    message = json.loads(published.data)
    [row] = message.pop("states")
    assert message == {"snapshot": True, "part": 1, "parts": 1}
    state = hass.states.get(FRIDGE)
    assert state is not None
    assert row == {
        "entity_id": FRIDGE,
        "name": "Fridge",
        "state": "4",
        "unit": "°C",
        "attributes": {"battery": 5},
        "changed": state.last_changed.isoformat(),
    }


async def test_latest_state_is_sent_once_in_an_interval(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE)))
    page = await open_page(hass, server)

    hass.states.async_set(FRIDGE, "5")
    hass.states.async_set(FRIDGE, "6")
    hass.states.async_set("sensor.safe", "open")
    await pass_time(hass, 9)
    assert page.take() == []
    await pass_time(hass, 10)
    assert brief(page.take()) == [(False, {FRIDGE: "6"})]

    hass.states.async_set(LAMP, "on")
    hass.states.async_set(FRIDGE, "7")
    await pass_time(hass, 9)
    assert page.take() == []
    await pass_time(hass, 10)
    assert brief(page.take()) == [(False, {FRIDGE: "7", LAMP: "on"})]


async def test_changes_that_are_not_sent_start_no_message(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(FRIDGE, "4", {"battery": 5})
    await set_up(app_entry(server, share_subentry(FRIDGE)))
    page = await open_page(hass, server)

    hass.states.async_set(FRIDGE, "4", {"battery": 4})
    await pass_time(hass, 20)
    await pass_time(hass, 20)

    assert page.take() == []


async def test_changes_that_follow_each_other_closely_are_sent_together(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE)))
    page = await open_page(hass, server, 10)

    hass.states.async_set(LAMP, "on")
    hass.states.async_set(FRIDGE, "5")
    await pass_time(hass, 0.2)

    assert brief(page.take()) == [(False, {LAMP: "on", FRIDGE: "5"})]


async def test_removed_entity_has_no_state_any_more(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE)))
    page = await open_page(hass, server)

    hass.states.async_remove(FRIDGE)
    await pass_time(hass, 10)

    removed = page.take()
    assert brief(removed) == [(False, {FRIDGE: None})]
    [row] = removed[0]["states"]
    assert row["name"] == "fridge"
    assert dt_util.parse_datetime(row["changed"])
    await pass_time(hass, 10)
    assert page.take() == []
    await server.close_all(4200)
    assert brief(await page.wait()) == [(True, {LAMP: "off"})]


async def test_requested_snapshot_is_sent_at_once_then_every_five_seconds(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hub = await set_up(app_entry(server, share_subentry(LAMP)))
    page = await open_page(hass, server, 5)
    asked: list[Event] = []
    hub.client.channels[CHANNEL].bind(asked.append)

    async with connected_guest(server) as guest:
        await guest.join(CHANNEL)

        async def ask(event: str = "client-get-states") -> None:
            before = len(asked)
            await guest.send(event, {}, CHANNEL)
            await until(lambda: len(asked) > before)

        await ask("client-something-else")
        await pass_time(hass, 1)
        assert page.take() == []
        await ask()
        await page.wait()
        await ask()
        await ask()
        await pass_time(hass, 4)
        assert page.take() == []
        await pass_time(hass, 5)
        assert brief(page.take()) == [(True, {LAMP: "off"})]
        await pass_time(hass, 5)
        assert page.take() == []


async def test_new_member_receives_a_snapshot(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    await set_up(app_entry(server, share_subentry(LAMP, channel="presence-home")))
    page = await open_page(hass, server, 5)

    async with connected_guest(server) as guest:
        await guest.join("presence-home", {"user_id": "ada", "user_info": {"name": "Ada"}})
        await until(lambda: len(server.published) == 2)

    assert brief(page.take()) == [(True, {LAMP: "off"})]


async def test_webhook_of_an_occupied_channel_starts_a_snapshot(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    entry = app_entry(server, share_subentry(LAMP, channel="home", public=True))
    await set_up(entry)
    page = await open_page(hass, server, 5)

    for changes in ({"channel": "else"}, {"event": "channel_vacated"}, {"entry_id": "another"}):
        data = {"entry_id": entry.entry_id, "channel": "home", "event": "channel_occupied"}
        hass.bus.async_fire("pusher_channels_webhook", data | changes)
        await pass_time(hass, 5)
    assert page.take() == []

    for event in ("channel_occupied", "cache_miss"):
        hass.bus.async_fire(
            "pusher_channels_webhook", data | {"event": event, "entry_id": entry.entry_id}
        )
        assert brief(await page.wait()) == [(True, {LAMP: "off"})]
        await pass_time(hass, 5)


async def test_another_subscription_of_an_encrypted_channel_gets_a_snapshot(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "on")
    channel = "private-encrypted-home"
    hub = await set_up(app_entry(server, share_subentry(LAMP, channel=channel)))
    client_channel = hub.client.channels[channel]
    await until(lambda: server.published)
    for count in (5, 5, 4, 6):
        for _ in range(3):
            await pass_time(hass, 10)
        sent, rises = len(server.published), count > (client_channel.subscription_count or 0)

        await server.send_raw(frames.subscription_count(channel, count))
        await until(partial(_has_count, client_channel, count))
        for _ in range(3):
            await pass_time(hass, 10)

        assert len(server.published) - sent == rises


def _has_count(channel: Channel, count: int) -> bool:
    return channel.subscription_count == count


@pytest.mark.parametrize("share", [{"channel": "home", "public": True}, {"channel": CHANNEL}])
async def test_return_of_the_server_starts_a_snapshot(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, share: dict[str, Any]
) -> None:
    hass.states.async_set(LAMP, "off")
    hub = await set_up(app_entry(server, share_subentry(LAMP, **share)))
    page = await open_page(hass, server, 5)

    old = hub.client.socket_id
    await server.close_all(4200)
    await until(lambda: hub.client.socket_id not in (old, None))
    assert brief(await page.wait()) == [(True, {LAMP: "off"})]
    await pass_time(hass, 5)

    assert page.take() == []


async def test_large_snapshot_is_sent_in_parts(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    ids = [f"sensor.number_{number}" for number in range(200)]
    for number, entity_id in enumerate(ids):
        hass.states.async_set(entity_id, str(number), {"friendly_name": f"Nümber {number}"})

    channel, event = "private-encrypted-home", "e" * 189
    await set_up(app_entry(server, share_subentry(*ids, channel=channel, event=event)))
    await until(lambda: len(server.published) >= 5)
    await pass_time(hass, 1)

    bodies = [
        len(json.dumps({"name": it.event, "data": it.data, "channels": [it.channel]}))
        for it in server.published
    ]
    assert max(bodies) <= 9_000
    assert all("number" not in it.data for it in server.published)


async def test_share_is_added_changed_and_removed_without_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    entry = app_entry(server, "orders")
    hub = await set_up(entry)
    page = Page(server)
    data: dict[str, Any] = {**DATA, "entities": [LAMP]}
    subentry = ConfigSubentry(
        data=MappingProxyType(data), subentry_type="share", title="Home", unique_id="share_x"
    )

    hass.config_entries.async_add_subentry(entry, subentry)
    await page.wait()
    assert page.states == {LAMP: "off"}
    assert hass.states.get("switch.home_sharing") is not None
    await pass_time(hass, 5)

    changed = data | {"entities": [FRIDGE], "event": "news"}
    hass.config_entries.async_update_subentry(entry, subentry, data=changed)
    await until(lambda: len(server.published) == 2)
    assert server.published[1].event == "news"
    assert brief(page.take()) == [(True, {FRIDGE: "4"})]

    hass.states.async_set(FRIDGE, "5")
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await server.wait_unsubscribed(CHANNEL)
    await pass_time(hass, 3600)
    assert page.take() == []
    assert hass.states.get("switch.home_sharing") is None
    assert hub.client.channels.keys() == {"orders"}
    assert len(server.attempts) == 1


async def test_share_of_a_channel_that_is_already_subscribed_is_sent_at_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    entry = app_entry(server, CHANNEL)
    await set_up(entry)
    subentry = ConfigSubentry(
        data=MappingProxyType({"channel": CHANNEL, "entities": [LAMP]}),
        subentry_type="share",
        title="Home",
        unique_id="share_x",
    )

    hass.config_entries.async_add_subentry(entry, subentry)

    assert brief(await Page(server).wait()) == [(True, {LAMP: "off"})]


async def test_entity_that_leaves_by_a_change_of_the_share_has_no_state_any_more(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    entry = app_entry(server, share_subentry(LAMP, FRIDGE))
    await set_up(entry)
    page = await open_page(hass, server)

    share = entry.subentries["id-share"]
    hass.config_entries.async_update_subentry(entry, share, data={**share.data, "entities": [LAMP]})
    await page.wait()

    assert page.states == {LAMP: "off"}
    [row] = [it for it in json.loads(server.published[-1].data)["states"] if it["state"] is None]
    assert row["entity_id"] == FRIDGE
