"""A refusal and its end are logged once, with a repair issue where only the user can solve it."""

import json

import pytest
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer, frames

from ..actions import act
from ..conftest import APP, SetUp, app_entry, signed_in_entry, until
from ..home_assistant import issues_of, reauth_flows, skip, state_of

REFUSED = frames.subscription_error("orders", "Not for you", 403)
ME = "home-assistant-12345678"
SECRET = "private-encrypted-room"
STATE = "sensor.demo_app_connection_state"
FIX = "/api/repairs/issues/fix"


async def set_up_refused(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Set up an entry with a refused channel; return the id of the issue."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: issues_of(hass))
    (issue_id,) = issues_of(hass)
    return issue_id


async def reconnect(hass: HomeAssistant, server: DevServer) -> None:
    """Let the server end the connection, and the client connect again without its pause."""
    await server.close_all(4200)
    await until(lambda: state_of(hass, STATE).state == "reconnecting")
    await skip(hass, 30)
    await until(lambda: state_of(hass, STATE).state == "connected")


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [it.getMessage() for it in caplog.records if it.name.endswith(".refusals")]


async def test_refusal_and_success_of_a_channel_are_logged_once_and_update_its_issue(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.subscribe_answers["orders"] = REFUSED
    entry = app_entry(server, "orders")
    refusals = async_capture_events(hass, "pusher_channels_subscription_error")
    issue_id = await set_up_refused(hass, entry)

    issue = issues_of(hass)[issue_id]
    assert issue_id == f"channel_refused_{entry.entry_id}_id-orders"
    assert issue.is_fixable
    assert issue.translation_placeholders == {"name": "Demo app", "channel": "orders"}
    assert reauth_flows(hass) == []
    state = state_of(hass, "binary_sensor.orders_subscribed")
    assert (state.state, state.attributes["error"]) == ("off", "Not for you")

    await reconnect(hass, server)
    await until(lambda: len(refusals) == 2)
    server.faults.reset()
    await reconnect(hass, server)
    await until(lambda: state_of(hass, "binary_sensor.orders_subscribed").state == "on")

    assert issues_of(hass) == {}
    assert state_of(hass, "binary_sensor.orders_subscribed").attributes["error"] is None

    server.faults.subscribe_answers["orders"] = REFUSED
    await reconnect(hass, server)
    await until(lambda: len(refusals) == 3)

    assert list(issues_of(hass)) == [issue_id]
    assert logged(caplog) == [
        "Demo app: the channel orders was refused: Not for you",
        "Demo app: the channel orders is subscribed",
        "Demo app: the channel orders was refused: Not for you",
    ]


async def test_refusal_of_each_channel_is_logged_without_secrets(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    for channel in ("news", "orders"):
        answer = frames.subscription_error(channel, f"Expected {APP.secret}", 403)
        server.faults.subscribe_answers[channel] = answer
    entry = app_entry(server, "news", "orders")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(issues_of(hass)) == 2)

    assert sorted(logged(caplog)) == [
        f"Demo app: the channel {channel} was refused: Expected {REDACTED}"
        for channel in ("news", "orders")
    ]


async def test_refusal_of_an_actions_channel_is_logged_once_each_way(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(app_entry(server))
    await act(hass, "subscribe", channel="orders")
    refusals = async_capture_events(hass, "pusher_channels_subscription_error")
    subscribed = async_capture_events(hass, "pusher_channels_subscription_succeeded")
    server.faults.subscribe_answers["orders"] = REFUSED
    for count in (1, 2):
        await reconnect(hass, server)
        await until(lambda: len(refusals) == count)  # noqa: B023
    server.faults.reset()
    await reconnect(hass, server)
    await until(lambda: subscribed)

    assert logged(caplog) == [
        "Demo app: the channel orders was refused: Not for you",
        "Demo app: the channel orders is subscribed",
    ]


async def test_refusal_that_is_retried_is_logged_without_an_issue(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.subscribe_answers["orders"] = frames.subscription_error("orders", "Later", 503)
    entry = app_entry(server, "orders")
    refusals = async_capture_events(hass, "pusher_channels_subscription_error")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: refusals)

    assert issues_of(hass) == {}
    assert logged(caplog) == ["Demo app: the channel orders was refused: Later"]


async def test_removed_channel_takes_its_issue_along_and_is_logged_when_added_again(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.subscribe_answers["orders"] = REFUSED
    entry = app_entry(server, "orders")
    subentry = entry.subentries["id-orders"]
    issue_id = await set_up_refused(hass, entry)

    hass.config_entries.async_remove_subentry(entry, "id-orders")
    await hass.async_block_till_done()
    assert issues_of(hass) == {}

    hass.config_entries.async_add_subentry(entry, subentry)
    await until(lambda: issues_of(hass))
    assert list(issues_of(hass)) == [issue_id]
    assert logged(caplog) == ["Demo app: the channel orders was refused: Not for you"] * 2


async def test_channel_that_is_removed_while_the_app_is_not_set_up_takes_its_issue_along(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.subscribe_answers["orders"] = REFUSED
    entry = app_entry(server, "orders", "other")
    issue_id = await set_up_refused(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)

    hass.config_entries.async_remove_subentry(entry, "id-other")
    assert list(issues_of(hass)) == [issue_id]
    hass.config_entries.async_remove_subentry(entry, "id-orders")
    assert issues_of(hass) == {}


@pytest.mark.parametrize(("still_refused", "result"), [(False, "create_entry"), (True, "abort")])
async def test_fix_of_a_refused_channel_reloads_and_waits_for_the_answer(
    hass: HomeAssistant,
    server: DevServer,
    hass_client: ClientSessionGenerator,
    still_refused: bool,
    result: str,
) -> None:
    server.faults.subscribe_answers["orders"] = REFUSED
    issue_id = await set_up_refused(hass, app_entry(server, "orders"))
    assert await async_setup_component(hass, "repairs", {})
    http = await hass_client()
    opened = await http.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
    flow = await opened.json()
    if not still_refused:
        server.faults.reset()

    submitted = await http.post(f"{FIX}/{flow['flow_id']}", json={})

    assert (await submitted.json())["type"] == result
    assert bool(issues_of(hass)) is still_refused


async def test_event_that_cannot_be_decrypted_is_reported_until_one_can(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = app_entry(server, SECRET)
    hub = await set_up(entry)
    failures = async_capture_events(hass, "pusher_channels_decryption_failure")
    subscribed = "binary_sensor.private_encrypted_room_subscribed"

    for _ in range(2):
        await server.send_raw(frames.event(SECRET, "secret", "not encrypted"))
    await until(lambda: len(failures) == 2)

    issue = issues_of(hass)[f"decryption_failed_{entry.entry_id}_id-{SECRET}"]
    assert not issue.is_fixable
    assert issue.translation_placeholders == {"name": "Demo app", "channel": SECRET}
    assert state_of(hass, subscribed).state == "on"
    assert state_of(hass, subscribed).attributes["error"] == failures[0].data["reason"]
    assert hub.channels[f"id-{SECRET}"].decryption_failures == 2

    await server.publish(SECRET, "secret", "encrypted")
    await until(lambda: issues_of(hass) == {})

    assert state_of(hass, subscribed).attributes["error"] is None
    hass.config_entries.async_update_entry(entry, title="Shop")
    await hass.async_block_till_done()
    await server.send_raw(frames.event(SECRET, "secret", "not encrypted"))
    await until(lambda: issues_of(hass))

    reason = failures[0].data["reason"]
    assert logged(caplog) == [
        f"Demo app: an event of the channel {SECRET} could not be decrypted: {reason}",
        f"Demo app: events of the channel {SECRET} are decrypted again",
        f"Shop: an event of the channel {SECRET} could not be decrypted: {reason}",
    ]


async def test_another_channel_has_no_decryption_error_of_the_one_before(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, SECRET)
    hub = await set_up(entry)
    subscribed = "binary_sensor.private_encrypted_room_subscribed"
    await server.send_raw(frames.event(SECRET, "secret", "not encrypted"))
    await until(lambda: state_of(hass, subscribed).attributes["error"])

    data = {"channel": "orders", "events": [], "members": []}
    hass.config_entries.async_update_subentry(entry, entry.subentries[f"id-{SECRET}"], data=data)
    await until(lambda: hub.channels[f"id-{SECRET}"].is_subscribed)

    assert issues_of(hass) == {}
    await until(lambda: state_of(hass, subscribed).state == "on")
    assert state_of(hass, subscribed).attributes["error"] is None


async def test_decryption_issue_is_deleted_by_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, SECRET)
    await set_up(entry)
    await server.send_raw(frames.event(SECRET, "secret", "not encrypted"))
    await until(lambda: issues_of(hass))

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert issues_of(hass) == {}


async def test_issue_of_a_sign_in_is_deleted_when_the_app_no_longer_signs_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.auth_status = 403
    server.faults.auth_body = json.dumps({"message": f"No {ME}"})
    entry = signed_in_entry(server)
    await set_up(entry)
    await until(lambda: issues_of(hass))
    assert logged(caplog) == [f"Demo app: the sign-in failed: No {REDACTED}"]

    hass.config_entries.async_update_entry(entry, options={})
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    assert issues_of(hass) == {}


async def test_app_without_authorization_does_not_sign_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    options = {"sign_in": True, "watchlist": ["ada"]}
    await set_up(app_entry(server, "orders", authorization="auth_none", options=options))
    assert issues_of(hass) == {}
    assert hass.states.async_entity_ids("event") == ["event.orders"]
    assert "ada" not in str(hass.states.async_entity_ids("binary_sensor"))


async def test_refused_sign_in_has_an_issue_until_it_succeeds(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.faults.auth_status = 403
    entry = signed_in_entry(server)
    failures = async_capture_events(hass, "pusher_channels_error")
    hub = await set_up(entry)
    await until(lambda: issues_of(hass))
    assert list(issues_of(hass)) == [f"sign_in_refused_{entry.entry_id}"]
    assert reauth_flows(hass) == []

    server.faults.reset()
    await server.close_all(4200)
    await until(lambda: hub.client.user.user_id)

    assert issues_of(hass) == {}
    server.faults.auth_status = 403
    await reconnect(hass, server)
    await until(lambda: issues_of(hass))

    failed = f"Demo app: the sign-in failed: {failures[0].data['message']}"
    assert "403" in failed
    assert logged(caplog) == [failed, "Demo app is signed in again", failed]


async def test_encrypted_channel_without_a_master_key_is_refused_with_the_remedy(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, SECRET)
    entry.add_to_hass(hass)
    data = {key: value for key, value in entry.data.items() if key != "encryption_master_key"}
    hass.config_entries.async_update_entry(entry, data=data)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: issues_of(hass))

    error = state_of(hass, "binary_sensor.private_encrypted_room_subscribed").attributes["error"]
    assert "Use Reconfigure of the app" in error
    assert "Encryption master key" in error
