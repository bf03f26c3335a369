"""What cannot be sent is kept and sent later; what the server never takes raises a repair issue."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.pusher_channels.client import (
    HttpApi,
    RequestError,
    RequestFailure,
)
from custom_components.pusher_channels.hub import share_sender
from custom_components.pusher_channels.hub.share_route import Failure
from tools.devserver import DevServer

from ..conftest import SetUp, app_entry, until
from ..home_assistant import issues_of, skip, state_of
from .shares import Page, brief, open_page, pass_time, share_subentry, share_tasks

LAMP = "light.lamp"
FRIDGE = "sensor.fridge"
UP_TO_DATE = "binary_sensor.home_up_to_date"
BUSY = RequestError(RequestFailure.REFUSED, "Busy", 503)
REFUSED = "share_refused_{}_id-share"
TOO_LARGE = "share_too_large_{}_id-share"


@pytest.fixture
async def states(hass: HomeAssistant) -> None:
    """Make the states that the tests share."""
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.usefixtures("states")
async def test_latest_states_are_sent_when_the_server_is_back(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, status: int
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE)))
    page = await open_page(hass, server, 10)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")

    server.faults.api_status = status
    for number in range(60):
        hass.states.async_set(FRIDGE, str(number))
        await pass_time(hass, 1)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "off")
    assert page.take() == []

    server.faults.reset()
    await pass_time(hass, 2)

    assert brief(page.take()) == [(False, {FRIDGE: "59"})]
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    assert issues_of(hass) == {}
    hass.states.async_set(FRIDGE, "60")
    await pass_time(hass, 9)
    assert page.take() == []


@pytest.mark.usefixtures("states")
async def test_retries_back_off_during_an_outage(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_sender, "RETRY_GROWTH", 2)
    await set_up(app_entry(server, share_subentry(LAMP)))
    await Page(server).wait()
    await pass_time(hass, 10)

    def retries() -> int:
        count = caplog.text.count("could not send a share")
        caplog.clear()
        return count

    server.faults.api_status = 503
    hass.states.async_set(LAMP, "on")
    for seconds in (1, 0.5, 1, 2, 4):
        await pass_time(hass, seconds)
    assert retries() == 5
    await pass_time(hass, 7.9)
    assert retries() == 0
    for seconds in (8, 16, 30):
        await pass_time(hass, seconds)
    assert retries() == 3
    await pass_time(hass, 29)
    assert retries() == 0
    await pass_time(hass, 30)
    assert retries() == 1


@pytest.mark.usefixtures("states")
async def test_retries_go_on_however_long_an_outage_lasts(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after weeks at the real rate of growth.
    monkeypatch.setattr(share_sender, "RETRY_GROWTH", 1e200)
    await set_up(app_entry(server, share_subentry(LAMP)))
    page = await open_page(hass, server, 10)

    server.faults.api_status = 503
    hass.states.async_set(LAMP, "on")
    for _ in range(5):
        await pass_time(hass, 30)
    server.faults.reset()
    await pass_time(hass, 30)

    assert brief(page.take()) == [(False, {LAMP: "on"})]


@pytest.mark.usefixtures("states")
async def test_refusal_is_logged_and_has_an_issue_until_the_next_success(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server, 10)

    server.faults.api_status = 403
    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    issue_id = REFUSED.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))
    issue = issues_of(hass)[issue_id]
    assert (issue.translation_key, issue.severity) == ("share_refused", ir.IssueSeverity.ERROR)
    assert issue.is_fixable is False
    assert issue.translation_placeholders == {
        "name": "Home",
        "app": "Demo app",
        "status": "403",
    }
    assert state_of(hass, UP_TO_DATE).state == "off"
    server.faults.reset()
    await pass_time(hass, 290)
    assert page.take() == []

    await pass_time(hass, 300)
    assert brief(page.take()) == [(False, {LAMP: "on"})]
    assert issues_of(hass) == {}
    assert state_of(hass, UP_TO_DATE).state == "on"
    assert [it.getMessage() for it in caplog.records if it.name.endswith(".share")] == [
        "Demo app: Home cannot be sent: The fault api_status is set",
        "Demo app: Home is sent again",
    ]


@pytest.mark.usefixtures("states")
async def test_snapshot_that_was_not_sent_is_retried_as_a_snapshot(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    server.faults.api_status = 503
    hub = await set_up(app_entry(server, share_subentry(LAMP)))
    await until(lambda: hub.shares["id-share"].failure is Failure.TRANSIENT)
    server.faults.reset()

    await pass_time(hass, 0.5)

    assert brief(Page(server).take()) == [(True, {LAMP: "off"})]


@pytest.mark.usefixtures("states")
async def test_share_is_up_to_date_once_nothing_is_left_to_send(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP, attributes=["effect"])))
    page = await open_page(hass, server, 10)
    server.faults.api_status = 503
    hass.states.async_set(LAMP, "off", {"effect": "rainbow"})
    await pass_time(hass, 1)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "off")

    hass.states.async_set(LAMP, "off")
    server.faults.reset()
    await pass_time(hass, 5)

    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    assert page.take() == []


async def test_entity_of_a_part_that_was_sent_can_leave_before_the_rest_is_sent(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"sensor.number_{number}" for number in range(100)]
    await set_up(app_entry(server, share_subentry(*ids)))
    page = await open_page(hass, server, 10)
    trigger = HttpApi.trigger

    async def trigger_once(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(HttpApi, "trigger", AsyncMock(side_effect=BUSY))
        return await trigger(*args, **options)

    monkeypatch.setattr(HttpApi, "trigger", trigger_once)
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")
    await pass_time(hass, 1)
    page.take()
    assert "sensor.number_0" in page.states
    assert "sensor.number_99" not in page.states

    hass.states.async_remove("sensor.number_0")
    monkeypatch.setattr(HttpApi, "trigger", trigger)
    await pass_time(hass, 10)
    messages = page.take()

    assert {message["snapshot"] for message in messages} == {False}
    assert page.states == dict.fromkeys(ids[1:], "1")


@pytest.mark.usefixtures("states")
async def test_message_that_is_too_large_at_any_size_is_refused(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server, 10)

    server.faults.api_status = 413
    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    issue_id = REFUSED.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))
    assert (issues_of(hass)[issue_id].translation_placeholders or {})["status"] == "413"

    server.faults.reset()
    await pass_time(hass, 300)
    assert brief(page.take()) == [(False, {LAMP: "on"})]


@pytest.mark.usefixtures("states")
async def test_pause_clears_what_was_wrong_and_the_share_starts_afresh(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_sender, "RETRY_GROWTH", 20)
    entry = app_entry(server, share_subentry(LAMP))
    hub = await set_up(entry)
    share = hub.shares["id-share"]
    page = await open_page(hass, server, 10)

    def failure() -> Failure | None:
        return share.failure

    server.faults.api_status = 503
    hass.states.async_set(LAMP, "on")
    for seconds in (1, 0.5, 10):
        await pass_time(hass, seconds)
    assert failure() is Failure.TRANSIENT
    share.pause()
    assert failure() is None

    share.resume()
    assert state_of(hass, UP_TO_DATE).state == "off"
    await until(lambda: failure() is Failure.TRANSIENT)
    server.faults.api_status = 403
    await pass_time(hass, 0.5)
    assert REFUSED.format(entry.entry_id) in issues_of(hass)
    share.pause()
    assert issues_of(hass) == {}

    server.faults.reset()
    share.resume()
    assert state_of(hass, UP_TO_DATE).state == "off"
    assert brief(await page.wait()) == [(True, {LAMP: "on"})]
    assert state_of(hass, UP_TO_DATE).state == "on"


@pytest.mark.parametrize(("status", "is_sent_at_once"), [(503, True), (None, False)])
@pytest.mark.usefixtures("states")
async def test_changes_during_an_outage_do_not_wait_for_the_interval(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    status: int | None,
    is_sent_at_once: bool,
) -> None:
    monkeypatch.setattr(share_sender, "SLOW_REQUEST", 0)
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE)))
    page = await open_page(hass, server, 10)
    server.faults.api_status = status
    hass.states.async_set(LAMP, "on")
    if status is not None:
        await pass_time(hass, 1)
        server.faults.reset()

    server.freeze()
    await skip(hass, 1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert share_tasks()
    hass.states.async_set(FRIDGE, "5")
    server.thaw()
    assert brief(await page.wait())[0] == (False, {LAMP: "on"})
    await pass_time(hass, 1)

    sent = brief(page.take())
    assert sent == ([(False, {FRIDGE: "5"})] if is_sent_at_once else [])


@pytest.mark.usefixtures("states")
async def test_wrong_clock_has_its_own_issue(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    await set_up(entry)
    page = await open_page(hass, server, 10)
    err = RequestError(RequestFailure.CLOCK_SKEW, "Timestamp expired", 401)

    with monkeypatch.context() as patch:
        patch.setattr(HttpApi, "trigger", AsyncMock(side_effect=err))
        hass.states.async_set(LAMP, "on")
        await pass_time(hass, 1)
        await until(lambda: set(issues_of(hass)) == {f"clock_skew_{entry.entry_id}"})

    await pass_time(hass, 300)
    assert brief(page.take()) == [(False, {LAMP: "on"})]
    assert issues_of(hass) == {}


@pytest.mark.usefixtures("states")
async def test_issue_is_deleted_with_the_share(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, share_subentry(LAMP))
    server.faults.api_status = 400
    await set_up(entry)
    await until(lambda: REFUSED.format(entry.entry_id) in issues_of(hass))

    hass.config_entries.async_remove_subentry(entry, "id-share")
    await hass.async_block_till_done()

    assert issues_of(hass) == {}


async def test_cache_channel_gets_the_whole_snapshot_each_time_in_one_part(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    channel = "private-cache-home"
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE, channel=channel)))
    page = await open_page(hass, server, 10)

    hass.states.async_set(LAMP, "off", {"not": "shared"})
    await pass_time(hass, 10)
    assert page.take() == []
    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    assert brief(await page.wait()) == [(True, {LAMP: "on", FRIDGE: "4"})]
    await pass_time(hass, 24 * 60)
    assert page.take() == []
    await pass_time(hass, 25 * 60)
    assert brief(page.take()) == [(True, {LAMP: "on", FRIDGE: "4"})]


async def test_cache_channel_has_an_issue_when_its_entities_no_longer_fit(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [f"sensor.number_{number}" for number in range(40)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")
    channel = "private-encrypted-cache-home"
    entry = app_entry(server, share_subentry(*ids, channel=channel, attributes=["note"]))
    await set_up(entry)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    await pass_time(hass, 10)
    sent = len(server.published)

    for entity_id in ids:
        hass.states.async_set(entity_id, "1", {"note": "x" * 100})
    await pass_time(hass, 1)
    issue_id = TOO_LARGE.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))
    placeholders = issues_of(hass)[issue_id].translation_placeholders
    assert placeholders == {"name": "Home", "app": "Demo app"}
    assert "Home cannot be sent: one event has no room for its entities" in caplog.text
    assert state_of(hass, UP_TO_DATE).state == "off"
    await pass_time(hass, 10)
    assert len(server.published) == sent

    for entity_id in ids:
        hass.states.async_set(entity_id, "2")
    await pass_time(hass, 10)
    await until(lambda: len(server.published) == sent + 1)
    await until(lambda: issues_of(hass) == {})
    assert state_of(hass, UP_TO_DATE).state == "on"
