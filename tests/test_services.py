"""The actions against a real server."""

import asyncio
import json
from typing import Any

import pytest
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockUser,
    async_capture_events,
)

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer, frames

from .actions import act, ask, connected_guest
from .conftest import SetUp, app_entry, until

ACTIONS = {
    "trigger",
    "trigger_batch",
    "subscribe",
    "unsubscribe",
    "get_channel",
    "list_channels",
    "send_to_user",
    "terminate_user_connections",
}
MEMBER_42 = {"user_id": "42", "user_info": {"name": "Ada"}}
ME = {"user_id": "home-assistant-12345678", "user_info": {"name": "Home Assistant"}}


def _client_events(server: DevServer) -> list[tuple[object, object, object]]:
    return [
        (it.channel, it.event, it.data)
        for it in server.received
        if str(it.event).startswith("client-")
    ]


async def test_actions_exist_without_a_loaded_app(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    assert set(hass.services.async_services_for_domain(DOMAIN)) == ACTIONS
    with pytest.raises(ServiceValidationError):
        await act(hass, "trigger", channel="orders", event="shipped")


@pytest.mark.parametrize(
    ("channels", "event", "via"),
    [
        (["private-a"], "client-typing", "client"),
        (["private-a", "presence-a"], "client-typing", "client"),
        (["private-a", "private-unknown"], "client-typing", "server"),
        (["private-encrypted-a"], "client-typing", "server"),
        (["public"], "client-typing", "server"),
        (["private-a"], "shipped", "server"),
        ([f"public-{number}" for number in range(100)], "shipped", "server"),
    ],
)
async def test_via_auto_depends_on_the_event_and_the_channels(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    channels: list[str],
    event: str,
    via: str,
) -> None:
    await set_up(app_entry(server, "private-a", "presence-a", "private-encrypted-a", "public"))

    answer = await ask(hass, "trigger", channels=channels, event=event, data={"id": 1})

    assert answer["via"] == via
    assert list(answer["channels"]) == channels
    if via == "client":
        await until(lambda: len(_client_events(server)) == len(channels))
        assert _client_events(server) == [(channel, event, {"id": 1}) for channel in channels]
        assert not server.published
    else:
        assert [(it.channel, it.event) for it in server.published] == [
            (channel, event) for channel in channels
        ]
        assert not _client_events(server)


async def test_client_event_for_a_refused_channel_is_sent_by_the_server(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "private-a"))
    server.faults.subscribe_answers["private-a"] = frames.subscription_error("private-a", "No", 403)
    await server.close_all(4200)
    await until(lambda: hub.client.channels["private-a"].error)

    answer = await ask(hass, "trigger", channel="private-a", event="client-typing")

    assert answer["via"] == "server"


async def test_client_event_can_be_sent_by_the_server(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "private-a"))

    await act(hass, "trigger", channel="private-a", event="client-typing", via="server")

    assert [it.event for it in server.published] == ["client-typing"]


async def test_guest_receives_a_client_event(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "private-a"))

    async with connected_guest(server) as guest:
        await guest.join("private-a")
        await act(hass, "trigger", channel="private-a", event="client-typing", data="hello")
        received = json.loads(await guest.read())

    assert received == {"event": "client-typing", "channel": "private-a", "data": "hello"}


async def test_own_connection_can_be_excluded(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    received = async_capture_events(hass, "pusher_channels_event")

    await act(hass, "trigger", channel="orders", event="first", exclude_self=True)
    await act(hass, "trigger", channel="orders", event="second")
    await until(lambda: received)

    assert [event.data["event"] for event in received] == ["second"]
    assert [it.socket_id for it in server.published] == [hub.client.socket_id, None]


@pytest.mark.parametrize(
    ("channels", "info", "counts"),
    [
        (["presence-a"], {}, {"presence-a": {}}),
        (["presence-a"], {"info": []}, {"presence-a": {}}),
        (["presence-a"], {"info": "user_count"}, {"presence-a": {"user_count": 1}}),
        (
            ["presence-a"],
            {"info": ["user_count", "subscription_count"]},
            {"presence-a": {"user_count": 1, "subscription_count": 1}},
        ),
        (
            ["presence-a", "orders"],
            {"info": ["subscription_count"]},
            {"presence-a": {"subscription_count": 1}, "orders": {"subscription_count": 0}},
        ),
    ],
)
async def test_response_has_the_counts_in_info(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    channels: list[str],
    info: dict[str, Any],
    counts: dict[str, dict[str, int]],
) -> None:
    await set_up(app_entry(server, "presence-a"))

    answer = await ask(hass, "trigger", channels=channels, event="shipped", **info)

    assert answer == {"via": "server", "channels": counts}


async def test_client_event_with_info_is_sent_by_the_server_api(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "private-a"))

    answer = await ask(
        hass, "trigger", channel="private-a", event="client-x", info="subscription_count"
    )

    assert answer == {"via": "server", "channels": {"private-a": {"subscription_count": 1}}}


