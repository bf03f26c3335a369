"""The parts that nobody here wrote work with each other, so that a red test elsewhere is about this project."""

import asyncio
import base64

import pytest

from .apps import APP_1, APP_2, App
from .guest import Error, Guest, GuestError, Json, State
from .publisher import publisher, terminate_user_connections
from .soketi import Soketi

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
ORDER: Json = {"order": 7, "items": ["ä", None, 1.5]}


async def publish(server: Soketi, channel: str, event: str, data: Json, app: App = APP_1) -> None:
    """Publish one event through the server with the official library."""
    official = publisher(server.host, server.port, app, MASTER_KEY)
    await asyncio.to_thread(official.trigger, channel, event, data)


@pytest.mark.parametrize("channel", ["shop", "private-shop", "presence-shop", "private-encrypted-shop", "cache-shop"])
async def test_published_event_reaches_the_guest(soketi: Soketi, channel: str) -> None:
    async with Guest(soketi.host, soketi.port, encryption_master_key=MASTER_KEY) as guest:
        await guest.subscribe(channel)
        await publish(soketi, channel, "order.shipped", ORDER)
        assert (await guest.event(channel, "order.shipped")).data == ORDER


async def test_each_app_hears_only_its_own_events(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port, APP_1) as first, Guest(soketi.host, soketi.port, APP_2) as second:
        await first.subscribe("shop")
        await second.subscribe("shop")
        await publish(soketi, "shop", "for-first", 1, APP_1)
        await publish(soketi, "shop", "for-second", 2, APP_2)
        await first.event("shop", "for-first")
        await second.event("shop", "for-second")
        assert first.messages == second.messages == []


async def test_cache_channel_repeats_its_last_event_to_who_joins_later(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port) as guest:
        await guest.subscribe("cache-shop")
        await guest.event("cache-shop", "pusher:cache_miss")
        await publish(soketi, "cache-shop", "price", "12.50")
        await guest.event("cache-shop", "price")
        async with Guest(soketi.host, soketi.port) as late:
            await late.subscribe("cache-shop")
            assert (await late.event("cache-shop", "price")).data == 12.5


async def test_guests_see_each_other_come_talk_and_go(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port, user_id="ada", user_info={"name": "Ada"}) as ada:
        await ada.subscribe("presence-room")
        async with Guest(soketi.host, soketi.port, user_id="bob", user_info={"name": "Bob"}) as bob:
            members = await bob.subscribe("presence-room")
            assert isinstance(members, dict)
            assert members["members"] == {"ada": {"name": "Ada"}, "bob": {"name": "Bob"}}
            added = await ada.event("presence-room", "pusher:member_added")
            assert added.data == {"id": "bob", "info": {"name": "Bob"}}

            await bob.trigger("presence-room", "client-typing", {"on": True})
            heard = await ada.event("presence-room", "client-typing")
            assert (heard.user_id, heard.data) == ("bob", {"on": True})

            await bob.unsubscribe("presence-room")
            removed = await ada.event("presence-room", "pusher:member_removed")
            assert removed.data == {"id": "bob", "info": {"name": "Bob"}}


async def test_too_many_client_events_are_refused(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port) as guest:
        await guest.subscribe("private-shop")
        for number in range(11):
            await guest.trigger("private-shop", "client-count", number)
        await guest.expect(Error, lambda seen: "4301" in str(seen.data))


async def test_guest_that_left_can_send_nothing(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port) as guest:
        await guest.subscribe("private-shop")
        await guest.disconnect()
        with pytest.raises(GuestError, match="not sent"):
            await guest.trigger("private-shop", "client-late", {})


async def test_signed_in_user_is_reached_by_id_and_can_be_disconnected(soketi: Soketi) -> None:
    official = publisher(soketi.host, soketi.port)
    async with Guest(soketi.host, soketi.port, user_id="ada") as guest:
        await guest.sign_in()
        await asyncio.to_thread(official.send_to_user, "ada", "hello", {"n": 1})
        assert (await guest.event(None, "hello")).data == {"n": 1}
        await asyncio.to_thread(terminate_user_connections, official, APP_1, "ada")
        await guest.expect(Error, lambda seen: "4009" in str(seen.data))


async def test_wrong_secret_is_refused_on_the_socket(soketi: Soketi) -> None:
    stranger = App(APP_1.app_id, APP_1.key, "wrong")
    async with Guest(soketi.host, soketi.port, stranger) as guest:
        with pytest.raises(GuestError, match="401"):
            await guest.subscribe("private-shop")
        with pytest.raises(GuestError, match="sign in"):
            await guest.sign_in()


async def test_wrong_secret_publishes_nothing_although_soketi_answers_200(soketi: Soketi) -> None:
    official = publisher(soketi.host, soketi.port, App(APP_1.app_id, APP_1.key, "wrong"))
    async with Guest(soketi.host, soketi.port) as guest:
        await guest.subscribe("shop")
        answer = await asyncio.to_thread(official.trigger, "shop", "forged", 1)
        assert answer["code"] == 401
        await publish(soketi, "shop", "genuine", 2)
        await guest.event("shop", "genuine")
        assert guest.messages == []


async def test_who_does_not_sign_in_in_time_is_disconnected() -> None:
    async with Soketi(sign_in_timeout=0.5) as server, Guest(server.host, server.port) as guest:
        await guest.expect(Error, lambda seen: "4009" in str(seen.data))
        await guest.state("disconnected")


async def test_guest_is_back_after_the_server_was_killed(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port) as guest:
        await guest.subscribe("shop")
        await soketi.kill()
        await guest.expect(State, lambda seen: seen.previous == "connected")
        await soketi.restart()
        await guest.state("connected", timeout=30)
        await guest.event("shop", "pusher:subscription_succeeded")
        await publish(soketi, "shop", "again", 1)
        await guest.event("shop", "again")


async def test_stopping_server_says_4200_and_ends(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port) as guest:
        await soketi.stop()
        await guest.expect(Error, lambda seen: "4200" in str(seen.data))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(soketi.host, soketi.port)


async def test_guest_notices_a_frozen_server_and_is_back_when_it_thaws(soketi: Soketi) -> None:
    async with Guest(soketi.host, soketi.port, activity_timeout=0.5, pong_timeout=0.5) as guest:
        soketi.freeze()
        await guest.expect(State, lambda seen: seen.previous == "connected")
        soketi.thaw()
        await guest.state("connected", timeout=30)


async def test_server_that_cannot_start_says_why(soketi: Soketi) -> None:
    with pytest.raises(RuntimeError, match="EADDRINUSE"):
        async with Soketi(soketi.port):
            pass


async def test_no_process_outlives_its_context() -> None:
    async with Soketi() as server, Guest(server.host, server.port):
        server.freeze()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)
