"""A share is added where the app can send it, and where the user allows who can read it."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer

from ..conftest import SetUp, app_entry, channel_subentry
from ..flow_steps import prefilled, shown_error
from ..hub.shares import share_subentry

LAMP = "light.lamp"


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "share"), context={"source": SOURCE_USER}
    )


async def start_change(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "share"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": "id-share"},
    )


async def submit(hass: HomeAssistant, step: SubentryFlowResult, **form: Any) -> SubentryFlowResult:
    assert step["type"] is FlowResultType.FORM
    return await hass.config_entries.subentries.async_configure(step["flow_id"], form)


async def add(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> SubentryFlowResult:
    form = {"entities": [LAMP], "channel": "private-home"} | form
    return await submit(hass, await start(hass, entry), **form)


def limit(step: SubentryFlowResult) -> dict[str, str]:
    """Return the interval and the messages a day that a form shows."""
    shown = step["description_placeholders"]
    assert shown is not None
    return {name: shown[name] for name in ("interval", "messages")}


async def test_share_is_added_with_defaults(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)

    step = await add(hass, entry, event=" ")

    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["title"] == "private-home states"
    [subentry] = entry.subentries.values()
    assert subentry.unique_id == "share_private-home_states"
    assert dict(subentry.data) == {
        "entities": [LAMP],
        "labels": [],
        "channel": "private-home",
        "event": "states",
        "attributes": [],
        "interval": 10,
        "public": False,
    }
    await server.wait_subscribed("private-home")


async def test_form_shows_the_upper_limit_of_messages_a_day(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await start(hass, entry)
    assert limit(step) == {"interval": "10", "messages": "8640"}

    for interval, messages in ((60, "1440"), (1, "86400")):
        step = await submit(hass, step, channel="private-home", interval=interval)
        assert step["errors"] == {"base": "nothing_selected"}
        assert limit(step) == {"interval": str(interval), "messages": messages}
    with pytest.raises(InvalidData):
        await submit(hass, step, entities=[LAMP], channel="private-home", interval=0)


async def test_everything_that_is_chosen_is_stored(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    registered = er.async_get(hass).async_get_or_create("sensor", "test", "1")

    await add(
        hass,
        entry,
        entities=[registered.id, registered.entity_id, LAMP],
        labels=["shared", "shared"],
        channel=" home ",
        event=f" {'n' * 189} ",
        attributes=[" battery", "", "battery"],
        interval=1,
        public=True,
    )

    [subentry] = entry.subentries.values()
    assert dict(subentry.data) == {
        "entities": [registered.entity_id, LAMP],
        "labels": ["shared"],
        "channel": "home",
        "event": "n" * 189,
        "attributes": ["battery"],
        "interval": 1,
        "public": True,
    }


@pytest.mark.parametrize(
    ("app", "form", "error"),
    [
        ({}, {"entities": []}, "nothing_selected"),
        ({}, {"channel": "my home"}, "invalid_channel_name"),
        ({}, {"channel": "#server-to-user-1"}, "invalid_channel_name"),
        ({}, {"channel": "home"}, "public_channel"),
        ({}, {"channel": "cache-home"}, "public_channel"),
        ({}, {"event": "pusher:states"}, "invalid_event_name"),
        ({}, {"event": "client-states"}, "invalid_event_name"),
        ({}, {"event": "e" * 190}, "invalid_event_name"),
        ({}, {"event": ".states"}, "echo_event_name"),
        (
            {"encryption_master_key": None},
            {"channel": "private-encrypted-home"},
            "needs_master_key",
        ),
        ({"app_id": None}, {"channel": "home", "public": True}, "cannot_publish"),
        ({"app_id": None}, {"channel": "private-encrypted-home"}, "cannot_publish"),
        ({"authorization": "auth_none", "secret": None}, {}, "cannot_publish"),
    ],
    ids=str,
)
async def test_share_that_is_not_possible_is_refused_and_can_be_corrected(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    app: dict[str, Any],
    form: dict[str, Any],
    error: str,
) -> None:
    entry = app_entry(server, **app)
    entry = MockConfigEntry(
        domain=entry.domain,
        data={key: value for key, value in entry.data.items() if value is not None},
    )
    await set_up(entry)

    step = await add(hass, entry, **form)

    assert step["errors"] == {"base": error}
    assert shown_error(step) == ("states" if error == "echo_event_name" else "")
    assert (
        prefilled(step)
        == {"entities": [LAMP], "channel": "private-home"}
        | {
            "event": "states",
            "interval": 10,
            "public": False,
        }
        | form
    )
    if error != "cannot_publish":
        step = await submit(hass, step, entities=[LAMP], channel="private-else")
        assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_without_the_server_api_client_events_are_enough(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    data = dict(app_entry(server).data)
    del data["app_id"]
    entry = MockConfigEntry(domain="pusher_channels", data=data)
    await set_up(entry)

    assert (await add(hass, entry))["type"] is FlowResultType.CREATE_ENTRY


async def test_cache_channel_has_room_for_one_message(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    ids = [f"sensor.number_{number}" for number in range(200)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")

    step = await add(hass, entry, entities=ids, channel="private-cache-home")
    assert step["errors"] == {"base": "too_many_for_cache"}
    step = await submit(hass, step, entities=ids[:20], channel="private-cache-home")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_same_event_on_the_same_channel_is_shared_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP), channel_subentry("share_private-home_news"))
    await set_up(entry)

    for event in ("states", "news"):
        step = await add(hass, entry, event=event)
        assert step["type"] is FlowResultType.ABORT
        assert step["reason"] == "already_configured"
    step = await add(hass, entry, event="other")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_share_is_changed(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    step = await start_change(hass, entry)
    assert prefilled(step)["entities"] == [LAMP]

    step = await submit(hass, step, entities=[LAMP], channel="private-house", interval=5)

    assert step["reason"] == "reconfigure_successful"
    subentry = entry.subentries["id-share"]
    assert subentry.unique_id == "share_private-house_states"
    assert subentry.title == "Home"
    assert subentry.data["interval"] == 5
    await server.wait_subscribed("private-house")
    await server.wait_unsubscribed("private-home")
    assert len(server.attempts) == 1


async def test_share_is_changed_on_its_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    step = await start_change(hass, entry)
    step = await submit(hass, step, entities=["light.other"], channel="private-home")
    assert step["reason"] == "reconfigure_successful"
    assert entry.subentries["id-share"].data["entities"] == ["light.other"]


async def test_share_with_an_edited_interval_can_be_changed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP, interval=0))
    await set_up(entry)
    step = await start_change(hass, entry)
    assert limit(step) == {"interval": "1", "messages": "86400"}


async def test_title_follows_the_channel_unless_the_user_changed_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    hass.config_entries.async_update_subentry(
        entry, entry.subentries["id-share"], title="private-home states"
    )

    await submit(hass, await start_change(hass, entry), entities=[LAMP], channel="private-house")

    assert entry.subentries["id-share"].title == "private-house states"


async def test_app_has_to_be_running(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    await hass.config_entries.async_unload(entry.entry_id)

    for step in (await start(hass, entry), await start_change(hass, entry)):
        assert step["type"] is FlowResultType.ABORT
        assert step["reason"] == "entry_not_loaded"


async def test_dialog_ends_when_the_share_is_removed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    step = await start_change(hass, entry)
    hass.config_entries.async_remove_subentry(entry, "id-share")
    step = await submit(hass, step, entities=[LAMP], channel="private-house")
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "removed")
