"""Channels of every kind: added through their flow, received on the bus and in entities, changed and removed live."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from tools.harness import Event

from .apps import APP_1, APP_2
from .backends import Backend, OwnServer
from .entry import AppEntry
from .publisher import publish, publisher

KINDS = [
    "",
    "cache-",
    "private-",
    "private-cache-",
    "presence-",
    "presence-cache-",
    "private-encrypted-",
    "private-encrypted-cache-",
]
CACHES = [kind for kind in KINDS if kind.endswith("cache-")]
ORDER = {"order": 7, "items": ["ä", None, 1.5], "paid": True}


@pytest.mark.parametrize("kind", KINDS)
async def test_event_reaches_bus_and_entity_with_its_data_decoded(
    app: AppEntry, server: Backend, kind: str
) -> None:
    channel = await app.add_channel(f"{kind}orders")
    async with app.hass.events("pusher_channels_event") as events:
        await publish(server, channel.name, "order.shipped", ORDER)
        event = await events.take(lambda event: event["event"] == "order.shipped")
    shown = {"event": "order.shipped", "data": ORDER, "user_id": None, "cached": False}
    device_id = await channel.device_id()
    assert event == {
        "entry_id": app.entry_id,
        "device_id": device_id,
        "channel": channel.name,
        **shown,
    }
    state = await channel.becomes("event", lambda state: state.attributes["data"] == ORDER)
    assert state.attributes["event_type"] == "received"
    assert shown.items() <= state.attributes.items()


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("plain text", "plain text"),
        ("12.50", 12.5),
        ('{"broken": ', '{"broken": '),
        ([1, "2"], [1, "2"]),
        ("😀", "😀"),
    ],
)
async def test_data_that_is_no_json_stays_text(
    app: AppEntry, server: Backend, sent: object, received: object
) -> None:
    async with app.hass.events("pusher_channels_event") as events:
        await publish(server, "private-encrypted-orders", "note", sent)
        assert (await events.take())["data"] == received
        await publish(server, "orders", "note", sent)
        assert (await events.take())["data"] == received


async def test_cache_channel_resends_its_event_or_reports_a_miss(
    app: AppEntry, server: Backend
) -> None:
    names = [f"{kind}prices" for kind in CACHES]
    async with app.hass.events("pusher_channels_event") as events:
        for name in names:
            await app.add_channel(name)
            miss = await events.take(_on(name))
            assert (miss["event"], miss["data"], miss["cached"]) == (
                "pusher:cache_miss",
                None,
                False,
            )
            await publish(server, name, "price", {"of": name})
            price = await events.take(_on(name))
            assert (price["data"], price["cached"]) == ({"of": name}, False)
        await app.reload()
        for name in names:
            kept = await events.take(_on(name))
            assert (kept["event"], kept["data"], kept["cached"]) == ("price", {"of": name}, True)
            await publish(server, name, "price", "next")
            news = await events.take(_on(name))
            assert (news["data"], news["cached"]) == ("next", False)


async def test_only_events_that_match_the_filter_are_received(
    app: AppEntry, server: Backend
) -> None:
    channel = await app.add_channel("private-filtered", events=["order.shipped", "stock.*"])
    assert (await channel.state("event")).attributes["event_types"] == ["order.shipped", "other"]
    async with app.hass.events("pusher_channels_event") as events:
        for number, name in enumerate(["order.lost", "order.shipped", "stocks", "stock.low"]):
            await publish(server, channel.name, name, number)
        assert (await events.take())["event"] == "order.shipped"
        assert (await events.take())["event"] == "stock.low"
    state = await channel.becomes("event", lambda state: state.attributes["data"] == 3)
    assert state.attributes["event_type"] == "other"


async def test_burst_is_received_completely_and_in_order(app: AppEntry, server: Backend) -> None:
    channel = await app.add_channel("burst")
    batches = [
        [
            {"channel": channel.name, "name": "count", "data": str(10 * batch + number)}
            for number in range(10)
        ]
        for batch in range(10)
    ]
    official = publisher(server)
    async with app.hass.events("pusher_channels_event") as events:
        for batch in batches:
            await asyncio.to_thread(official.trigger_batch, batch)
        assert [(await events.take())["data"] for _ in range(100)] == list(range(100))
    await channel.becomes("event", lambda state: state.attributes["data"] == 99)


async def test_channels_are_added_changed_and_removed_while_connection_and_others_stay(
    app: AppEntry, server: Backend
) -> None:
    stays = await app.add_channel("private-stays")
    async with (
        app.hass.events("pusher_channels_connection_state") as states,
        app.hass.events("pusher_channels_subscription_succeeded") as joined,
        app.hass.events("pusher_channels_event") as events,
    ):
        channel = await app.add_channel("private-before")
        assert (await joined.take())["channel"] == "private-before"
        entity_id = await channel.entity_id("event")

        steps = await channel.change()
        await steps.submit(channel="private-after")
        assert steps.result["reason"] == "reconfigure_successful"
        assert (await joined.take())["channel"] == "private-after"
        await publish(server, "private-before", "nobody", "listens")
        await publish(server, "private-after", "hello", "again")
        assert (await events.take())["event"] == "hello"
        assert await channel.entity_id("event") == entity_id

        await channel.remove()
        await publish(server, "private-after", "nobody", "listens")
        await publish(server, stays.name, "still", "here")
        assert (await events.take())["event"] == "still"
        assert await app.hass.state(entity_id) is None
        assert joined.waiting == states.waiting == []
    occupied = await asyncio.to_thread(publisher(server).channels_info, "private-")
    assert "private-stays" in occupied["channels"]
    assert not {"private-before", "private-after"} & occupied["channels"].keys()


@pytest.mark.parametrize("name", ["no channel", "x" * 165, "#server-to-user-1", "été"])
async def test_impossible_name_is_refused(app: AppEntry, name: str) -> None:
    steps = await app.hass.start_channel_flow(app.entry_id)
    await steps.submit(channel=name)
    assert steps.result["errors"] == {"base": "invalid_channel_name"}
    await steps.abandon()


async def test_channel_keeps_its_kind_and_is_there_once(app: AppEntry) -> None:
    channel = await app.add_channel("presence-once")
    steps = await channel.change()
    await steps.submit(channel="private-once")
    assert steps.result["errors"] == {"base": "channel_kind_changed"}
    await steps.abandon()
    steps = await app.hass.start_channel_flow(app.entry_id)
    await steps.submit(channel="presence-once")
    assert (steps.result["type"], steps.result["reason"]) == ("abort", "already_configured")


async def test_members_and_events_are_changed_in_place(app: AppEntry, server: Backend) -> None:
    channel = await app.add_channel("presence-changing", members=["ada"])
    gone = await channel.entity_id("member_ada")
    steps = await channel.change()
    await steps.submit(channel=channel.name, events=["wanted"], members=["grace"])
    assert steps.result["reason"] == "reconfigure_successful"
    assert (
        (await channel.becomes("member_grace", "off"))
        .attributes["friendly_name"]
        .endswith("Member grace")
    )
    assert await app.hass.state(gone) is None
    await channel.becomes("subscribed", "on")
    async with app.hass.events("pusher_channels_event") as events:
        await publish(server, channel.name, "unwanted", 1)
        await publish(server, channel.name, "wanted", 2)
        assert (await events.take())["event"] == "wanted"


async def test_event_encrypted_with_another_key_is_reported_and_skipped(
    app: AppEntry, server: Backend
) -> None:
    channel = await app.add_channel("private-encrypted-vault")
    other = await app.add_channel("private-encrypted-other")
    stranger = replace(APP_1, master_key=APP_2.master_key)
    async with app.hass.events("pusher_channels_decryption_failure") as failures:
        await publish(server, channel.name, "forged", "canary", stranger)
        assert await failures.take() == {
            "entry_id": app.entry_id,
            "device_id": await channel.device_id(),
            "channel": channel.name,
            "event": "forged",
            "reason": "The shared secret does not fit the data",
        }
        await channel.check_receives(server)
        await other.check_receives(server)
        assert failures.waiting == []


@pytest.mark.parametrize(
    "frame", ["plain text", "[]", '{"event": 5}', '{"event":', "null", b"\x00binary"]
)
async def test_broken_frame_is_reported_and_affects_nothing(
    app: AppEntry, server: Backend, frame: str | bytes
) -> None:
    if not isinstance(server, OwnServer):
        pytest.skip("soketi sends no broken frames")
    channel = await app.add_channel(f"unbroken-{secrets.token_hex(4)}")
    async with (
        app.hass.events("pusher_channels_error") as errors,
        app.hass.events("pusher_channels_connection_state") as states,
    ):
        await server.server.send_raw(frame)
        error = await errors.take()
        assert (error["entry_id"], error["code"]) == (app.entry_id, None)
        assert error["message"]
        await channel.check_receives(server)
        assert states.waiting == []


def _on(channel: str) -> Callable[[Event], bool]:
    return lambda event: event["channel"] == channel
