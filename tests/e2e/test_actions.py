"""The actions that subscribe temporary channels and that query channels."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tools.harness import CallError, HomeAssistant

from .apps import APP_2
from .backends import Backend
from .entry import USER_ID, USER_INFO, AppEntry
from .guest import Guest
from .publisher import publish, publisher
from .soketi import Soketi

ME = {"user_id": USER_ID, "user_info": USER_INFO}


@pytest.fixture(scope="module")
async def secretless(hass: HomeAssistant, server: Backend) -> AsyncGenerator[AppEntry]:
    """Add an app that has public channels only."""
    entry = await AppEntry.add(hass, server, APP_2, "auth_none")
    yield entry
    await entry.remove()


@pytest.mark.parametrize("name", ["passing", "private-passing", "private-encrypted-passing"])
async def test_temporary_channel_is_subscribed_until_it_is_unsubscribed(
    app: AppEntry, server: Backend, name: str
) -> None:
    async with (
        app.hass.events("pusher_channels_subscription_succeeded") as joined,
        app.hass.events("pusher_channels_event") as events,
    ):
        await app.act("subscribe", channel=name)
        its = {"entry_id": app.entry_id, "device_id": await app.device_id(), "channel": name}
        assert await joined.take() == its
        await publish(server, name, "hello", {"n": 1})
        received = await events.take()
        assert {**its, "event": "hello", "data": {"n": 1}}.items() <= received.items()
        assert (await app.ask("get_channel", channel=name))["subscribed"]

        await app.act("unsubscribe", channel=name)
        await app.act("subscribe", channel="other")
        await publish(server, name, "nobody", "listens")
        await publish(server, "other", "still", "here")
        assert (await events.take())["channel"] == "other"
        await app.act("unsubscribe", channel="other")
    occupied = await asyncio.to_thread(publisher(server).channels_info)
    assert name not in occupied["channels"]


async def test_temporary_presence_channel_reports_its_members(
    app: AppEntry, server: Backend
) -> None:
    async with (
        app.hass.events("pusher_channels_subscription_succeeded") as joined,
        app.hass.events("pusher_channels_member_added") as added,
        app.hass.events("pusher_channels_member_removed") as removed,
    ):
        await app.act("subscribe", channel="presence-passing")
        its = {
            "entry_id": app.entry_id,
            "device_id": await app.device_id(),
            "channel": "presence-passing",
        }
        assert await joined.take() == {**its, "count": 1, "me": USER_ID, "members": [USER_ID]}
        ada = {"user_id": "ada", "user_info": {}}
        async with Guest(server, user_id="ada") as guest:
            await guest.subscribe("presence-passing")
            assert await added.take() == {**its, **ada, "count": 2, "missed": False}
        assert await removed.take() == {**its, **ada, "count": 1, "missed": False}
    await app.act("unsubscribe", channel="presence-passing")


async def test_temporary_channel_ends_with_a_reload(app: AppEntry, server: Backend) -> None:
    await app.act("subscribe", channel="private-until-reload")
    await app.reload()
    await app.becomes("connection_state", "connected")
    with pytest.raises(CallError) as refused:
        await app.act("unsubscribe", channel="private-until-reload")
    assert refused.value.translation_key == "channel_not_subscribed"
    occupied = await asyncio.to_thread(publisher(server).channels_info)
    assert "private-until-reload" not in occupied["channels"]


async def test_configured_channel_cannot_be_unsubscribed(app: AppEntry) -> None:
    channel = await app.add_channel("private-configured")
    await app.act("subscribe", channel=channel.name)
    with pytest.raises(CallError) as refused:
        await app.act("unsubscribe", channel=channel.name)
    assert refused.value.translation_key == "channel_is_configured"
    assert (await channel.state("subscribed")).state == "on"


@pytest.mark.parametrize(
    ("action", "channel", "key"),
    [
        ("subscribe", "no channel", "invalid_channel_name"),
        ("unsubscribe", "never-joined", "channel_not_subscribed"),
        ("get_channel", "never-joined", "channel_not_subscribed"),
    ],
)
async def test_invalid_call_is_refused_with_the_reason(
    app: AppEntry, action: str, channel: str, key: str
) -> None:
    with pytest.raises(CallError) as refused:
        await (app.ask if action == "get_channel" else app.act)(action, channel=channel)
    assert (refused.value.code, refused.value.translation_key) == ("service_validation_error", key)


async def test_get_channel_returns_the_state_of_the_connection(
    app: AppEntry, server: Backend
) -> None:
    public = await app.add_channel("known")
    presence = await app.add_channel("presence-known")
    answer = await app.ask("get_channel", channel=public.name)
    assert answer == {"channel": "known", "kind": "public", "subscribed": True}
    async with Guest(server, user_id="ada", user_info={"name": "Ada"}) as guest:
        await guest.subscribe(presence.name)
        await presence.becomes("members", "2")
        assert await app.ask("get_channel", channel=presence.name) == {
            "channel": presence.name,
            "kind": "presence",
            "subscribed": True,
            "count": 2,
            "members": [ME, {"user_id": "ada", "user_info": {"name": "Ada"}}],
            "me": ME,
        }


async def test_get_channel_returns_the_state_of_the_server(app: AppEntry, server: Backend) -> None:
    cache = await app.add_channel("cache-known")
    await publish(server, cache.name, "price", "12.50")
    answer = await app.ask("get_channel", channel=cache.name, from_server=True)
    assert (answer["kind"], answer["subscribed"]) == ("cache", True)
    assert {"occupied": True, "subscription_count": 1}.items() <= answer["server"].items()
    if not isinstance(server, Soketi):
        assert answer["server"]["cache"]["data"] == "12.50", "soketi does not return it"

    async with Guest(server, user_id="ada") as guest:
        await guest.subscribe("presence-elsewhere")
        answer = await app.ask("get_channel", channel="presence-elsewhere", from_server=True)
        assert answer["subscribed"] is False
        expected = {"occupied": True, "user_count": 1, "subscription_count": 1, "users": ["ada"]}
        assert answer["server"] == expected
    answer = await app.ask("get_channel", channel="empty", from_server=True)
    assert answer == {
        "channel": "empty",
        "kind": "public",
        "subscribed": False,
        "server": {"occupied": False, "subscription_count": 0},
    }


async def test_list_channels_returns_the_occupied_channels(app: AppEntry, server: Backend) -> None:
    for name in ("listed", "presence-listed", "private-encrypted-listed"):
        await app.add_channel(name)
    everything = (await app.ask("list_channels"))["channels"]
    assert {"listed", "presence-listed", "private-encrypted-listed"} <= everything.keys()
    async with Guest(server) as guest:
        await guest.subscribe("presence-listed-too")
        presence = (await app.ask("list_channels", prefix="presence-listed"))["channels"]
        assert presence.keys() == {"presence-listed", "presence-listed-too"}
        if not isinstance(server, Soketi):
            assert presence["presence-listed"] == {"user_count": 1}, "soketi does not count here"
    assert (await app.ask("list_channels", prefix="nothing-"))["channels"] == {}


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("trigger", {"channel": "known", "event": "x"}),
        ("trigger_batch", {"events": [{"channel": "known", "event": "x"}]}),
        ("send_to_user", {"user_id": "ada", "event": "x"}),
        ("terminate_user_connections", {"user_id": "ada"}),
    ],
)
async def test_app_without_secret_has_no_server_api(
    secretless: AppEntry, action: str, fields: dict[str, object]
) -> None:
    with pytest.raises(CallError) as refused:
        await secretless.act(action, **fields)
    assert refused.value.translation_key == "app_id_missing"
