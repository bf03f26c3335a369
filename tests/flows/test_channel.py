"""A channel is added once it could be joined, and changed while its kind stays."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from tools.devserver import DevServer, frames

from ..conftest import SetUp, app_entry, channel_subentry
from ..flow_steps import (
    add_channel,
    prefilled,
    skip_time,
    start_channel,
    start_channel_change,
    submit_channel,
)

KINDS = (
    "orders",
    "cache-orders",
    "private-orders",
    "private-cache-orders",
    "presence-orders",
    "presence-cache-orders",
    "private-encrypted-orders",
    "private-encrypted-cache-orders",
)


@pytest.mark.parametrize("name", KINDS)
async def test_channel_of_any_kind_is_added_and_joined(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, name: str
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await add_channel(hass, entry, name)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["title"] == name
    (subentry,) = entry.subentries.values()
    assert subentry.unique_id == name
    assert dict(subentry.data) == {"channel": name, "events": [], "members": []}
    await server.wait_disconnected(1)
    await server.wait_subscribed(name)


async def test_proof_has_a_connection_of_its_own_that_ends_with_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    hub_connection = await server.wait_connected()
    await add_channel(hass, entry, "orders")
    first = server.received[0]
    assert first.channel == "orders"
    assert first.connection is not hub_connection
    await server.wait_disconnected(1)
    assert server.connections == [hub_connection]


async def test_lists_are_tidied_up(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server)
    await set_up(entry)
    await add_channel(
        hass,
        entry,
        " presence-orders ",
        events=["order.*", " ", "App\\Events\\OrderShipped ", "order.*"],
        members=[" 1", "", "2", "1"],
    )
    (subentry,) = entry.subentries.values()
    assert subentry.data == {
        "channel": "presence-orders",
        "events": ["order.*", "App\\Events\\OrderShipped"],
        "members": ["1", "2"],
    }


@pytest.mark.parametrize("name", ["", " ", "my orders", "#server-to-user-1", "a" * 165, "ö"])
async def test_name_that_no_channel_can_have_is_told_before_anything_is_tried(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, name: str
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await add_channel(hass, entry, name, events=["shipped"])
    assert step["errors"] == {"base": "invalid_channel_name"}
    assert prefilled(step) == {"channel": name, "events": ["shipped"]}
    assert len(server.attempts) == 1

    step = await submit_channel(hass, step, "orders")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_same_channel_is_not_added_twice(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    step = await add_channel(hass, entry, "orders ")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"


async def test_app_has_to_be_running(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    started = await start_channel(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    for step in (
        await submit_channel(hass, started, "news"),
        await start_channel(hass, entry),
        await start_channel_change(hass, entry, "orders"),
    ):
        assert step["type"] is FlowResultType.ABORT
        assert step["reason"] == "entry_not_loaded"


async def test_server_that_cannot_be_reached_any_more_is_told(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    server.faults.upgrade_status = 503
    step = await add_channel(hass, entry, "orders")
    assert step["errors"] == {"base": "cannot_connect"}

    server.faults.reset()
    server.faults.unanswered_channels = {"orders"}
    skip = skip_time(monkeypatch)
    waiting = hass.async_create_task(submit_channel(hass, step, "orders"))
    await server.wait_received("pusher:subscribe")
    skip(10)
    assert (await waiting)["errors"] == {"base": "timeout_connect"}
    await server.wait_disconnected(1)


async def test_channel_is_changed_without_another_proof_while_its_name_stays(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", events=["shipped"]))
    await set_up(entry)
    hass.config_entries.async_update_subentry(
        entry, entry.subentries["id-orders"], title="The shop's orders"
    )
    step = await start_channel_change(hass, entry, "orders")
    assert prefilled(step) == {"channel": "orders", "events": ["shipped"], "members": []}
    step = await submit_channel(hass, step, "orders", events=["order.*"])
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "reconfigure_successful"
    subentry = entry.subentries["id-orders"]
    assert subentry.data["events"] == ["order.*"]
    assert subentry.title == "The shop's orders"
    await hass.async_block_till_done()
    assert len(server.attempts) == 1


async def test_channel_gets_another_name_of_its_kind_once_that_could_be_joined(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-orders", "private-news")
    await set_up(entry)
    step = await start_channel_change(hass, entry, "private-orders")
    assert step["step_id"] == "channel"

    step = await submit_channel(hass, step, "presence-orders")
    assert step["errors"] == {"base": "channel_kind_changed"}

    server.faults.subscribe_answers["private-sales"] = frames.subscription_error(
        "private-sales", "No."
    )
    step = await submit_channel(hass, step, "private-sales")
    assert step["errors"] == {"base": "channel_refused"}

    server.faults.reset()
    step = await submit_channel(hass, step, "private-sales")
    assert step["reason"] == "reconfigure_successful"
    subentry = entry.subentries["id-private-orders"]
    assert (subentry.title, subentry.unique_id) == ("private-sales", "private-sales")
    assert subentry.data["channel"] == "private-sales"
    await server.wait_unsubscribed("private-orders")
    await server.wait_disconnected(1)


async def test_channel_does_not_become_another_channel_that_is_there(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    await set_up(entry)
    step = await start_channel_change(hass, entry, "orders")
    step = await submit_channel(hass, step, "news")
    assert step["reason"] == "already_configured"
    assert entry.subentries["id-orders"].data["channel"] == "orders"
