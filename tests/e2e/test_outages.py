"""A server that is killed, restarted, frozen and thawed: what is shown during the outage, and recovery."""

from collections.abc import AsyncGenerator
from datetime import datetime

import pytest

from .backends import Backend
from .conftest import until_connections
from .entry import USER_ID, AppEntry, ChannelEntry
from .guest import Guest
from .publisher import publish
from .soketi import Soketi

NAMES = ["news", "cache-news", "private-news", "presence-news", "private-encrypted-news"]
MEMBERS = {"presence-news": ["ada"]}


@pytest.fixture(scope="module")
async def channels(app: AppEntry) -> list[ChannelEntry]:
    """Make Home Assistant detect silence quickly, and subscribe to a channel of each kind."""
    await app.set_options(activity_timeout=5, pong_timeout=1, max_reconnect_gap=1)
    return [await app.add_channel(name, members=MEMBERS.get(name, ())) for name in NAMES]


@pytest.fixture(autouse=True)
async def everything_works_at_the_end(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> AsyncGenerator[None]:
    """Check that every test ends with events on every channel, over a single connection."""
    yield
    await app.becomes("connection_state", "connected")
    await until_connections(server, 1)
    for channel in channels:
        await channel.becomes("subscribed", "on")
        await channel.check_receives(server)


async def test_killed_server_is_shown_and_left_behind(
    app: AppEntry, server: Backend, channels: list[ChannelEntry]
) -> None:
    async with (
        app.hass.events("pusher_channels_connection_state") as states,
        app.hass.events("pusher_channels_gap") as gaps,
        app.hass.events("pusher_channels_subscription_succeeded") as joined,
        app.hass.events("pusher_channels_event") as events,
    ):
        before = await app.state("connection_state")
        await server.kill()
        its = {"entry_id": app.entry_id, "device_id": await app.device_id()}
        assert await states.take() == {**its, "state": "reconnecting", "previous": "connected"}
        lost = await app.becomes("connection_state", "reconnecting")
        assert lost.attributes["socket_id"] is None
        assert lost.attributes["last_error"]
        for channel in channels:
            await channel.becomes("event", "unavailable")
            await channel.becomes("subscribed", "off")
        await server.restart()
        assert await states.take() == {**its, "state": "connected", "previous": "reconnecting"}
        back = await app.becomes("connection_state", "connected")
        assert back.attributes["socket_id"] not in (None, before.attributes["socket_id"])

        assert {(await joined.take())["channel"] for _ in NAMES} == set(NAMES)
        gap = await gaps.take()
        assert {key: gap[key] for key in its} == its
        assert sorted(gap["channels"]) == sorted(NAMES)
        assert datetime.fromisoformat(gap["since"]) < datetime.fromisoformat(gap["until"])
        miss = await events.take(lambda event: event["channel"] == "cache-news")
        assert miss["event"] == "pusher:cache_miss", "a new server has kept nothing"
        assert gaps.waiting == states.waiting == []


async def test_frozen_server_is_noticed_and_taken_back_when_it_thaws(
    app: AppEntry, server: Backend
) -> None:
    async with app.hass.events("pusher_channels_gap") as gaps:
        server.freeze()
        try:
            lost = await app.becomes("connection_state", "reconnecting")
            assert lost.attributes["last_error"] == "The server stopped answering"
        finally:
            server.thaw()
        await app.becomes("connection_state", "connected")
        assert sorted((await gaps.take())["channels"]) == sorted(NAMES)


async def test_short_freeze_is_no_outage(app: AppEntry, server: Backend) -> None:
    async with app.hass.events("pusher_channels_connection_state") as states:
        before = await app.state("connection_state")
        server.freeze()
        with pytest.raises(TimeoutError):
            await states.take(timeout=1)
        server.thaw()
        await app.act("trigger", channel="private-news", event="client-x", data=1)
        after = await app.state("connection_state")
        assert after.attributes["socket_id"] == before.attributes["socket_id"]


async def test_members_are_right_after_an_outage(app: AppEntry, server: Backend) -> None:
    room = await app.add_channel("presence-room", members=["ada", "bob"])
    async with (
        app.hass.events("pusher_channels_member_added") as added,
        app.hass.events("pusher_channels_member_removed") as removed,
    ):
        async with Guest(server, user_id="ada") as ada:
            await ada.subscribe(room.name)
            await room.becomes("member_ada", "on")
            await added.take()
            await server.kill()
            await room.becomes("members", "unavailable")
            await room.becomes("member_ada", "unavailable")
        await server.restart()
        await room.becomes("members", "1")
        await room.becomes("member_ada", "off")
        async with Guest(server, user_id="bob") as bob:
            await bob.subscribe(room.name)
            await room.becomes("member_bob", "on")
            state = await room.becomes("members", "2")
            assert state.attributes["members"] == ["bob", USER_ID]
        await room.becomes("members", "1")
        changes = [await added.take(), await removed.take(), await removed.take()]
        assert [(change["user_id"], change["missed"]) for change in changes] == [
            ("bob", False),
            ("ada", True),
            ("bob", False),
        ]
        assert added.waiting == removed.waiting == []
    await room.remove()


async def test_member_who_stays_through_a_freeze_is_there_afterwards(
    app: AppEntry, server: Backend
) -> None:
    room = await app.add_channel("presence-room", members=["ada"])
    async with Guest(server, user_id="ada", activity_timeout=60) as ada:
        await ada.subscribe(room.name)
        await room.becomes("member_ada", "on")
        server.freeze()
        try:
            await room.becomes("members", "unavailable")
        finally:
            server.thaw()
        await room.becomes("member_ada", "on")
        state = await room.becomes("members", "2")
        assert state.attributes["others"] == 1
    await room.becomes("members", "1")
    await room.remove()


async def test_event_triggered_during_an_outage_is_refused_not_kept(
    app: AppEntry, server: Backend
) -> None:
    async with app.hass.events("pusher_channels_event") as events:
        await server.kill()
        await app.becomes("connection_state", "reconnecting")
        client_event = {"channel": "private-news", "event": "client-x", "via": "client"}
        assert await app.refusal("trigger", **client_event) == "not_connected"
        assert await app.refusal("trigger", channel="news", event="x") == "request_failed"
        assert await app.refusal("subscribe", channel="passing") == "not_connected"
        await server.restart()
        await app.becomes("connection_state", "connected")
        await publish(server, "news", "first", 1)
        assert (await events.take(lambda event: event["channel"] == "news"))["event"] == "first"


async def test_server_that_stops_in_good_order_is_left_behind_too(
    app: AppEntry, server: Backend
) -> None:
    if not isinstance(server, Soketi):
        pytest.skip("only a process can be asked to stop")
    async with app.hass.events("pusher_channels_error") as errors:
        await server.stop()
        await errors.take(lambda error: error["code"] == 4200)
        await app.becomes("connection_state", "reconnecting")
        await server.restart()
