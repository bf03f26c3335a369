"""The actions that send: over our own connection or by the server API, to channels and in batches."""

from typing import Any

import pytest

from tools.harness import CallError

from .backends import Backend
from .conftest import until_connections
from .entry import USER_ID, AppEntry, ChannelEntry
from .guest import Guest
from .publisher import publish
from .soketi import Soketi

TALK = "private-talk"
ROOM = "presence-room"
ENCRYPTED = "private-encrypted-vault"
PUBLIC = "news"


@pytest.fixture(scope="module", autouse=True)
async def channels(app: AppEntry) -> dict[str, ChannelEntry]:
    """Add the channels of this file."""
    return {name: await app.add_channel(name) for name in (TALK, ROOM, ENCRYPTED, PUBLIC)}


@pytest.mark.parametrize("channel", [TALK, ROOM])
@pytest.mark.parametrize("via", [{}, {"via": "auto"}, {"via": "client"}])
async def test_client_event_is_sent_over_the_connection(
    app: AppEntry, server: Backend, channel: str, via: dict[str, str]
) -> None:
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        answer = await app.ask(
            "trigger", channel=channel, event="client-light", data={"on": True}, **via
        )
        assert answer == {"via": "client", "channels": {channel: {}}}
        light = await guest.event(channel, "client-light")
        assert light.data == {"on": True}
        assert light.user_id == (USER_ID if channel == ROOM else None)


@pytest.mark.parametrize("via", [{}, {"via": "auto"}, {"via": "server"}])
@pytest.mark.parametrize("channel", [PUBLIC, TALK, ROOM, ENCRYPTED])
async def test_event_is_sent_by_the_server_api(
    app: AppEntry, server: Backend, channel: str, via: dict[str, str]
) -> None:
    async with app.hass.events("pusher_channels_event") as events, Guest(server) as guest:
        await guest.subscribe(channel)
        await app.act("trigger", channel=channel, event="light", data={"on": True}, **via)
        assert (await guest.event(channel, "light")).data == {"on": True}
        received = await events.take(lambda event: event["channel"] == channel)
        assert (received["event"], received["data"]) == ("light", {"on": True})


async def test_client_event_is_sent_by_the_server_api_where_the_connection_cannot(
    app: AppEntry, server: Backend
) -> None:
    async with Guest(server) as guest:
        for channel in (PUBLIC, ENCRYPTED, "private-elsewhere"):
            await guest.subscribe(channel)
            answer = await app.ask("trigger", channel=channel, event="client-light", data=1)
            assert answer["via"] == "server"
            assert (await guest.event(channel, "client-light")).data == 1


async def test_response_has_the_counts_of_the_server(app: AppEntry, server: Backend) -> None:
    async with Guest(server, user_id="ada") as guest:
        await guest.subscribe(ROOM)
        info = ["user_count", "subscription_count"]
        answer = await app.ask("trigger", channels=[ROOM], event="light", data=1, info=info)
        counts = {} if isinstance(server, Soketi) else {"user_count": 2, "subscription_count": 2}
        assert answer == {"via": "server", "channels": {ROOM: counts}}, (
            "soketi does not count in this answer"
        )
        answer = await app.ask("trigger", channels=[ROOM, PUBLIC], event="light", data=1)
        assert answer["channels"].keys() == {ROOM, PUBLIC}


async def test_event_is_sent_to_all_channels_and_on_request_not_to_the_sender(
    app: AppEntry, server: Backend
) -> None:
    async with app.hass.events("pusher_channels_event") as events, Guest(server) as guest:
        for channel in (PUBLIC, TALK):
            await guest.subscribe(channel)
        fields = {"channels": [PUBLIC, TALK], "event": "dimmed", "data": {"on": 1}}
        await app.act("trigger", **fields, exclude_self=True)
        for channel in (PUBLIC, TALK):
            assert (await guest.event(channel, "dimmed")).data == {"on": 1}
        await publish(server, PUBLIC, "done", None)
        assert (await events.take(_is_of_this_test))["event"] == "done"
        await app.act("trigger", **fields)
        channels = {(await events.take(_is_of_this_test))["channel"] for _ in range(2)}
        assert channels == {PUBLIC, TALK}


def _is_of_this_test(event: dict[str, Any]) -> bool:
    return event["event"] in ("dimmed", "done")


@pytest.mark.parametrize(
    ("given", "sent"),
    [("plain text", "plain text"), ({"a": [1, None, "ü"]}, {"a": [1, None, "ü"]}), (12.5, 12.5)],
)
async def test_text_is_sent_unchanged_and_other_data_as_json(
    app: AppEntry, server: Backend, given: object, sent: object
) -> None:
    async with app.hass.events("pusher_channels_event") as events, Guest(server) as guest:
        for channel in (PUBLIC, ENCRYPTED):
            await guest.subscribe(channel)
            await app.act("trigger", channel=channel, event="note", data=given)
            assert (await guest.event(channel, "note")).data == sent
            assert (await events.take())["data"] == sent


