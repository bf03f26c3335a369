"""A channel is added once it could be subscribed, and changed while its kind stays."""

import asyncio

import pytest
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import TextSelector

from custom_components.pusher_channels.client import HttpApi, PresenceChannel
from tools.devserver import DevServer, frames

from ..actions import connected_guest
from ..conftest import SetUp, app_entry, channel_subentry, until
from ..flow_steps import (
    add_channel,
    prefilled,
    shown_error,
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
async def test_channel_of_each_kind_is_added_and_subscribed(
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


async def test_test_has_a_separate_connection_that_is_closed(
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


async def test_lists_have_no_blanks_and_no_doubles(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
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
async def test_invalid_name_is_refused_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, name: str
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await add_channel(hass, entry, name, events=["shipped"])
    assert step["errors"] == {"base": "invalid_channel_name"}
    assert shown_error(step).startswith("A channel name has 1 to 164 letters")
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


async def test_unreachable_server(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    server.faults.upgrade_status = 503
    step = await add_channel(hass, entry, "orders")
    assert step["errors"] == {"base": "cannot_connect"}
    assert shown_error(step)

    server.faults.reset()
    server.faults.unanswered_channels = {"orders"}
    skip = skip_time(monkeypatch)
    waiting = hass.async_create_task(submit_channel(hass, step, "orders"))
    await server.wait_received("pusher:subscribe")
    skip(10)
    step = await waiting
    assert step["errors"] == {"base": "timeout_connect"}
    assert shown_error(step) == "The server did not answer within 10 seconds"
    await server.wait_disconnected(1)


async def test_channel_with_the_same_name_is_changed_without_a_test(
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


async def test_channel_gets_another_name_of_its_kind_once_it_could_be_subscribed(
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


async def test_channel_is_not_changed_into_another_entry_s_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    await set_up(entry)
    step = await start_channel_change(hass, entry, "orders")
    step = await submit_channel(hass, step, "news")
    assert step["reason"] == "already_configured"
    assert entry.subentries["id-orders"].data["channel"] == "orders"


@pytest.mark.parametrize(
    ("name", "form", "error", "message"),
    [
        ("orders", {"members": ["ada"]}, "members_need_presence", ""),
        ("private-orders", {"members": ["ada"]}, "members_need_presence", ""),
        ("orders", {"events": ["a", " .order.shipped"]}, "echo_event_name", "order.shipped"),
        ("orders", {"events": ["..Xa*"]}, "echo_event_name", "Xa*"),
        ("orders", {"events": ["\\App\\Paid"]}, "echo_event_name", "App\\Paid"),
    ],
)
async def test_input_that_can_never_work_is_refused(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    name: str,
    form: dict[str, list[str]],
    error: str,
    message: str,
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await add_channel(hass, entry, name, **form)
    assert step["errors"] == {"base": error}
    assert step["description_placeholders"] == {"error": message}
    assert len(server.attempts) == 1


def offered(step: SubentryFlowResult, field: str) -> dict[str, str]:
    """Return the labels of the values that a field offers."""
    assert step["data_schema"] is not None
    selector = step["data_schema"].schema[field]
    return {option["value"]: option["label"] for option in selector.config["options"]}


async def test_occupied_channels_and_present_members_are_offered(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "news")
    await set_up(entry)
    async with connected_guest(server) as guest:
        await guest.join("orders")
        await guest.join("private-home-assistant-probe")
        await guest.sign_in({"id": "ada"})
        await guest.subscribe("#server-to-user-ada")
        await guest.join("presence-hall", {"user_id": "ada"})
        step = await start_channel(hass, entry)
        assert offered(step, "channel") == {"orders": "orders", "presence-hall": "presence-hall"}
        assert prefilled(step) == {"channel": ""}
        assert offered(step, "members") == {"ada": "ada"}
        step = await submit_channel(hass, step, "presence-lobby", members=["ada", "bob"])
        assert step["type"] is FlowResultType.CREATE_ENTRY
        assert step["description"] == "server_api"


async def test_members_are_offered_with_the_names_of_their_channels(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    async with connected_guest(server) as guest:
        await guest.join("presence-hall", {"user_id": "bob"})
        await guest.join("presence-lobby", {"user_id": "ada"})
        await guest.join("presence-room", {"user_id": entry.data["user_id"]})
        step = await start_channel(hass, entry)
        assert list(offered(step, "members").items()) == [
            ("ada", "ada, presence-lobby"),
            ("bob", "bob, presence-hall"),
        ]


async def test_other_members_of_a_changed_channel_are_offered_by_name(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-lobby", app_id="999999")
    hub = await set_up(entry)
    async with connected_guest(server) as guest:
        await guest.join("presence-lobby", {"user_id": "ada", "user_info": {"name": "Ada"}})
        channel = hub.client.channels["presence-lobby"]
        assert isinstance(channel, PresenceChannel)
        await until(lambda: "ada" in channel.members)
        step = await start_channel_change(hass, entry, "presence-lobby")
        assert offered(step, "members") == {"ada": "Ada (ada)"}


@pytest.mark.parametrize(
    ("user_info", "label"),
    [
        (None, "ada"),
        ("Ada", "ada"),
        ({"name": ""}, "ada"),
        ({"name": 5}, "ada"),
        ({"name": "A" * 101}, f"{'A' * 100} (ada)"),
    ],
)
async def test_member_without_a_name_is_offered_by_its_id(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, user_info: object, label: str
) -> None:
    entry = app_entry(server, "presence-lobby")
    hub = await set_up(entry)
    async with connected_guest(server) as guest:
        await guest.join("presence-lobby", {"user_id": "ada", "user_info": user_info})
        channel = hub.client.channels["presence-lobby"]
        assert isinstance(channel, PresenceChannel)
        await until(lambda: "ada" in channel.members)
        step = await start_channel_change(hass, entry, "presence-lobby")
        assert offered(step, "members") == {"ada": label}


async def test_members_of_a_refused_channel_are_those_of_the_server_api(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, "presence-lobby")
    entry.add_to_hass(hass)
    async with connected_guest(server) as guest:
        await guest.join("presence-lobby", {"user_id": "ada"})
        answer = frames.subscription_error("presence-lobby", "Not for you", 403)
        server.faults.subscribe_answers["presence-lobby"] = answer
        assert await hass.config_entries.async_setup(entry.entry_id)
        channel = entry.runtime_data.client.channels["presence-lobby"]
        await until(lambda: channel.error)
        step = await start_channel_change(hass, entry, "presence-lobby")
        assert offered(step, "members") == {"ada": "ada"}


async def test_choices_stay_after_an_error_without_another_request(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    async with connected_guest(server) as guest:
        await guest.join("orders")
        step = await start_channel(hass, entry)
        server.faults.api_status = 503
        step = await submit_channel(hass, step, "no channel")
        assert offered(step, "channel") == {"orders": "orders"}


@pytest.mark.parametrize("app_id", [None, "999999"])
async def test_no_members_are_offered_for_a_refused_channel_without_the_server_api(
    hass: HomeAssistant, server: DevServer, app_id: str | None
) -> None:
    answer = frames.subscription_error("presence-lobby", "Not for you", 403)
    server.faults.subscribe_answers["presence-lobby"] = answer
    entry = app_entry(server, "presence-lobby")
    entry.add_to_hass(hass)
    data = {name: value for name, value in entry.data.items() if name != "app_id"}
    if app_id is not None:
        data["app_id"] = app_id
    hass.config_entries.async_update_entry(entry, data=data)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub = entry.runtime_data
    await until(lambda: hub.client.channels["presence-lobby"].error)

    step = await start_channel_change(hass, entry, "presence-lobby")

    assert step["data_schema"] is not None
    assert isinstance(step["data_schema"].schema["members"], TextSelector)


async def test_form_opens_without_a_list_when_the_server_api_fails(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, app_id="999999")
    await set_up(entry)
    step = await start_channel(hass, entry)
    assert step["data_schema"] is not None
    assert isinstance(step["data_schema"].schema["channel"], TextSelector)


async def test_form_opens_without_a_list_when_the_server_api_is_slow(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    asked = asyncio.Event()

    async def hang(self: HttpApi) -> None:
        asked.set()
        await asyncio.Event().wait()

    assert hub.api is not None
    monkeypatch.setattr(HttpApi, "channels", hang)
    skip = skip_time(monkeypatch)
    opening = hass.async_create_task(start_channel(hass, entry))
    await asked.wait()
    skip(3)
    step = await opening
    assert step["data_schema"] is not None
    for field in ("channel", "members"):
        assert isinstance(step["data_schema"].schema[field], TextSelector)
