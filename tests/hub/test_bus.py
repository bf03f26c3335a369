"""Each event and each member is fired on the bus, with the fields of the contract."""

import asyncio

import pytest
from homeassistant.core import HomeAssistant

from tools.devserver import DevServer, frames

from ..actions import connected_guest
from ..bus_events import capture_bus_events
from ..conftest import SetUp, app_entry, channel_subentry, until
from ..home_assistant import state_of

ME = "home-assistant-12345678"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"id": 1, "tags": ["a"]}, {"id": 1, "tags": ["a"]}),
        ("text", "text"),
        ("12", 12),
        ("null", None),
        ('{"broken', '{"broken'),
    ],
)
async def test_event_carries_decoded_data(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, sent: object, expected: object
) -> None:
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    await server.publish("orders", "shipped", sent)
    await until(lambda: bus.count("event"))

    assert bus.fired("event", of="orders") == [
        {
            "channel": "orders",
            "event": "shipped",
            "data": expected,
            "user_id": None,
            "cached": False,
        }
    ]


async def test_every_event_is_fired_in_order(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    for number in range(500):
        await server.publish("orders", "tick", number)
    await until(lambda: bus.count("event") == 500)

    assert [it["data"] for it in bus.fired("event", of="orders")] == list(range(500))


async def test_event_that_does_not_pass_the_filter_is_not_fired(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", events=["order.*"]))
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    await server.publish("orders", "billed", 1)
    await server.publish("orders", "order.paid", 2)
    await until(lambda: bus.count("event"))

    assert [it["event"] for it in bus.fired("event", of="orders")] == ["order.paid"]


async def test_encrypted_event_is_fired_decrypted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-encrypted-room")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    await server.publish("private-encrypted-room", "secret", {"text": "hello"})
    await until(lambda: bus.count("event"))

    (event,) = bus.fired("event", of="private-encrypted-room")
    assert event["data"] == {"text": "hello"}


async def test_client_event_names_its_sender(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await guest.send("client-wave", {}, "presence-room")
        await until(lambda: bus.count("event"))

    (event,) = bus.fired("event", of="presence-room")
    assert (event["event"], event["user_id"]) == ("client-wave", "bob")


async def test_stored_event_of_a_cache_channel_is_marked_after_each_subscription(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await server.publish("cache-price", "changed", 7)
    entry = app_entry(server, "cache-price")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)
    await until(lambda: bus.count("event") == 1)
    await server.publish("cache-price", "changed", 8)
    await until(lambda: bus.count("event") == 2)

    await server.close_all(4200)
    await until(lambda: bus.count("event") == 3)

    fired = [(it["data"], it["cached"]) for it in bus.fired("event", of="cache-price")]
    assert fired == [(7, True), (8, False), (8, True)]


async def test_cache_miss_is_an_ordinary_event(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "cache-price")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)
    await until(lambda: bus.count("event"))

    assert bus.fired("event", of="cache-price") == [
        {
            "channel": "cache-price",
            "event": "pusher:cache_miss",
            "data": None,
            "user_id": None,
            "cached": False,
        }
    ]


async def test_event_for_the_user_belongs_to_the_app(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, options={"sign_in": True})
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)
    await server.wait_subscribed(f"#server-to-user-{ME}")

    await asyncio.to_thread(server.pusher().send_to_user, ME, "greeting", {"text": "hello"})
    await until(lambda: bus.count("event"))

    assert bus.fired("event") == [
        {
            "channel": f"#server-to-user-{ME}",
            "event": "greeting",
            "data": {"text": "hello"},
            "user_id": None,
            "cached": False,
        }
    ]


async def test_members_who_join_and_leave_are_fired_and_earlier_ones_are_not(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = capture_bus_events(hass, entry, "member_added", "member_removed")
    info = {"name": "Bob"}
    async with connected_guest(server) as alice:
        await alice.join("presence-room", {"user_id": "alice"})
        await set_up(entry)
        async with connected_guest(server) as bob:
            await bob.join("presence-room", {"user_id": "bob", "user_info": info})
            await until(lambda: bus.count("member_added"))
        await until(lambda: bus.count("member_removed"))

    bob_is = {"channel": "presence-room", "user_id": "bob", "user_info": info}
    assert bus.fired("member_added", of="presence-room") == [bob_is | {"count": 3, "missed": False}]
    assert bus.fired("member_removed", of="presence-room")[0] == bob_is | {
        "count": 2,
        "missed": False,
    }


async def test_count_is_the_servers_also_where_its_list_is_shorter(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    members = {"count": 40, "ids": ["alice"], "hash": {}}
    answer = frames.subscription_succeeded("presence-room", members)
    server.faults.subscribe_answers["presence-room"] = answer
    entry = app_entry(server, "presence-room")
    names = ("subscription_succeeded", "member_added", "member_removed")
    bus = capture_bus_events(hass, entry, *names)
    await set_up(entry)

    await server.send_raw(frames.member_added("presence-room", {"user_id": "bob"}))
    await server.send_raw(frames.member_removed("presence-room", "bob"))
    await until(lambda: bus.count("member_removed"))

    counts = [bus.fired(name, of="presence-room")[0]["count"] for name in names]
    assert counts == [40, 41, 40]


async def test_numeric_member_id_is_fired_as_text(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = capture_bus_events(hass, entry, "member_added", "member_removed")
    await set_up(entry)

    await server.send_raw(frames.member_added("presence-room", {"user_id": 42}))
    await server.send_raw(frames.member_removed("presence-room", 42))
    await until(lambda: bus.count("member_removed"))

    (added,) = bus.fired("member_added", of="presence-room")
    (removed,) = bus.fired("member_removed", of="presence-room")
    assert (added["user_id"], removed["user_id"]) == ("42", "42")


async def test_member_with_changed_information_is_no_new_member(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = capture_bus_events(hass, entry, "member_added", "member_removed")
    await set_up(entry)

    for name in ("Bob", "Robert"):
        member = {"user_id": "bob", "user_info": name}
        await server.send_raw(frames.member_added("presence-room", member))
    await server.send_raw(frames.member_removed("presence-room", "bob"))
    await until(lambda: bus.count("member_removed"))

    assert bus.count("member_added") == 1
    (removed,) = bus.fired("member_removed", of="presence-room")
    assert (removed["user_info"], removed["count"]) == ("Robert", 1)


async def test_nothing_is_fired_for_a_removed_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    bus = capture_bus_events(hass, entry, "event")
    await set_up(entry)

    hass.config_entries.async_remove_subentry(entry, "id-orders")
    await hass.async_block_till_done()
    await server.send_raw(frames.event("orders", "shipped", 1))
    await server.publish("news", "flash", 2)
    await until(lambda: bus.count("event"))

    assert [it["channel"] for it in bus.fired("event", of="news")] == ["news"]
    assert state_of(hass, "event.news").attributes["event"] == "flash"