async def test_event_without_data_is_sent(app: AppEntry, server: Backend) -> None:
    async with Guest(server) as guest:
        await guest.subscribe(TALK)
        await app.act("trigger", channel=TALK, event="bell")
        await guest.event(TALK, "bell")
        await app.act("trigger", channel=TALK, event="client-bell")
        await guest.event(TALK, "client-bell")


async def test_batch_is_sent_to_each_channel_and_encrypted_where_needed(
    app: AppEntry, server: Backend
) -> None:
    async with app.hass.events("pusher_channels_event") as events, Guest(server) as guest:
        batch: list[dict[str, Any]] = [
            {"channel": PUBLIC, "event": "one", "data": {"n": 1}},
            {"channel": ENCRYPTED, "event": "two", "data": "two"},
            {"channel": ROOM, "event": "three"},
        ]
        for event in batch:
            await guest.subscribe(event["channel"])
        await app.act("trigger_batch", events=batch)
        assert (await guest.event(PUBLIC, "one")).data == {"n": 1}
        assert (await guest.event(ENCRYPTED, "two")).data == "two"
        await guest.event(ROOM, "three")
        assert [(await events.take())["event"] for _ in batch] == ["one", "two", "three"]


NEVER_SENT = {"event": "client-x", "via": "client"}


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("trigger", {"channel": "no channel", "event": "x"}, "invalid_channel_name"),
        ("trigger", {"channel": TALK, "event": "x" * 201}, "invalid_event_name"),
        ("trigger", {"channel": TALK, "event": ""}, "invalid_event_name"),
        ("trigger", {"event": "x"}, "channel_or_channels"),
        ("trigger", {"channel": TALK, "channels": [TALK], "event": "x"}, "channel_or_channels"),
        (
            "trigger",
            {"channels": [f"c{number}" for number in range(101)], "event": "x"},
            "too_many_channels",
        ),
        ("trigger", {"channels": [PUBLIC, ENCRYPTED], "event": "x"}, "encrypted_channel_alone"),
        ("trigger", {"channel": PUBLIC, "event": "x", "data": "x" * 10_241}, "data_too_large"),
        ("trigger", {"channel": TALK, "event": "client-x", "data": "x" * 10_241}, "data_too_large"),
        ("trigger", {**NEVER_SENT, "channel": "private-unknown"}, "channel_not_subscribed"),
        ("trigger", {**NEVER_SENT, "channel": PUBLIC}, "client_event_channel"),
        ("trigger", {**NEVER_SENT, "channel": ENCRYPTED}, "client_event_channel"),
        ("trigger", {"channel": TALK, "event": "x", "via": "client"}, "client_event_name"),
        ("trigger_batch", {"events": [{"channel": PUBLIC, "event": "x"}] * 11}, "too_many_events"),
        (
            "trigger_batch",
            {"events": [{"channel": "no channel", "event": "x"}]},
            "invalid_channel_name",
        ),
    ],
)
async def test_invalid_event_is_refused_with_the_reason(
    app: AppEntry, action: str, fields: dict[str, object], key: str
) -> None:
    with pytest.raises(CallError) as refused:
        await app.act(action, **fields)
    assert (refused.value.code, refused.value.translation_key) == ("service_validation_error", key)


async def test_too_many_client_events_are_reported_on_the_bus(
    app: AppEntry, server: Backend
) -> None:
    action = {
        "action": "pusher_channels.trigger",
        "data": {
            "config_entry_id": app.entry_id,
            "channel": TALK,
            "event": "client-count",
            "data": 1,
        },
    }
    async with (
        app.hass.events("pusher_channels_error") as errors,
        app.hass.events("pusher_channels_event") as events,
    ):
        await app.hass.call(
            "execute_script", sequence=[{"repeat": {"count": 30, "sequence": [action]}}]
        )
        error = await errors.take()
        assert error["code"] == 4301
        assert error["message"] == "The rate limit for sending client events exceeded the quota."
        assert (error["entry_id"], error["device_id"]) == (app.entry_id, await app.device_id())
        await publish(server, TALK, "still", "here")
        assert (await events.take())["event"] == "still"
        assert (await app.state("connection_state")).state == "connected"


async def test_sending_needs_no_connection(app: AppEntry, server: Backend) -> None:
    switch = await app.entity_id("connection")
    await app.hass.call_service("switch", "turn_off", {"entity_id": switch})
    await app.becomes("connection_state", "disconnected")
    with pytest.raises(CallError) as refused:
        await app.act("trigger", channel=TALK, event="client-x", via="client")
    assert refused.value.translation_key == "not_connected"
    async with Guest(server) as guest:
        await guest.subscribe(TALK)
        await app.act("trigger", channel=TALK, event="by-the-server", data=1)
        await guest.event(TALK, "by-the-server")
    await app.hass.call_service("switch", "turn_on", {"entity_id": switch})
    await app.becomes("connection_state", "connected")
    await until_connections(server, 1)
