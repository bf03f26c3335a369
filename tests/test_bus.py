"""Home Assistant's event bus hears everything that happens, with the fields of the contract."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub import channel_identifier
from devserver import DevServer, frames

from .actions import connected_guest
from .conftest import SetUp, app_entry, channel_subentry, until
from .watch import skip, state_of

ME = "home-assistant-12345678"


class Bus:
    """What came over the bus, without what every event carries, which is checked instead."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._events: dict[str, list[Event]] = {}

    def hear(self, name: str) -> None:
        self._events[name] = async_capture_events(self._hass, f"pusher_channels_{name}")

    def count(self, name: str) -> int:
        return len(self._events[name])

    def heard(self, name: str, *, of: str | None = None) -> list[dict[str, Any]]:
        """Return the events of a channel's device, or of the app's."""
        device_id = self._device_of(of)
        data = [json.loads(json.dumps(event.data)) for event in self._events[name]]
        for it in data:
            assert it.pop("entry_id") == self._entry.entry_id
            assert it.pop("device_id") == device_id
        return data

    def _device_of(self, channel: str | None) -> str:
        entry_id = self._entry.entry_id
        wanted = (
            (DOMAIN, entry_id) if channel is None else channel_identifier(entry_id, f"id-{channel}")
        )
        registry = dr.async_get(self._hass)
        devices = dr.async_entries_for_config_entry(registry, entry_id)
        (device_id,) = (device.id for device in devices if wanted in device.identifiers)
        return device_id


def listening(hass: HomeAssistant, entry: MockConfigEntry, *names: str) -> Bus:
    bus = Bus(hass, entry)
    for name in names:
        bus.hear(name)
    return bus


async def set_up_unjoined(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ({"id": 1, "tags": ["a"]}, {"id": 1, "tags": ["a"]}),
        ("words", "words"),
        ("12", 12),
        ("null", None),
        ('{"broken', '{"broken'),
    ],
)
async def test_event_carries_decoded_data(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, sent: object, heard: object
) -> None:
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "event")
    await set_up(entry)

    await server.publish("orders", "shipped", sent)
    await until(lambda: bus.count("event"))

    assert bus.heard("event", of="orders") == [
        {
            "channel": "orders",
            "event": "shipped",
            "data": heard,
            "user_id": None,
            "cached": False,
        }
    ]


async def test_every_event_is_heard_in_order_however_many(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "event")
    await set_up(entry)

    for number in range(500):
        await server.publish("orders", "tick", number)
    await until(lambda: bus.count("event") == 500)

    assert [it["data"] for it in bus.heard("event", of="orders")] == list(range(500))


async def test_event_that_does_not_pass_the_filter_is_not_heard(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, channel_subentry("orders", events=["order.*"]))
    bus = listening(hass, entry, "event")
    await set_up(entry)

    await server.publish("orders", "billed", 1)
    await server.publish("orders", "order.paid", 2)
    await until(lambda: bus.count("event"))

    assert [it["event"] for it in bus.heard("event", of="orders")] == ["order.paid"]


