"""By the server API a share sends without a connection, in messages that the server takes."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.pusher_channels.client import HttpApi
from tools.devserver import DevServer, frames

from ..conftest import APP, SetUp, app_entry, until
from ..home_assistant import issues_of
from .shares import CHANNEL, Page, brief, open_page, pass_time, share_subentry, share_tasks

LAMP = "light.lamp"


@pytest.fixture(autouse=True)
def lamp(hass: HomeAssistant) -> None:
    """Have a state to share."""
    hass.states.async_set(LAMP, "off")


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
        assert 2_000 < max(sizes) <= 3_000
        await until(lambda: not share_tasks())
        await pass_time(hass, 10)

        hass.states.async_set(ids[0], "2")
        await pass_time(hass, 1)
        assert brief(await page.wait()) == [(False, {ids[0]: "2"})]
        assert issues_of(hass) == {}


async def test_large_share_leaves_the_event_loop_free(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"sensor.number_{number}" for number in range(999)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")
    entry = app_entry(server, share_subentry(*ids))
    hub = await set_up(entry)
    await open_page(hass, server, 10)
    trigger = AsyncMock()
    monkeypatch.setattr(HttpApi, "trigger", trigger)

    hub.shares["id-share"].pause()
    hub.shares["id-share"].resume()
    turns = 0
    while not trigger.called:
        await asyncio.sleep(0)
        turns += 1

    # 999 rows are made and then measured, 50 at once.
    assert 38 <= turns <= 45


async def test_error_of_the_connection_does_not_concern_the_server_api(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, share_subentry(LAMP)))
    page = await open_page(hass, server, 10)

    errors = async_capture_events(hass, "pusher_channels_error")
    await server.send_raw(frames.error(4301, "Rate limit exceeded"))
    await until(lambda: errors)
    await pass_time(hass, 10)

    assert page.take() == []


async def test_own_connection_does_not_get_what_it_sends(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, CHANNEL, share_subentry(LAMP)))
    await Page(server).wait()

    assert hub.client.socket_id is not None
    assert [it.socket_id for it in server.published] == [hub.client.socket_id]


async def test_server_api_needs_no_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, share_subentry(LAMP)))
    share = hub.shares["id-share"]
    page = await open_page(hass, server, 10)
    await hub.client.disconnect()

    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    assert brief(page.take()) == [(False, {LAMP: "on"})]
    assert share.is_up_to_date

    share.pause()
    share.resume()
    assert brief(await page.wait()) == [(True, {LAMP: "on"})]
    assert [it.socket_id for it in server.published[1:]] == [None, None]


@pytest.mark.parametrize(("length", "is_used"), [(48, True), (49, False)])
async def test_long_socket_id_is_left_out_of_a_full_message(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, length: int, is_used: bool
) -> None:
    socket_id = f"{'1' * 20}.".ljust(length, "2")
    server.faults.first_frame = frames.established(socket_id, 120)
    await set_up(app_entry(server, share_subentry(LAMP, channel="home", public=True)))
    await Page(server).wait()

    assert [it.socket_id for it in server.published] == [socket_id if is_used else None]


async def test_refused_channel_does_not_stop_the_server_api(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.subscribe_answers[CHANNEL] = frames.subscription_error(CHANNEL, "No", status=403)
    entry = app_entry(server, share_subentry(LAMP))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    assert brief(await Page(server).wait()) == [(True, {LAMP: "off"})]
    assert issues_of(hass) == {}
