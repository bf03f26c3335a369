"""The entities of a share, its pause, and its end: nothing of it is left."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_HOMEASSISTANT_STOP,
    EntityCategory,
)
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import restore_state
from homeassistant.util import dt as dt_util

from custom_components.pusher_channels.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from tools.devserver import DevServer

from ..conftest import SetUp, app_entry, until
from ..home_assistant import device_named, skip, state_of
from .shares import CHANNEL, Page, brief, open_page, pass_time, share_subentry, share_tasks

LAMP = "light.lamp"
SHARING = "switch.home_sharing"
UP_TO_DATE = "binary_sensor.home_up_to_date"
MESSAGES_SENT = "sensor.home_messages_sent"
ONLY_WHILE_RUNNING = {"sharing", "entities", "up_to_date", "messages_sent", "failure"}


@pytest.fixture(autouse=True)
def lamp(hass: HomeAssistant) -> None:
    """Have a state to share."""
    hass.states.async_set(LAMP, "off")


async def turn(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call("switch", action, {"entity_id": SHARING}, blocking=True)


async def test_share_is_a_device_with_its_entities(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)

    device = device_named(hass, entry, "id-share")
    assert device is not None
    assert (device.name, device.config_subentry_id) == ("Home", "id-share")
    entities = er.async_entries_for_device(er.async_get(hass), device.id)
    assert {it.entity_id: (it.unique_id, it.entity_category) for it in entities} == {
        SHARING: (f"{entry.entry_id}_id-share_sharing", None),
        UP_TO_DATE: (f"{entry.entry_id}_id-share_up_to_date", None),
        MESSAGES_SENT: (
            f"{entry.entry_id}_id-share_messages_sent",
            EntityCategory.DIAGNOSTIC,
        ),
    }
    assert state_of(hass, MESSAGES_SENT).attributes["state_class"] == "total_increasing"
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")


async def test_messages_are_counted(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    await set_up(app_entry(server, share_subentry(LAMP)))
    await Page(server).wait()
    await pass_time(hass, 10)
    await until(lambda: state_of(hass, MESSAGES_SENT).state == "1")

    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    await pass_time(hass, 1)

    await until(lambda: state_of(hass, MESSAGES_SENT).state == "2")


async def test_paused_share_sends_nothing_until_it_is_turned_on(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP)))
    page = await open_page(hass, server)

    await turn(hass, "turn_off")
    assert state_of(hass, SHARING).state == "off"
    assert state_of(hass, UP_TO_DATE).state == "off"
    await server.wait_unsubscribed(CHANNEL)
    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 3600)
    assert page.take() == []

    await turn(hass, "turn_on")
    assert brief(await page.wait()) == [(True, {LAMP: "on"})]
    assert state_of(hass, SHARING).state == "on"
    assert state_of(hass, UP_TO_DATE).state == "on"


async def test_pauses_leave_no_listeners(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP, labels=["shared"])))
    page = await open_page(hass, server)
    listeners = hass.bus.async_listeners()

    for _ in range(3):
        await turn(hass, "turn_off")
        await turn(hass, "turn_on")
        await page.wait()

    assert hass.bus.async_listeners() == listeners


async def test_share_starts_once_home_assistant_has_started(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.starting)
    entry = app_entry(server, share_subentry(LAMP))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await turn(hass, "turn_off")
    await turn(hass, "turn_on")
    await pass_time(hass, 60)
    assert CHANNEL not in entry.runtime_data.client.channels
    assert server.published == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    assert brief(await Page(server).wait()) == [(True, {LAMP: "off"})]


async def test_another_title_sends_nothing(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server, 10)

    share = entry.subentries["id-share"]
    hass.config_entries.async_update_subentry(entry, share, title="Garden")
    await pass_time(hass, 60)

    assert page.take() == []


async def test_off_stays_off_after_a_restart(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    stored = {
        "state": State(SHARING, "off").as_dict(),
        "extra_data": None,
        "last_seen": dt_util.utcnow().isoformat(),
    }
    key = restore_state.STORAGE_KEY
    hass_storage[key] = {"version": restore_state.STORAGE_VERSION, "key": key, "data": [stored]}
    await restore_state.async_get(hass).async_load()

    await set_up(app_entry(server, share_subentry(LAMP)))
    await pass_time(hass, 60)

    assert state_of(hass, SHARING).state == "off"
    assert server.published == []
    assert server.subscribers(CHANNEL) == []


async def test_off_stays_off_after_a_reload_and_a_change(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server)
    await turn(hass, "turn_off")

    assert await hass.config_entries.async_reload(entry.entry_id)
    share = entry.subentries["id-share"]
    hass.config_entries.async_update_subentry(entry, share, data={**share.data, "interval": 1})
    await pass_time(hass, 60)

    assert state_of(hass, SHARING).state == "off"
    assert page.take() == []


async def test_another_share_of_the_same_name_is_not_off(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server)
    await turn(hass, "turn_off")
    share = entry.subentries["id-share"]

    hass.config_entries.async_remove_subentry(entry, "id-share")
    await hass.async_block_till_done()
    again = replace(share, subentry_id="id-again")
    hass.config_entries.async_add_subentry(entry, again)
    await page.wait()

    assert state_of(hass, SHARING).state == "on"
    assert page.states == {LAMP: "off"}


async def test_unloaded_app_leaves_neither_tasks_nor_listeners(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP, labels=["shared"]))
    await set_up(entry)
    page = await open_page(hass, server)
    server.freeze()
    hass.states.async_set(LAMP, "on")
    await skip(hass, 10)
    assert share_tasks()

    unloading = hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
    await until(lambda: not share_tasks())
    server.thaw()
    assert await unloading
    hass.states.async_set(LAMP, "off")
    await pass_time(hass, 3600)

    assert page.take() == []


async def test_nothing_is_sent_once_home_assistant_stops(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP)))
    page = await open_page(hass, server)

    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    hass.states.async_set(LAMP, "unavailable")
    await pass_time(hass, 60)

    assert page.take() == []
    assert share_tasks() == []


async def test_diagnostics_show_no_state_and_no_entity(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "canary-state")
    entry = app_entry(server, share_subentry(LAMP, "sensor.absent", attributes=["battery"]))
    await set_up(entry)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    expected: Mapping[str, Any] = {
        "channel": CHANNEL,
        "kind": "private",
        "event": "states",
        "listed_entities": 2,
        "labels": 0,
        "attributes": 1,
        "interval": 10,
        "public": False,
        "sharing": True,
        "entities": 2,
        "up_to_date": True,
        "messages_sent": 1,
        "failure": None,
    }

    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["shares"] == [expected]
    text = json.dumps(diagnostics)
    assert "canary" not in text
    assert LAMP not in text
    [device] = [
        it
        for it in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if it.config_subentry_id == "id-share"
    ]
    of_device = await async_get_device_diagnostics(hass, entry, device)
    assert of_device["share"] == expected
    server.faults.api_status = 403
    hass.states.async_set(LAMP, "another")
    await pass_time(hass, 11)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "off")
    refused = (await async_get_config_entry_diagnostics(hass, entry))["shares"][0]
    assert (refused["up_to_date"], refused["failure"]) == (False, "refused")
    await hass.config_entries.async_unload(entry.entry_id)
    unloaded = await async_get_config_entry_diagnostics(hass, entry)
    assert unloaded["shares"][0].keys() == expected.keys() - ONLY_WHILE_RUNNING
