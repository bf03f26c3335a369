"""A dialog is open while its app or channel is removed, or its app is not set up any more."""

import asyncio

import pytest
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer, frames

from ..conftest import SetUp, app_entry
from ..flow_steps import (
    app_form,
    choose,
    start_change,
    start_channel,
    start_channel_change,
    submit,
    submit_channel,
)

ENDED = (FlowResultType.ABORT, "removed")


async def held(
    hass: HomeAssistant, server: DevServer, step: SubentryFlowResult
) -> asyncio.Task[SubentryFlowResult]:
    """Submit the channel `other`; the server has not answered its test yet."""
    server.faults.unanswered_channels = {"other"}
    waiting = hass.async_create_task(submit_channel(hass, step, "other"))
    await server.wait_received(lambda it: it.channel == "other")
    server.faults.reset()
    return waiting


async def test_change_of_an_app_ends_when_it_is_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    first = await start_change(hass, entry)
    second = await submit(hass, await start_change(hass, entry), app_form(server))
    await hass.config_entries.async_remove(entry.entry_id)
    first = await submit(hass, first, app_form(server))
    second = await choose(hass, second, "auth_none")
    assert (first["type"], first["reason"]) == (second["type"], second["reason"]) == ENDED
    assert hass.config_entries.flow.async_progress() == []


async def test_options_end_when_the_app_is_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    options = hass.config_entries.options
    first = await options.async_init(entry.entry_id)
    second = await options.async_init(entry.entry_id)
    second = await options.async_configure(second["flow_id"], {"webhook": True})
    assert second["step_id"] == "webhook"
    await hass.config_entries.async_remove(entry.entry_id)
    first = await options.async_configure(first["flow_id"], {})
    second = await options.async_configure(second["flow_id"], {})
    assert (first["type"], first["reason"]) == (second["type"], second["reason"]) == ENDED


async def test_dialog_of_a_new_channel_ends_when_the_app_is_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await start_channel(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    step = await submit_channel(hass, step, "orders")
    assert (step["type"], step["reason"]) == ENDED


@pytest.mark.parametrize("removed", ["channel", "app"])
async def test_change_of_a_channel_ends_when_it_is_removed_during_its_test(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, removed: str
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    waiting = await held(hass, server, await start_channel_change(hass, entry, "orders"))
    if removed == "app":
        await hass.config_entries.async_remove(entry.entry_id)
    else:
        hass.config_entries.async_remove_subentry(entry, "id-orders")
    await server.send_raw(frames.subscription_succeeded("other"))
    step = await waiting
    assert (step["type"], step["reason"]) == ENDED


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED


async def test_channel_is_added_though_the_app_was_unloaded_during_its_test(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    waiting = await held(hass, server, await start_channel(hass, entry))
    await unload(hass, entry)
    await server.send_raw(frames.subscription_succeeded("other"))
    step = await waiting
    assert (step["type"], step["description"]) == (FlowResultType.CREATE_ENTRY, "server_api")
    assert [it.title for it in entry.subentries.values()] == ["other"]


async def test_channel_is_changed_though_the_app_was_unloaded_during_its_test(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    waiting = await held(hass, server, await start_channel_change(hass, entry, "orders"))
    await unload(hass, entry)
    await server.send_raw(frames.subscription_succeeded("other"))
    assert (await waiting)["reason"] == "reconfigure_successful"
    assert [it.title for it in entry.subentries.values()] == ["other"]
