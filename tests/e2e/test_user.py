"""Home Assistant as a signed-in user: events to users in both directions, presence by sign-in, 4009, the watchlist."""

import pytest

from .backends import Backend, OwnServer
from .conftest import until_connections
from .entry import USER_ID, AppEntry
from .guest import Error, Guest
from .publisher import publish, send_to_user, terminate_user_connections


@pytest.fixture(scope="module", autouse=True)
async def signed_in(app: AppEntry) -> None:
    """Have Home Assistant sign in."""
    await app.set_options(sign_in=True)


async def test_event_to_our_user_reaches_bus_and_entity(app: AppEntry, server: Backend) -> None:
    await app.becomes("user_event", lambda state: state.state != "unavailable")
    async with app.hass.events("pusher_channels_event") as events:
        await send_to_user(server, USER_ID, "hello", {"n": 1})
        received = await events.take()
        assert received == {
            "entry_id": app.entry_id,
            "device_id": await app.device_id(),
            "channel": f"#server-to-user-{USER_ID}",
            "event": "hello",
            "data": {"n": 1},
            "user_id": None,
            "cached": False,
        }
    state = await app.becomes("user_event", lambda state: state.attributes["data"] == {"n": 1})
    assert (state.attributes["event"], state.attributes["event_type"]) == ("hello", "received")


async def test_we_send_to_a_user(app: AppEntry, server: Backend) -> None:
    async with Guest(server, user_id="ada") as ada, Guest(server, user_id="bob") as bob:
        await ada.sign_in()
        await bob.sign_in()
        await app.act("send_to_user", user_id="ada", event="hello", data={"n": 2})
        assert (await ada.event(None, "hello")).data == {"n": 2}
        await app.act("send_to_user", user_id="bob", event="bye", data="text")
        assert (await bob.event(None, "bye")).data == "text"


async def test_we_send_to_ourselves(app: AppEntry) -> None:
    async with app.hass.events("pusher_channels_event") as events:
        await app.act("send_to_user", user_id=USER_ID, event="echo")
        assert (await events.take())["event"] == "echo"


async def test_we_close_the_connections_of_a_user(app: AppEntry, server: Backend) -> None:
    async with Guest(server, user_id="ada") as ada, Guest(server, user_id="ada") as again:
        await ada.sign_in()
        await again.sign_in()
        await app.act("terminate_user_connections", user_id="ada")
        for guest in (ada, again):
            await guest.expect(Error, lambda seen: "4009" in str(seen.data))
    assert (await app.state("connection_state")).state == "connected"


async def test_we_sign_in_again_on_the_next_connection(app: AppEntry, server: Backend) -> None:
    await server.kill()
    await app.becomes("user_event", "unavailable")
    await server.restart()
    await app.becomes("user_event", lambda state: state.state != "unavailable")
    async with app.hass.events("pusher_channels_event") as events:
        await send_to_user(server, USER_ID, "again", None)
        assert (await events.take())["event"] == "again"


async def test_terminated_connection_has_a_repair_and_connects_again_by_its_switch(
    app: AppEntry, server: Backend
) -> None:
    channel = await app.add_channel("private-orders")
    async with app.hass.events("pusher_channels_error") as errors:
        await terminate_user_connections(server, USER_ID)
        assert (await errors.take(lambda error: error["code"] == 4009))["message"]
    await app.becomes("connection_state", "disconnected")
    await channel.becomes("event", "unavailable")
    await until_connections(server, 0)
    assert await app.hass.reauth_flow(app.entry_id) is None
    assert await app.issues() == {"connection_terminated"}
    switch = await app.entity_id("connection")
    await app.hass.call_service("switch", "turn_on", {"entity_id": switch})
    await app.becomes("connection_state", "connected")
    await channel.becomes("subscribed", "on")
    async with app.hass.events("pusher_channels_event") as events:
        await send_to_user(server, USER_ID, "welcome", "back")
        assert (await events.take())["event"] == "welcome"
        await publish(server, channel.name, "order", 1)
        assert (await events.take())["event"] == "order"
    assert await app.issues() == set()


async def test_watched_users_are_online_and_offline(app: AppEntry, server: Backend) -> None:
    if not isinstance(server, OwnServer):
        pytest.skip("soketi has no watchlist")
    async with Guest(server, user_id="ada") as ada:
        await ada.sign_in()
        await app.set_options(sign_in=True, watchlist=["ada", "bob"])
        await app.becomes("online_ada", "on")
        await app.becomes("online_bob", "off")
        async with Guest(server, user_id="bob") as bob:
            await bob.sign_in()
            await app.becomes("online_bob", "on")
        await app.becomes("online_bob", "off")
    await app.becomes("online_ada", "off")


async def test_without_signing_in_nothing_is_sent_to_us(app: AppEntry, server: Backend) -> None:
    await app.set_options(sign_in=False)
    async with app.hass.events("pusher_channels_event") as events:
        await app.add_channel("other")
        await send_to_user(server, USER_ID, "hello", None)
        await publish(server, "other", "hello", None)
        assert (await events.take())["channel"] == "other"
