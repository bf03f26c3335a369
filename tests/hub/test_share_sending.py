"""What cannot be sent is kept and sent later; what the server never takes raises a repair issue."""

from dataclasses import replace
from unittest.mock import AsyncMock

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.client import (
    HttpApi,
    RequestError,
    RequestFailure,
)
from custom_components.pusher_channels.hub import share_sender
from tools.devserver import DevServer, frames

from ..conftest import APP, SetUp, app_entry, until
from ..home_assistant import issues_of, state_of
from .shares import CHANNEL, Page, brief, open_page, pass_time, share_subentry, share_tasks

LAMP = "light.lamp"
FRIDGE = "sensor.fridge"
UP_TO_DATE = "binary_sensor.home_up_to_date"
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
    assert issues_of(hass)[issue_id].translation_placeholders == {
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


async def test_server_that_takes_less_gets_smaller_messages(
    hass: HomeAssistant, set_up: SetUp, socket_enabled: None
) -> None:
    ids = [f"sensor.number_{number}" for number in range(100)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")
    async with DevServer(apps=[replace(APP, max_event_bytes=3_000)]) as server:
        entry = app_entry(server, share_subentry(*ids))
        await set_up(entry)
        page = Page(server)
        await until(lambda: len(page.take()) + len(page.states) >= 100)
        sizes = [len(event.data) for event in server.published]
        assert max(sizes) <= 3_000
        await until(lambda: not share_tasks())
        await pass_time(hass, 10)

        hass.states.async_set(ids[0], "2")
        await pass_time(hass, 1)
        assert brief(await page.wait()) == [(False, {ids[0]: "2"})]
        assert issues_of(hass) == {}


async def test_cache_channel_gets_the_whole_snapshot_each_time_in_one_part(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")
    channel = "private-cache-home"
    await set_up(app_entry(server, share_subentry(LAMP, FRIDGE, channel=channel)))
    page = await open_page(hass, server, 10)

    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    assert brief(await page.wait()) == [(True, {LAMP: "on", FRIDGE: "4"})]
    await pass_time(hass, 24 * 60)
    assert page.take() == []
    await pass_time(hass, 25 * 60)
    assert brief(page.take()) == [(True, {LAMP: "on", FRIDGE: "4"})]


async def test_cache_channel_has_an_issue_when_its_entities_no_longer_fit(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
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
        hass.states.async_set(entity_id, "1", {"note": "x" * 200})
    await pass_time(hass, 1)
    issue_id = TOO_LARGE.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))
    assert state_of(hass, UP_TO_DATE).state == "off"
    await pass_time(hass, 10)
    assert len(server.published) == sent

    for entity_id in ids:
        hass.states.async_set(entity_id, "2")
    await pass_time(hass, 10)
    await until(lambda: len(server.published) == sent + 1)
    await until(lambda: issues_of(hass) == {})
    assert state_of(hass, UP_TO_DATE).state == "on"


@pytest.mark.usefixtures("states")
async def test_refused_channel_does_not_stop_the_server_api(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.subscribe_answers[CHANNEL] = frames.subscription_error(CHANNEL, "No", status=403)
    entry = app_entry(server, share_subentry(LAMP))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    assert brief(await Page(server).wait()) == [(True, {LAMP: "off"})]
    assert issues_of(hass) == {}
