"""The third-party parts work with each other, so that a red test elsewhere is about this project.

Seen from a guest and a publisher, the dev server has to behave like soketi.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from .apps import APP_1, APP_2
from .backends import Backend
from .guest import Error, Guest, GuestError, Json, State
from .publisher import publish, publisher, send_to_user, terminate_user_connections
from .soketi import Soketi

ORDER: Json = {"order": 7, "items": ["ä", None, 1.5]}
IMPOSTOR = replace(APP_1, secret="wrong")


@pytest.fixture
async def soketi() -> AsyncGenerator[Soketi]:
    """Run a soketi server for one test."""
    async with Soketi() as running:
        yield running


@pytest.mark.parametrize(
    "channel",
    ["shop", "private-shop", "presence-shop", "private-encrypted-shop", "cache-shop"],
)
async def test_published_event_reaches_the_guest(server: Backend, channel: str) -> None:
    async with Guest(server) as guest:
        await guest.subscribe(channel)
        await publish(server, channel, "order.shipped", ORDER)
        assert (await guest.event(channel, "order.shipped")).data == ORDER


async def test_each_app_receives_only_its_own_events(server: Backend) -> None:
    async with Guest(server, APP_1) as first, Guest(server, APP_2) as second:
        await first.subscribe("shop")
        await second.subscribe("shop")
        await publish(server, "shop", "for-first", 1, APP_1)
        await publish(server, "shop", "for-second", 2, APP_2)
        await first.event("shop", "for-first")
        await second.event("shop", "for-second")
        assert first.messages == second.messages == []


async def test_cache_channel_resends_its_latest_event_to_later_subscribers(server: Backend) -> None:
    async with Guest(server) as guest:
        await guest.subscribe("cache-prices")
        await guest.event("cache-prices", "pusher:cache_miss")
        await publish(server, "cache-prices", "price", "12.50")
        await guest.event("cache-prices", "price")
        async with Guest(server) as late:
            await late.subscribe("cache-prices")
            assert (await late.event("cache-prices", "price")).data == 12.5


async def test_guests_see_each_others_subscriptions_and_events(server: Backend) -> None:
    async with Guest(server, user_id="ada", user_info={"name": "Ada"}) as ada:
        await ada.subscribe("presence-room")
        async with Guest(server, user_id="bob", user_info={"name": "Bob"}) as bob:
            members = await bob.subscribe("presence-room")
            assert isinstance(members, dict)
            assert members["members"] == {"ada": {"name": "Ada"}, "bob": {"name": "Bob"}}
            added = await ada.event("presence-room", "pusher:member_added")
            assert added.data == {"id": "bob", "info": {"name": "Bob"}}

            await bob.trigger("presence-room", "client-typing", {"on": True})
            received = await ada.event("presence-room", "client-typing")
            assert (received.user_id, received.data) == ("bob", {"on": True})

            await bob.unsubscribe("presence-room")
            removed = await ada.event("presence-room", "pusher:member_removed")
            assert removed.data == {"id": "bob", "info": {"name": "Bob"}}


async def test_too_many_client_events_are_refused(server: Backend) -> None:
    async with Guest(server) as guest:
        await guest.subscribe("private-shop")
        for number in range(11):
            await guest.trigger("private-shop", "client-count", number)
        await guest.expect(Error, lambda seen: "4301" in str(seen.data))


async def test_guest_that_left_can_send_nothing(server: Backend) -> None:
    async with Guest(server) as guest:
        await guest.subscribe("private-shop")
        await guest.disconnect()
        with pytest.raises(GuestError, match="not sent"):
            await guest.trigger("private-shop", "client-late", {})


async def test_signed_in_user_is_reached_by_id_and_can_be_disconnected(server: Backend) -> None:
    async with Guest(server, user_id="ada") as guest:
        await guest.sign_in()
        await send_to_user(server, "ada", "hello", {"n": 1})
        assert (await guest.event(None, "hello")).data == {"n": 1}
        await terminate_user_connections(server, "ada")
        await guest.expect(Error, lambda seen: "4009" in str(seen.data))


async def test_wrong_secret_is_refused_on_the_socket(server: Backend) -> None:
    async with Guest(server, IMPOSTOR) as guest:
        with pytest.raises(GuestError, match="401"):
            await guest.subscribe("private-shop")
        with pytest.raises(GuestError, match="sign in"):
            await guest.sign_in()


async def test_server_counts_its_connections(server: Backend) -> None:
    before = await server.connection_count()
    async with Guest(server), Guest(server, APP_2):
        assert await server.connection_count() == before + 2


async def test_guest_notices_a_frozen_server_and_is_back_when_it_thaws(server: Backend) -> None:
    async with Guest(server, activity_timeout=0.5, pong_timeout=0.5) as guest:
        server.freeze()
        await guest.expect(State, lambda seen: seen.previous == "connected")
        server.thaw()
        await guest.state("connected")


async def test_restarted_server_knows_the_apps_of_now(server: Backend) -> None:
    await server.restart([replace(APP_1, secret="another")])
    async with Guest(server, replace(APP_1, secret="another")) as guest:
        await guest.subscribe("private-shop")
    await server.restart([APP_1, APP_2])
    async with Guest(server) as guest:
        await guest.subscribe("private-shop")


async def test_wrong_secret_publishes_nothing_although_soketi_answers_200(soketi: Soketi) -> None:
    async with Guest(soketi) as guest:
        await guest.subscribe("shop")
        answer = await asyncio.to_thread(publisher(soketi, IMPOSTOR).trigger, "shop", "forged", 1)
        assert answer["code"] == 401
        await publish(soketi, "shop", "genuine", 2)
        await guest.event("shop", "genuine")
        assert guest.messages == []


async def test_who_does_not_sign_in_in_time_is_disconnected() -> None:
    async with Soketi(sign_in_timeout=0.5) as server, Guest(server) as guest:
        await guest.expect(Error, lambda seen: "4009" in str(seen.data))
        await guest.state("disconnected")


async def test_stopping_server_closes_with_4200_and_ends(soketi: Soketi) -> None:
    async with Guest(soketi) as guest:
        await soketi.stop()
        await guest.expect(Error, lambda seen: "4200" in str(seen.data))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(soketi.host, soketi.port)


async def test_server_that_cannot_start_reports_the_reason(soketi: Soketi) -> None:
    with pytest.raises(RuntimeError, match="EADDRINUSE"):
        async with Soketi(soketi.port):
            pass


async def test_no_process_is_left_after_its_context() -> None:
    async with Soketi() as server, Guest(server):
        server.freeze()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)
