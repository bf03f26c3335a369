"""The user of a presence channel: from its channel data, or from the sign-in."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.messages import (
    Json,
    Member,
)
from custom_components.pusher_channels.client.presence import PresenceChannel
from custom_components.pusher_channels.client.user import SigninFailed
from tools.devserver import DevServer

from .channel_helpers import (
    ROOM,
    client_notices,
    endpoint,
    refusal,
    subscribe_room,
    subscribes,
)
from .conftest import Clock, MakeClient, connect, settle, until


@pytest.mark.parametrize(
    "channel_data",
    [
        "{}",
        "[1]",
        "text",
        '{"user_id":',
        {"user_id": None},
        {"user_id": ""},
        {"user_id": []},
        [],
        5,
    ],
)
async def test_channel_data_without_a_user_id_is_an_error(
    make_client: MakeClient, server: DevServer, session: ClientSession, channel_data: Json
) -> None:
    server.faults.auth_body = json.dumps({"auth": "key:signature", "channel_data": channel_data})
    client = await connect(make_client(authorizer=endpoint(server, session)))
    error = await refusal(client.subscribe(ROOM))
    assert (error.error, error.status) == ("The answer's channel_data has no user_id", 200)
    assert not subscribes(server)


async def test_without_channel_data_the_signed_in_user_is_the_member(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.auth.member = None
    client = await connect(make_client(authorizer=endpoint(server, session)))
    client.sign_in()
    await until(lambda: client.user.user_id)
    room = await subscribe_room(client)
    assert room.me == Member("demo")
    assert server.members(ROOM) == {"demo": None}


async def test_without_channel_data_a_pending_sign_in_is_awaited(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.auth.member = None
    client = make_client(authorizer=endpoint(server, session))
    server.faults.auth_hold = asyncio.Event()
    client.sign_in()
    room = client.subscribe(ROOM)
    await connect(client)
    await server.wait_auth_requests(2)
    channel_request = next(it for it in server.auth_requests if it.kind == "channel")
    assert channel_request.channel_name == ROOM
    server.faults.auth_hold.set()
    await room.wait_subscribed()
    assert isinstance(room, PresenceChannel)
    assert room.me == Member("demo")
    order = [it.event for it in server.received]
    assert order.index("pusher:signin") < order.index("pusher:subscribe")


async def test_without_channel_data_and_sign_in_it_is_refused(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.auth.member = None
    client = await connect(make_client(authorizer=endpoint(server, session)))
    error = await refusal(client.subscribe(ROOM))
    assert "signed-in user" in error.error
    clock.skip(30)
    await settle()
    assert len(server.auth_requests) == 1
    assert not subscribes(server)


async def test_without_channel_data_a_refused_sign_in_refuses_it_too(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.auth.member = None
    server.auth.user = {"id": ""}
    client = await connect(make_client(authorizer=endpoint(server, session)))
    client.sign_in()
    error = await refusal(client.subscribe(ROOM))
    assert "signed-in user" in error.error
    clock.skip(30)
    await settle()
    assert [it.kind for it in server.auth_requests].count("channel") == 1


async def test_without_channel_data_it_is_tried_again_with_the_sign_in(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    server.auth.member = None
    server.faults.auth_status = 503
    client = await connect(make_client(authorizer=endpoint(server, session)))
    refused = client_notices(client, SigninFailed)
    client.sign_in()
    await until(lambda: refused)
    server.faults.reset()
    room = client.subscribe(ROOM)
    error = await refusal(room)
    assert error.error == "A presence channel needs channel_data, or a signed-in user"
    clock.skip(2)
    await until(lambda: client.user.user_id)
    clock.skip(4)
    await until(lambda: room.is_subscribed)