async def test_encrypted_event_is_heard_in_clear(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-encrypted-room")
    bus = listening(hass, entry, "event")
    await set_up(entry)

    await server.publish("private-encrypted-room", "secret", {"text": "hello"})
    await until(lambda: bus.count("event"))

    (event,) = bus.heard("event", of="private-encrypted-room")
    assert event["data"] == {"text": "hello"}


async def test_client_event_names_its_sender(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = listening(hass, entry, "event")
    await set_up(entry)

    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await guest.send("client-wave", {}, "presence-room")
        await until(lambda: bus.count("event"))

    (event,) = bus.heard("event", of="presence-room")
    assert (event["event"], event["user_id"]) == ("client-wave", "bob")


async def test_stored_event_of_a_cache_channel_is_marked_after_each_join(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await server.publish("cache-price", "changed", 7)
    entry = app_entry(server, "cache-price")
    bus = listening(hass, entry, "event")
    await set_up(entry)
    await until(lambda: bus.count("event") == 1)
    await server.publish("cache-price", "changed", 8)
    await until(lambda: bus.count("event") == 2)

    await server.close_all(4200)
    await until(lambda: bus.count("event") == 3)

    heard = [(it["data"], it["cached"]) for it in bus.heard("event", of="cache-price")]
    assert heard == [(7, True), (8, False), (8, True)]


async def test_cache_miss_comes_as_an_ordinary_event(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "cache-price")
    bus = listening(hass, entry, "event")
    await set_up(entry)
    await until(lambda: bus.count("event"))

    assert bus.heard("event", of="cache-price") == [
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
    bus = listening(hass, entry, "event")
    await set_up(entry)
    await server.wait_subscribed(f"#server-to-user-{ME}")

    await asyncio.to_thread(server.pusher().send_to_user, ME, "greeting", {"text": "hello"})
    await until(lambda: bus.count("event"))

    assert bus.heard("event") == [
        {
            "channel": f"#server-to-user-{ME}",
            "event": "greeting",
            "data": {"text": "hello"},
            "user_id": None,
            "cached": False,
        }
    ]


async def test_member_who_comes_and_goes_is_heard_and_one_who_was_there_is_not(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = listening(hass, entry, "member_added", "member_removed")
    info = {"name": "Bob"}
    async with connected_guest(server) as alice:
        await alice.join("presence-room", {"user_id": "alice"})
        await set_up(entry)
        async with connected_guest(server) as bob:
            await bob.join("presence-room", {"user_id": "bob", "user_info": info})
            await until(lambda: bus.count("member_added"))
        await until(lambda: bus.count("member_removed"))

    bob_is = {"channel": "presence-room", "user_id": "bob", "user_info": info}
    assert bus.heard("member_added", of="presence-room") == [bob_is | {"count": 3}]
    assert bus.heard("member_removed", of="presence-room")[0] == bob_is | {"count": 2}


async def test_member_whose_id_is_a_number_is_heard_as_text(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = listening(hass, entry, "member_added", "member_removed")
    await set_up(entry)

    await server.send_raw(frames.member_added("presence-room", {"user_id": 42}))
    await server.send_raw(frames.member_removed("presence-room", 42))
    await until(lambda: bus.count("member_removed"))

    (added,) = bus.heard("member_added", of="presence-room")
    (removed,) = bus.heard("member_removed", of="presence-room")
    assert (added["user_id"], removed["user_id"]) == ("42", "42")


async def test_member_with_news_of_itself_is_no_new_member(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = listening(hass, entry, "member_added", "member_removed")
    await set_up(entry)

    for name in ("Bob", "Robert"):
        member = {"user_id": "bob", "user_info": name}
        await server.send_raw(frames.member_added("presence-room", member))
    await server.send_raw(frames.member_removed("presence-room", "bob"))
    await until(lambda: bus.count("member_removed"))

    assert bus.count("member_added") == 1
    (removed,) = bus.heard("member_removed", of="presence-room")
    assert (removed["user_info"], removed["count"]) == ("Robert", 1)


async def test_join_is_heard(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "subscription_succeeded")
    await set_up(entry)

    assert bus.heard("subscription_succeeded", of="orders") == [{"channel": "orders"}]


async def test_join_of_a_presence_channel_tells_how_many_are_there_and_who_we_are(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = listening(hass, entry, "subscription_succeeded")
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await set_up(entry)

    assert bus.heard("subscription_succeeded", of="presence-room") == [
        {"channel": "presence-room", "count": 2, "me": ME}
    ]


async def test_join_is_heard_again_after_each_reconnect(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "subscription_succeeded")
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("subscription_succeeded") == 2)


async def test_refused_join_is_heard_with_the_servers_words(
    hass: HomeAssistant, server: DevServer
) -> None:
    answer = frames.subscription_error("orders", "Not for you", 403, "AuthError")
    server.faults.subscribe_answers["orders"] = answer
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "subscription_error")

    await set_up_unjoined(hass, entry)
    await until(lambda: bus.count("subscription_error"))

    assert bus.heard("subscription_error", of="orders") == [
        {"channel": "orders", "type": "AuthError", "error": "Not for you", "status": 403}
    ]


async def test_join_that_is_not_answered_is_heard_as_a_timeout(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"orders"}
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "subscription_error")

    await set_up_unjoined(hass, entry)
    await server.wait_received("pusher:subscribe")
    await skip(hass, 11)
    await until(lambda: bus.count("subscription_error"))

    (error,) = bus.heard("subscription_error", of="orders")
    assert (error["type"], error["status"]) == ("Timeout", 0)


async def test_event_that_cannot_be_decrypted_is_heard_without_its_data(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-encrypted-room")
    bus = listening(hass, entry, "event", "decryption_failure")
    await set_up(entry)

    await server.send_raw(frames.event("private-encrypted-room", "secret", "in the clear"))
    await server.publish("private-encrypted-room", "secret", "sealed")
    await until(lambda: bus.count("event"))

    (failure,) = bus.heard("decryption_failure", of="private-encrypted-room")
    assert failure.pop("reason")
    assert failure == {"channel": "private-encrypted-room", "event": "secret"}
    (event,) = bus.heard("event", of="private-encrypted-room")
    assert event["data"] == "sealed"


async def test_error_of_the_server_is_heard(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = listening(hass, entry, "error")
    await set_up(entry)

    await server.send_raw(frames.error(4301, "Too fast"))
    await until(lambda: bus.count("error"))

    assert bus.heard("error") == [{"code": 4301, "message": "Too fast"}]


async def test_frame_that_is_no_frame_is_heard_and_the_connection_lives_on(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = listening(hass, entry, "error", "event")
    await set_up(entry)

    await server.send_raw("no json")
    await server.send_raw(b"\x00")
    await server.publish("orders", "shipped", 1)
    await until(lambda: bus.count("event"))

    errors = bus.heard("error")
    assert [error["code"] for error in errors] == [None, None]
    assert all(error["message"] for error in errors)


async def test_lost_connection_is_heard_as_an_error(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = listening(hass, entry, "error")
    await set_up(entry)

    await server.close_all(4201, "Pong was late")
    await until(lambda: bus.count("error"))

    assert bus.heard("error") == [{"code": 4201, "message": "Pong was late"}]


async def test_refused_sign_in_is_heard_as_an_error(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    server.faults.auth_status = 403
    entry = app_entry(
        server,
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
        user_auth_endpoint=server.user_auth_url,
        options={"sign_in": True},
    )
    bus = listening(hass, entry, "error")
    await set_up(entry)
    await until(lambda: bus.count("error"))

    (error,) = bus.heard("error")
    assert error["code"] == 403
    assert error["message"]


async def test_sign_in_without_anyone_who_could_vouch_is_an_error_without_a_code(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, authorization="auth_none", options={"sign_in": True})
    bus = listening(hass, entry, "error")
    await set_up(entry)
    await until(lambda: bus.count("error"))

    (error,) = bus.heard("error")
    assert error["code"] is None


async def test_each_change_of_the_connection_is_heard(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = listening(hass, entry, "connection_state")
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("connection_state") == 2)
    assert await hass.config_entries.async_unload(entry.entry_id)

    steps = [(it["previous"], it["state"]) for it in bus.heard("connection_state")]
    assert steps == [
        ("connected", "reconnecting"),
        ("reconnecting", "connected"),
        ("connected", "disconnecting"),
        ("disconnecting", "disconnected"),
    ]


async def test_gap_tells_when_and_on_which_channels_nothing_could_be_heard(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "private-room")
    bus = listening(hass, entry, "gap")
    before = dt_util.utcnow()
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("gap"))

    (gap,) = bus.heard("gap")
    since, until_ = datetime.fromisoformat(gap["since"]), datetime.fromisoformat(gap["until"])
    assert sorted(gap["channels"]) == ["orders", "private-room"]
    slack = timedelta(seconds=0.1)
    assert before - slack <= since <= until_ <= dt_util.utcnow() + slack


async def test_nothing_is_heard_of_a_channel_after_its_removal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "news")
    bus = listening(hass, entry, "event")
    await set_up(entry)

    hass.config_entries.async_remove_subentry(entry, "id-orders")
    await hass.async_block_till_done()
    await server.send_raw(frames.event("orders", "shipped", 1))
    await server.publish("news", "flash", 2)
    await until(lambda: bus.count("event"))

    assert [it["channel"] for it in bus.heard("event", of="news")] == ["news"]
    assert state_of(hass, "event.news").attributes["event"] == "flash"