async def test_only_administrators_terminate_connections(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_read_only_user: MockUser,
    hass_admin_user: MockUser,
) -> None:
    await set_up(app_entry(server))
    call = (DOMAIN, "terminate_user_connections", {"user_id": "42"}, True)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(*call, Context(user_id=hass_read_only_user.id))
    await hass.services.async_call(*call, Context(user_id=hass_admin_user.id))


async def test_batch_is_sent_in_order(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))

    await act(
        hass,
        "trigger_batch",
        events=[
            {"channel": "orders", "event": "shipped", "data": {"id": 1}},
            {"channel": "news", "event": "posted"},
        ],
    )

    assert [(it.channel, it.event, it.data) for it in server.published] == [
        ("orders", "shipped", '{"id":1}'),
        ("news", "posted", "{}"),
    ]


async def test_signed_in_user_receives_events_for_the_user(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, options={"sign_in": True}))
    await until(lambda: hub.client.user.user_id)
    received = async_capture_events(hass, "pusher_channels_event")

    user_id = "home-assistant-12345678"
    await act(hass, "send_to_user", user_id=user_id, event="hello", data=[1])
    await until(lambda: received)

    assert received[0].data["channel"] == f"#server-to-user-{user_id}"
    assert received[0].data["data"] == [1]
    assert received[0].data["device_id"] == hub.device_id


async def test_connections_of_a_user_are_closed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))

    async with connected_guest(server) as guest:
        await guest.sign_in({"id": "42"})
        await act(hass, "terminate_user_connections", user_id=42)
        frame = await guest.read()
        code, _ = await guest.read_close()

    assert json.loads(frame)["data"]["code"] == code == 4009


async def test_presence_channel_has_its_members(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "presence-a"))

    async with connected_guest(server) as guest:
        await guest.join("presence-a", MEMBER_42)
        await until(lambda: hub.client.channels["presence-a"].is_subscribed)
        await until(lambda: len(server.members("presence-a")) == 2)
        channel = next(iter(hub.channels.values())).presence
        assert channel is not None
        await until(lambda: channel.count == 2)

        assert await ask(hass, "get_channel", channel="presence-a") == {
            "channel": "presence-a",
            "kind": "presence",
            "subscribed": True,
            "count": 2,
            "members": [ME, MEMBER_42],
            "me": ME,
        }


async def test_own_member_is_left_out_where_the_server_does_not_list_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    others = {"ids": ["42"], "hash": {"42": {"name": "Ada"}}, "count": 1}
    server.faults.subscribe_answers["presence-a"] = frames.subscription_succeeded(
        "presence-a", others
    )
    await set_up(app_entry(server, "presence-a"))

    answer = await ask(hass, "get_channel", channel="presence-a")

    assert answer["members"] == [MEMBER_42]
    assert "me" not in answer


async def test_server_is_asked_what_the_official_library_asks(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "presence-a"))
    pusher = server.pusher()

    answer = await ask(hass, "get_channel", channel="presence-a", from_server=True)

    wanted = ["user_count", "subscription_count"]
    official = await asyncio.to_thread(pusher.channel_info, "presence-a", wanted)
    users = await asyncio.to_thread(pusher.users_info, "presence-a")
    assert answer["server"] == official | {"users": [user["id"] for user in users["users"]]}
    assert answer["server"]["user_count"] == 1
    assert answer["count"] == 1


async def test_cache_channel_is_asked_for_its_event(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    await server.publish("cache-news", "posted", {"id": 1})

    answer = await ask(hass, "get_channel", channel="cache-news", from_server=True)

    assert answer["subscribed"] is False
    assert answer["kind"] == "cache"
    assert answer["server"]["occupied"] is False
    assert json.loads(answer["server"]["cache"]["data"]) == {"id": 1}


async def test_subscription_count_of_the_server_is_returned(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "orders"))
    expected = {"channel": "orders", "kind": "public", "subscribed": True}
    assert await ask(hass, "get_channel", channel="orders") == expected

    await server.send_raw(
        '{"event":"pusher_internal:subscription_count","channel":"orders",'
        '"data":"{\\"subscription_count\\":7}"}'
    )
    await until(lambda: hub.client.channels["orders"].subscription_count)

    answer = await ask(hass, "get_channel", channel="orders")
    assert answer == expected | {"subscription_count": 7}


async def test_configured_channel_is_returned_before_it_is_subscribed(
    hass: HomeAssistant, server: DevServer
) -> None:
    hass.set_state(CoreState.starting)
    entry = app_entry(server, "orders")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    assert await ask(hass, "get_channel", channel="orders") == {
        "channel": "orders",
        "kind": "public",
        "subscribed": False,
    }


async def test_channels_are_listed_as_the_official_library_lists_them(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "presence-a", "orders"))
    pusher = server.pusher()

    for prefix, wanted in (("", []), ("presence-", ["user_count"]), ("or", [])):
        official = await asyncio.to_thread(pusher.channels_info, prefix, wanted)
        assert await ask(hass, "list_channels", prefix=prefix) == official
    assert set((await ask(hass, "list_channels"))["channels"]) == {"presence-a", "orders"}
