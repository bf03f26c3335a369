"""Repair issues are created when the user has to act, and deleted once that is done."""

from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pusher_channels.client.exceptions import RequestError, RequestFailure
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from custom_components.pusher_channels.hub.refusals import api_failed
from tools.devserver import DevServer, frames

from .conftest import APP, SetUp, app_entry, until
from .home_assistant import issues_of, skip

FIX = "/api/repairs/issues/fix"
FROM_PUSHER = (
    "To send client events, you must enable this feature in the Settings page of your dashboard."
)
FROM_SOKETI = "The app does not have client messaging enabled."


@pytest.fixture
async def without_client_events(socket_enabled: None) -> AsyncIterator[DevServer]:
    async with DevServer(apps=[replace(APP, client_events=False)]) as running:
        yield running


async def fail_setup(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)


async def submit(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, issue_id: str
) -> dict[str, Any]:
    """Open an issue's fix flow as the frontend does, check that it explains, and submit it."""
    assert await async_setup_component(hass, "repairs", {})
    http = await hass_client()
    opened = await http.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
    assert opened.status == HTTPStatus.OK
    flow = await opened.json()
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"]["name"] == "Demo app"
    submitted = await http.post(f"{FIX}/{flow['flow_id']}", json={})
    assert submitted.status == HTTPStatus.OK
    result: dict[str, Any] = await submitted.json()
    return result


@pytest.mark.parametrize(
    ("code", "kind", "severity", "state"),
    [
        (4000, "tls_required", "error", ConfigEntryState.SETUP_ERROR),
        (4001, "app_not_found", "error", ConfigEntryState.SETUP_ERROR),
        (4003, "app_disabled", "error", ConfigEntryState.SETUP_ERROR),
        (4004, "over_quota", "warning", ConfigEntryState.SETUP_RETRY),
        (4006, "app_refused", "error", ConfigEntryState.SETUP_ERROR),
        (4007, "app_refused", "error", ConfigEntryState.SETUP_ERROR),
        (4099, "app_refused", "error", ConfigEntryState.SETUP_ERROR),
        (4100, "over_quota", "warning", ConfigEntryState.SETUP_RETRY),
    ],
)
async def test_refused_setup_creates_one_fixable_issue(
    hass: HomeAssistant,
    server: DevServer,
    code: int,
    kind: str,
    severity: str,
    state: ConfigEntryState,
) -> None:
    server.faults.first_frame = frames.error(code, "No [way](http://bad.example)")
    server.faults.handshake_close = code
    entry = app_entry(server)

    await fail_setup(hass, entry)

    assert entry.state is state
    issue = issues_of(hass).pop(f"{kind}_{entry.entry_id}")
    assert issue.is_fixable
    assert issue.severity == severity
    assert issue.translation_key == kind
    assert issue.translation_placeholders == {"name": "Demo app", "code": str(code)}
    assert len(issues_of(hass)) == 1


@pytest.mark.parametrize("code", [4009, 4101, 4200, 4301, 1006])
async def test_setup_that_fails_otherwise_creates_no_issue(
    hass: HomeAssistant, server: DevServer, code: int
) -> None:
    if code == 1006:
        server.faults.handshake_reset = True
    else:
        server.faults.first_frame = frames.error(code, "Not now")
        server.faults.handshake_close = code

    await fail_setup(hass, app_entry(server))

    assert issues_of(hass) == {}


