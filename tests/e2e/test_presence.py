"""A presence channel with pusher-js guests: entities, bus events, triggers, client events in both directions."""

import pytest

from .automation import automation
from .backends import Backend
from .entry import USER_ID, USER_INFO, AppEntry, ChannelEntry
from .guest import Guest, Json
from .publisher import publish

ADA: Json = {"name": "Ada"}


@pytest.fixture(scope="module")
async def room(app: AppEntry) -> ChannelEntry:
    """Add a presence channel with two tracked members."""
    return await app.add_channel("presence-room", members=["ada", "7"])


async def test_first_member_gets_the_count_and_its_identity(app: AppEntry) -> None:
    async with app.hass.events("pusher_channels_subscription_succeeded") as joined:
        channel = await app.add_channel("presence-empty")
        event = await joined.take()
    device_id = await channel.device_id()
    expected = {"channel": channel.name, "count": 1, "me": USER_ID, "members": [USER_ID]}
    assert event == {"entry_id": app.entry_id, "device_id": device_id, **expected}
    state = await channel.becomes("members", "1")
    shown = {"others": 0, "members": [USER_ID], "me": USER_ID}
    assert shown.items() <= state.attributes.items()


async def test_guest_is_added_to_and_removed_from_entities_and_bus_events(
    app: AppEntry, server: Backend, room: ChannelEntry
) -> None:
    await room.becomes("member_ada", "off")
    async with (
        app.hass.events("pusher_channels_member_added") as added,
        app.hass.events("pusher_channels_member_removed") as removed,
        automation(app.hass, "member_joined", channel="presence-*", user_id=["ada"]) as joined_runs,
        automation(app.hass, "member_left", channel=[room.name]) as left_runs,
    ):
        async with Guest(server, user_id="ada", user_info=ADA) as guest:
            seen = await guest.subscribe(room.name)
            assert isinstance(seen, dict)
            assert seen["members"] == {USER_ID: USER_INFO, "ada": ADA}
            expected = {
                "entry_id": app.entry_id,
                "device_id": await room.device_id(),
                "channel": room.name,
            }
            ada = {"user_id": "ada", "user_info": ADA, "missed": False}
            assert await added.take() == {**expected, **ada, "count": 2}
            await room.becomes("member_ada", "on")
            state = await room.becomes("members", "2")
            shown = {"others": 1, "members": ["ada", USER_ID], "me": USER_ID}
            assert shown.items() <= state.attributes.items()
            run = await joined_runs.take()
            assert {**expected, **ada, "count": 2}.items() <= run["trigger"].items()
        assert await removed.take() == {**expected, **ada, "count": 1}
        await room.becomes("member_ada", "off")
        await room.becomes("members", "1")
        run = await left_runs.take()
        assert {**expected, **ada, "count": 1}.items() <= run["trigger"].items()
        assert added.waiting == removed.waiting == joined_runs.waiting == left_runs.waiting == []


async def test_user_with_two_connections_is_one_member(
    app: AppEntry, server: Backend, room: ChannelEntry
) -> None:
    async with (
        app.hass.events("pusher_channels_member_added") as added,
        app.hass.events("pusher_channels_member_removed") as removed,
        Guest(server, user_id="ada") as first,
        Guest(server, user_id="ada") as second,
        Guest(server, user_id="bob") as bob,
    ):
        await first.subscribe(room.name)
        await second.subscribe(room.name)
        await bob.subscribe(room.name)
        assert [(await added.take())["user_id"] for _ in range(2)] == ["ada", "bob"]
        await first.unsubscribe(room.name)
        await bob.unsubscribe(room.name)
        assert (await removed.take())["user_id"] == "bob"
        await room.becomes("members", "2")
        assert (await room.state("member_ada")).state == "on"
        await second.unsubscribe(room.name)
        assert (await removed.take())["user_id"] == "ada"


async def test_ids_are_texts_where_a_server_sends_numbers(
    app: AppEntry, server: Backend, room: ChannelEntry
) -> None:
    async with (
        app.hass.events("pusher_channels_member_added") as added,
        app.hass.events("pusher_channels_member_removed") as removed,
        app.hass.events("pusher_channels_event") as events,
        Guest(server, user_id=7) as guest,
    ):
        await guest.subscribe(room.name)
        assert (await added.take())["user_id"] == "7"
        await room.becomes("member_7", "on")
        await guest.trigger(room.name, "client-wave", {})
        assert (await events.take())["user_id"] == "7"
        await guest.unsubscribe(room.name)
        assert (await removed.take())["user_id"] == "7"
        await room.becomes("member_7", "off")


async def test_earlier_members_are_shown_but_did_not_join(app: AppEntry, server: Backend) -> None:
    async with (
        app.hass.events("pusher_channels_member_added") as added,
        Guest(server, user_id="ada") as guest,
    ):
        await guest.subscribe("presence-before")
        channel = await app.add_channel("presence-before", members=["ada"])
        await channel.becomes("member_ada", "on")
        assert (await channel.state("members")).state == "2"
        async with Guest(server, user_id="bob") as second:
            await second.subscribe("presence-before")
            assert (await added.take())["user_id"] == "bob"


async def test_client_events_are_sent_and_received(
    app: AppEntry, server: Backend, room: ChannelEntry
) -> None:
    async with (
        app.hass.events("pusher_channels_event") as events,
        automation(app.hass, "event_received", channel="presence-room", event="client-*") as runs,
        Guest(server, user_id="ada") as guest,
    ):
        await guest.subscribe(room.name)
        await guest.trigger(room.name, "client-typing", {"on": True})
        received = await events.take()
        shown = {"event": "client-typing", "data": {"on": True}, "user_id": "ada", "cached": False}
        assert {"channel": room.name, **shown}.items() <= received.items()
        await room.becomes("event", lambda state: shown.items() <= state.attributes.items())
        assert received.items() <= (await runs.take())["trigger"].items()

        await app.act("trigger", channel=room.name, event="client-light", data={"on": False})
        light = await guest.event(room.name, "client-light")
        assert (light.data, light.user_id) == ({"on": False}, USER_ID)
        await publish(server, room.name, "done", None)
        assert (await events.take())["event"] == "done", "our own client event must not come back"


async def test_client_events_go_over_private_channels_without_a_sender(
    app: AppEntry, server: Backend
) -> None:
    channel = await app.add_channel("private-talk")
    async with app.hass.events("pusher_channels_event") as events, Guest(server) as guest:
        await guest.subscribe(channel.name)
        await guest.trigger(channel.name, "client-typing", [1])
        received = await events.take()
        assert (received["data"], received["user_id"]) == ([1], None)
        await app.act("trigger", channel=channel.name, event="client-light", data="text")
        assert (await guest.event(channel.name, "client-light")).data == "text"


async def test_storm_of_guests_ends_exact(app: AppEntry, server: Backend) -> None:
    channel = await app.add_channel("presence-storm", members=["ada"])
    async with app.hass.events("state_changed") as changes, Guest(server, user_id="ada") as guest:
        for _ in range(15):
            await guest.subscribe(channel.name)
            await guest.unsubscribe(channel.name)
        await guest.subscribe(channel.name)
        await channel.becomes("members", "2")
        await channel.becomes("member_ada", "on")
        members = await channel.entity_id("members")
        written = [change for change in changes.waiting if change["entity_id"] == members]
        assert len(written) < 15
