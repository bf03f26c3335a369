"""The client works with each kind of server; what a kind does not have is stated here."""

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client import (
    BatchEvent,
    ConnectionFailedError,
    ErrorReceived,
    Json,
    MemberAdded,
    MemberRemoved,
    PresenceChannel,
    PusherClient,
    RequestError,
    SecretAuthorizer,
    SubscriptionError,
    User,
)
from tools.devserver import App, DevServer

from .channel_helpers import api_of, client_notices, events_of, notices_of, subscribed
from .conftest import APP, USER, Clock, MakeClient, connect, until

pytestmark = pytest.mark.every_server

WITHOUT_SIGN_IN = {"reverb"}
WITHOUT_ENCRYPTED_CACHE = {"reverb"}
WITHOUT_BATCH = {"laravel-websockets", "poxa"}
WITHOUT_TEXT_IN_CLIENT_EVENTS = {"reverb"}
ADA = SecretAuthorizer(APP.key, APP.secret, User("ada", {"name": "Ada"}))


@pytest.mark.parametrize(
    "name",
    [
        "news",
        "cache-news",
        "private-news",
        "private-cache-news",
        "presence-news",
        "presence-cache-news",
    ],
)
async def test_channels_receive_events(client: PusherClient, server: DevServer, name: str) -> None:
    await connect(client)
    [channel] = await subscribed(client, name)
    received = events_of(channel, "shipped")
    await server.publish(name, "shipped", {"id": 7})
    await until(lambda: received)
    assert received[0].data == {"id": 7}


async def test_encrypted_events_are_decrypted(client: PusherClient, server: DevServer) -> None:
    await connect(client)
    [channel] = await subscribed(client, "private-encrypted-news")
    received = events_of(channel, "shipped")
    await server.publish("private-encrypted-news", "shipped", {"id": 7})
    await until(lambda: received)
    assert received[0].data == {"id": 7}


@pytest.mark.parametrize("name", ["cache-news", "private-encrypted-cache-news"])
async def test_the_latest_event_of_a_cache_channel_is_received_first(
    client: PusherClient, server: DevServer, clock: Clock, server_kind: str, name: str
) -> None:
    await server.publish(name, "shipped", {"id": 7})
    await connect(client)
    received = events_of(client.subscribe(name), "shipped")
    await subscribed(client, name)
    clock.skip(11)
    await server.publish(name, "shipped", {"id": 8})
    await until(lambda: [event for event in received if not event.cached])
    is_cached = "encrypted" not in name or server_kind not in WITHOUT_ENCRYPTED_CACHE
    assert [event.cached for event in received] == ([True, False] if is_cached else [False])


async def test_a_refused_signature_is_the_error_of_its_channel_alone(
    make_client: MakeClient, server: DevServer
) -> None:
    client = make_client(authorizer=SecretAuthorizer(APP.key, "wrong", USER))
    await connect(client)
    refused = client.subscribe("private-news")
    with pytest.raises(SubscriptionError):
        await refused.wait_subscribed()
    await subscribed(client, "news")
    assert not refused.is_subscribed
    assert len(server.connections) == 1


async def test_members_are_added_and_removed(make_client: MakeClient) -> None:
    client = make_client()
    guest = make_client(authorizer=ADA)
    await connect(client)
    [channel] = await subscribed(client, "presence-news")
    assert isinstance(channel, PresenceChannel)
    notices = notices_of(channel)
    await connect(guest)
    await subscribed(guest, "presence-news")
    await until(lambda: channel.count == 2)
    assert channel.members["ada"].user_info == {"name": "Ada"}
    await guest.disconnect()
    await until(lambda: channel.count == 1)
    changes = [type(it) for it in notices if isinstance(it, MemberAdded | MemberRemoved)]
    assert changes == [MemberAdded, MemberRemoved]


@pytest.mark.parametrize("data", [{"id": 7}, "text"])
async def test_client_events_reach_other_members(
    make_client: MakeClient, server_kind: str, data: Json
) -> None:
    client = make_client()
    guest = make_client(authorizer=ADA)
    await connect(client)
    await connect(guest)
    [channel] = await subscribed(client, "presence-news")
    await subscribed(guest, "presence-news")
    received = events_of(channel, "client-moved")
    errors = client_notices(guest, ErrorReceived)
    await guest.trigger("presence-news", "client-moved", data)
    if isinstance(data, str) and server_kind in WITHOUT_TEXT_IN_CLIENT_EVENTS:
        await until(lambda: errors)
        assert received == []
        return
    await until(lambda: received)
    assert (received[0].data, received[0].user_id) == (data, "ada")
    assert errors == []


async def test_signing_in(client: PusherClient, server: DevServer, server_kind: str) -> None:
    await connect(client)
    errors = client_notices(client, ErrorReceived)
    client.sign_in()
    if server_kind in WITHOUT_SIGN_IN:
        await until(lambda: errors)
        assert client.user.user_id is None
        await subscribed(client, "news")
        return
    await until(lambda: client.user.user_id)
    assert client.user.user_id == "me"


async def test_an_unknown_app_key_ends_the_attempts(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    client = make_client(app=App(key="unknown"))
    client.connect()
    with pytest.raises(ConnectionFailedError) as failure:
        await client.wait_connected()
    assert failure.value.code == 4001
    await clock.pass_by(600)
    assert len(server.attempts) == 1


async def test_the_server_api(
    session: ClientSession, server: DevServer, client: PusherClient, server_kind: str
) -> None:
    api = api_of(session, f"http://{server.host}:{server.api_port}")
    await connect(client)
    [channel] = await subscribed(client, "presence-news")
    received = events_of(channel, "shipped")
    await api.trigger(["presence-news"], "shipped", {"id": 7})
    await until(lambda: received)
    assert (await api.channels())["presence-news"] == {}
    assert await api.users("presence-news") == ["me"]
    assert not (await api.channel("nowhere"))["occupied"]
    batch = [BatchEvent("presence-news", "shipped", {"id": 8})]
    if server_kind in WITHOUT_BATCH:
        with pytest.raises(RequestError) as refused:
            await api.trigger_batch(batch)
        assert refused.value.status == 404
    else:
        await api.trigger_batch(batch)
        await until(lambda: len(received) == 2)
