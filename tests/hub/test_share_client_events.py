"""Without the server API a share sends client events: paced, and only while it is subscribed."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pusher_channels.client import (
    ConnectionState,
)
from custom_components.pusher_channels.hub import share_route
from custom_components.pusher_channels.hub.share_route import Failure
from tools.devserver import DevServer, Received, frames

from ..actions import connected_guest
from ..conftest import APP, SetUp, app_entry, until
from ..home_assistant import issues_of, skip, state_of
from .shares import CHANNEL, brief, pass_time, share_subentry

LAMP = "light.lamp"
FRIDGE = "sensor.fridge"
UP_TO_DATE = "binary_sensor.home_up_to_date"
REFUSED = "share_refused_{}_id-share"


def entry_without_app_id(server: DevServer, **share: Any) -> MockConfigEntry:
    """Return an entry of which the app can only send client events."""
    entry = app_entry(server, share_subentry(LAMP, FRIDGE, **share))
    data = {key: value for key, value in entry.data.items() if key != "app_id"}
    subentries = [share_subentry(LAMP, FRIDGE, **share)]
    return MockConfigEntry(
        domain=entry.domain, title="Demo app", data=data, subentries_data=subentries
    )


@pytest.fixture
async def states(hass: HomeAssistant) -> None:
    """Make the states that the tests share."""
    hass.states.async_set(LAMP, "off")
    hass.states.async_set(FRIDGE, "4")


@pytest.mark.usefixtures("states")
async def test_without_the_server_api_client_events_are_sent(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(entry_without_app_id(server))

    sent = await server.wait_received("client-states")
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")

    assert sent.frame is not None
    message = sent.frame["data"]
    assert isinstance(message, dict)
    assert brief([message]) == [(True, {LAMP: "off", FRIDGE: "4"})]


async def test_client_events_keep_to_ten_a_second(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    ids = [f"sensor.number_{number}" for number in range(500)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1", {"friendly_name": entity_id * 5})
    entry = entry_without_app_id(server)
    share = share_subentry(*ids)
    entry = MockConfigEntry(
        domain=entry.domain, title="Demo app", data=dict(entry.data), subentries_data=[share]
    )
    await set_up(entry)

    def is_last(received: Received) -> bool:
        data = received.data
        return isinstance(data, dict) and "parts" in data and data["part"] == data["parts"]

    await server.wait_received(is_last, timeout=10)
    events = [it for it in server.received if it.event == "client-states"]
    assert len(events) >= 12
    times = [it.time for it in events]
    for first, eleventh in zip(times, times[10:], strict=False):
        assert eleventh - first > 1


@pytest.mark.usefixtures("states")
async def test_client_event_that_the_server_drops_is_sent_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(entry_without_app_id(server))
    await server.wait_received("client-states")
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")

    def has_sent(expected: int) -> bool:
        return [it.event for it in server.received].count("client-states") == expected

    await pass_time(hass, 5)
    errors = async_capture_events(hass, "pusher_channels_error")
    for code, channel, expected in (
        (4302, None, 1),
        (4301, "private-other", 1),
        (4301, None, 2),
        (4301, CHANNEL, 3),
    ):
        errors.clear()
        await server.send_raw(frames.error(code, "Rate limit exceeded", channel))
        await until(lambda: errors)
        await pass_time(hass, 5)
        await until(partial(has_sent, expected))
    assert issues_of(hass) == {}


@pytest.mark.usefixtures("states")
async def test_client_events_wait_for_the_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(entry_without_app_id(server))
    await server.wait_received("client-states")
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    await pass_time(hass, 10)

    await server.stop()
    await until(lambda: hub.client.state is not ConnectionState.CONNECTED)
    await until(lambda: state_of(hass, UP_TO_DATE).state == "off")
    hass.states.async_set(LAMP, "on")
    await pass_time(hass, 1)
    await server.start()
    async with connected_guest(server) as guest:
        await guest.join(CHANNEL)
        await pass_time(hass, 5)
        message = json.loads(await guest.read())
        while not message["data"]["snapshot"]:
            message = json.loads(await guest.read())
    assert message["event"] == "client-states"
    assert brief([message["data"]]) == [(True, {LAMP: "on", FRIDGE: "4"})]
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")


@pytest.mark.usefixtures("states")
async def test_client_event_does_not_wait_for_a_subscription_without_end(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_route, "_SECONDS_TO_SUBSCRIBE", 0.05)
    hub = await set_up(entry_without_app_id(server))
    await server.wait_received("client-states")
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    await pass_time(hass, 10)

    server.faults.unanswered_channels = {CHANNEL}
    old = hub.client.socket_id
    await server.close_all(4200)
    await until(lambda: hub.client.socket_id not in (old, None))
    hass.states.async_set(LAMP, "on")
    await skip(hass, 1)

    await until(lambda: hub.shares["id-share"].failure is Failure.TRANSIENT)


@pytest.mark.usefixtures("states")
async def test_refused_channel_has_an_issue_without_the_server_api(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.subscribe_answers[CHANNEL] = frames.subscription_error(
        CHANNEL, f"Not with {APP.secret}", status=403
    )
    entry = entry_without_app_id(server)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    issue_id = REFUSED.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))
    assert issues_of(hass)[issue_id].translation_placeholders == {
        "name": "Home",
        "app": "Demo app",
        "status": "403",
    }
    assert state_of(hass, UP_TO_DATE).state == "off"
    assert "cannot be sent: Not with **REDACTED**" in caplog.text


@pytest.mark.parametrize("status", [0, 429, 503])
@pytest.mark.usefixtures("states")
async def test_channel_that_is_refused_for_now_has_no_issue(
    hass: HomeAssistant, server: DevServer, status: int
) -> None:
    server.faults.subscribe_answers[CHANNEL] = frames.subscription_error(
        CHANNEL, "Later", status=status
    )
    entry = entry_without_app_id(server)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    await until(lambda: entry.runtime_data.client.channels[CHANNEL].error)
    await hass.async_block_till_done()

    assert REFUSED.format(entry.entry_id) not in issues_of(hass)
    assert state_of(hass, UP_TO_DATE).state == "off"


@pytest.mark.usefixtures("states")
async def test_channel_that_takes_no_client_events_has_an_issue_without_a_status(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_without_app_id(server, channel="private-encrypted-home")
    await set_up(entry)

    issue_id = REFUSED.format(entry.entry_id)
    await until(lambda: issue_id in issues_of(hass))

    placeholders = issues_of(hass)[issue_id].translation_placeholders
    assert placeholders == {"name": "Home", "app": "Demo app", "status": "-"}
    assert "Home cannot be sent: Client events are for private and presence" in caplog.text


async def test_server_that_takes_smaller_client_events_gets_them(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    ids = [f"sensor.number_{number}" for number in range(60)]
    for entity_id in ids:
        hass.states.async_set(entity_id, "1")
    hub = await set_up(entry_without_app_id(server, entities=ids))
    first = await server.wait_received("client-states")
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")

    server.connections[0].start_close(1009, "Max frame size exceeded")
    await until(lambda: len(server.attempts) == 2)
    await server.wait_subscribed(CHANNEL)
    await until(lambda: hub.client.channels[CHANNEL].is_subscribed)
    await pass_time(hass, 5)

    later: list[Received] = []
    states: list[str] = []
    while len(states) < len(ids):
        later.append(await server.wait_received(_is_other_than(first, *later)))
        states += [row["entity_id"] for row in json.loads(later[-1].text)["data"]["states"]]
    await until(lambda: state_of(hass, UP_TO_DATE).state == "on")
    assert sorted(states) == sorted(ids)
    assert max(len(it.text) for it in later) < len(first.text)
    assert issues_of(hass) == {}


def _is_other_than(*known: Received) -> Callable[[Received], bool]:
    return lambda it: it.event == "client-states" and it not in known


async def test_client_events_that_the_app_does_not_allow_are_kept(
    hass: HomeAssistant, set_up: SetUp, socket_enabled: None
) -> None:
    hass.states.async_set(LAMP, "off")
    async with DevServer(apps=[replace(APP, client_events=False)]) as server:
        entry = entry_without_app_id(server)
        hub = await set_up(entry)
        share = hub.shares["id-share"]
        issue_id = f"client_events_disabled_{entry.entry_id}"
        await until(lambda: issue_id in issues_of(hass))
        await until(lambda: state_of(hass, UP_TO_DATE).state == "off")
        sent = share.messages_sent

        await pass_time(hass, 299)
        assert share.messages_sent == sent

        await pass_time(hass, 300)
        assert share.messages_sent == sent + 1