async def test_issue_is_deleted_when_the_next_setup_connects(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.first_frame = frames.error(4100, "Over the connection quota")
    entry = app_entry(server)
    await fail_setup(hass, entry)
    assert list(issues_of(hass)) == [f"over_quota_{entry.entry_id}"]

    server.faults.reset()
    assert await hass.config_entries.async_reload(entry.entry_id)

    assert issues_of(hass) == {}


async def test_later_issue_replaces_the_earlier_one(hass: HomeAssistant, server: DevServer) -> None:
    server.faults.first_frame = frames.error(4003, "Disabled")
    entry = app_entry(server)
    await fail_setup(hass, entry)

    server.faults.first_frame = frames.error(4001, "Gone")
    assert not await hass.config_entries.async_reload(entry.entry_id)

    assert list(issues_of(hass)) == [f"app_not_found_{entry.entry_id}"]


async def test_app_that_is_disabled_later_has_an_issue(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    assert issues_of(hass) == {}

    await server.close_all(4003, "Disabled")
    await until(lambda: issues_of(hass))

    assert list(issues_of(hass)) == [f"app_disabled_{entry.entry_id}"]


async def test_quota_issue_is_deleted_when_the_client_connects(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    server.faults.first_frame = frames.error(4100, "Over the connection quota")
    server.faults.handshake_close = 4100
    await server.close_all(1001)
    await until(lambda: issues_of(hass))
    assert list(issues_of(hass)) == [f"over_quota_{entry.entry_id}"]

    server.faults.reset()
    await until(lambda: hub.client.socket_id)

    assert issues_of(hass) == {}


async def test_fix_reloads_the_app_and_deletes_the_issue(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    server.faults.first_frame = frames.error(4001, "No such app")
    entry = app_entry(server)
    await fail_setup(hass, entry)
    server.faults.reset()

    result = await submit(hass, hass_client, f"app_not_found_{entry.entry_id}")

    assert result["type"] == "create_entry"
    assert entry.state is ConfigEntryState.LOADED
    assert issues_of(hass) == {}


async def test_fix_that_did_not_help_keeps_the_issue(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, app_key="wrong-key")
    await fail_setup(hass, entry)

    result = await submit(hass, hass_client, f"app_not_found_{entry.entry_id}")

    assert (result["type"], result["reason"]) == ("abort", "not_solved")
    assert len(server.attempts) == 2
    assert list(issues_of(hass)) == [f"app_not_found_{entry.entry_id}"]


async def test_fix_of_a_channel_that_the_server_does_not_answer_keeps_the_issue(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    refused = frames.subscription_error("orders", "Not for you", 403)
    server.faults.subscribe_answers["orders"] = refused
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: issues_of(hass))
    server.faults.reset()
    server.faults.unanswered_channels = {"orders"}

    (issue_id,) = issues_of(hass)
    submitted = hass.async_create_background_task(submit(hass, hass_client, issue_id), "submit")
    await until(lambda: len([it for it in server.received if it.channel == "orders"]) == 2)
    await skip(hass, 15)
    result = await submitted

    assert (result["type"], result["reason"]) == ("abort", "not_solved")


async def test_fix_of_a_removed_app_ends(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, app_key="wrong-key")
    await fail_setup(hass, entry)
    assert await async_setup_component(hass, "repairs", {})
    http = await hass_client()
    issue_id = f"app_not_found_{entry.entry_id}"
    opened = await http.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
    flow_id = (await opened.json())["flow_id"]

    await hass.config_entries.async_remove(entry.entry_id)
    submitted = await http.post(f"{FIX}/{flow_id}", json={})

    assert (await submitted.json())["type"] == "create_entry"


async def test_refused_client_event_creates_an_issue_without_a_fix(
    hass: HomeAssistant, without_client_events: DevServer
) -> None:
    entry = app_entry(without_client_events, "private-room")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data

    await hub.client.trigger("private-room", "client-hello", {})
    await until(lambda: issues_of(hass))

    issue = issues_of(hass)[f"client_events_disabled_{entry.entry_id}"]
    assert issue.severity == ir.IssueSeverity.WARNING
    assert not issue.is_fixable


@pytest.mark.parametrize(
    ("code", "message", "raised"),
    [
        (None, FROM_PUSHER, True),
        (4301, FROM_SOKETI, True),
        (4301, "Client events are not enabled for this app", True),
        (4301, "The rate limit for sending client events exceeded the quota.", False),
        (4301, "Client events are for private and presence channels.", False),
        (4200, "Compression is not enabled", False),
    ],
)
async def test_only_messages_about_disabled_client_events_create_their_issue(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    code: int | None,
    message: str,
    raised: bool,
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    seen: list[object] = []
    hub.client.listen(seen.append)

    await server.send_raw(frames.error(code, message))
    await until(lambda: seen)

    assert list(issues_of(hass)) == [f"client_events_disabled_{entry.entry_id}"] * raised


async def test_client_events_issue_is_deleted_with_a_new_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    await server.send_raw(frames.error(4301, FROM_SOKETI))
    await until(lambda: issues_of(hass))

    old = hub.client.socket_id
    await server.close_all(1001)
    await until(lambda: hub.client.socket_id not in (old, None))

    assert issues_of(hass) == {}


async def test_issue_of_a_disabled_app_is_deleted_until_it_is_enabled(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, app_key="wrong-key")
    await fail_setup(hass, entry)
    issues = list(issues_of(hass))

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert issues_of(hass) == {}

    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    assert list(issues_of(hass)) == issues == [f"app_not_found_{entry.entry_id}"]


async def test_removed_app_deletes_its_issues_only(hass: HomeAssistant, server: DevServer) -> None:
    entry = app_entry(server, app_key="wrong-key")
    await fail_setup(hass, entry)
    other = app_entry(server, app_key="other-wrong-key")
    await fail_setup(hass, other)
    api_failed(hass, entry, RequestError(RequestFailure.CLOCK_SKEW, "Timestamp expired", 401))
    assert len(issues_of(hass)) == 3

    await hass.config_entries.async_remove(entry.entry_id)

    assert list(issues_of(hass)) == [f"app_not_found_{other.entry_id}"]
