"""States of a real Home Assistant reach pusher-js over real soketi and the dev server."""

from typing import Any

import pytest

from .backends import Backend
from .entry import AppEntry
from .guest import Event, Guest

LAMP = "light.shared"
FRIDGE = "sensor.shared_fridge"


async def share(app: AppEntry, channel: str, **form: Any) -> None:
    await app.hass.post(f"/api/states/{LAMP}", {"state": "off"})
    fridge = {"state": "4", "attributes": {"unit_of_measurement": "°C", "note": "canary"}}
    await app.hass.post(f"/api/states/{FRIDGE}", fridge)
    steps = await app.hass.start_share_flow(app.entry_id)
    await steps.submit(entities=[LAMP, FRIDGE], channel=channel, interval=1, **form)
    steps.created()


def states_in(event: Event) -> dict[str, str]:
    assert isinstance(event.data, dict)
    rows: Any = event.data["states"]
    return {row["entity_id"]: row["state"] for row in rows}


async def snapshot(guest: Guest, channel: str) -> Event:
    return await guest.expect(
        Event,
        lambda it: (
            (it.channel, it.event) == (channel, "states")
            and isinstance(it.data, dict)
            and it.data["snapshot"]
        ),
    )


async def test_page_requests_all_states(app: AppEntry, server: Backend) -> None:
    channel = "private-shared"
    await share(app, channel)
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        await guest.trigger(channel, "client-get-states", {})

        assert states_in(await snapshot(guest, channel)) == {LAMP: "off", FRIDGE: "4"}
        await app.hass.post(f"/api/states/{LAMP}", {"state": "on"})
        change = await guest.event(channel, "states")
        assert states_in(change) == {LAMP: "on"}
        assert "canary" not in str(guest.messages)


async def test_new_member_receives_all_states(app: AppEntry, server: Backend) -> None:
    channel = "presence-shared"
    await share(app, channel)
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        assert states_in(await snapshot(guest, channel)) == {LAMP: "off", FRIDGE: "4"}


@pytest.mark.parametrize("channel", ["private-encrypted-cache-shared", "private-cache-shared"])
async def test_cache_channel_gives_all_states_to_a_page(
    app: AppEntry, server: Backend, channel: str
) -> None:
    await share(app, channel)
    async with Guest(server) as first:
        await first.subscribe(channel)
        await app.hass.post(f"/api/states/{FRIDGE}", {"state": "5"})
        await first.expect(Event, lambda it: it.event == "states" and states_in(it)[FRIDGE] == "5")
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        assert states_in(await snapshot(guest, channel)) == {LAMP: "off", FRIDGE: "5"}


async def test_states_are_correct_after_an_outage_of_the_server(
    app: AppEntry, server: Backend
) -> None:
    channel = "private-shared-gone"
    await share(app, channel)
    await server.kill()
    await app.becomes("connection_state", "reconnecting")
    await app.hass.post(f"/api/states/{LAMP}", {"state": "on"})
    await server.restart()
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        await guest.trigger(channel, "client-get-states", {})
        await app.becomes("connection_state", "connected")
        assert states_in(await snapshot(guest, channel)) == {LAMP: "on", FRIDGE: "4"}
