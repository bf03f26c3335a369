"""Which subscriptions wait for an authorizer, and which do not."""

import asyncio
from dataclasses import replace
from typing import override

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.auth_answers import ChannelAuth, UserAuth
from custom_components.pusher_channels.client.channel import ChannelState
from custom_components.pusher_channels.client.exceptions import AuthorizationError
from tools.devserver import DevServer

from .channel_helpers import HeldAuthorizer, endpoint, sent, subscribed, subscribed_by_a_late_answer
from .conftest import Clock, MakeClient, connect, settle, until

pytestmark = pytest.mark.every_server


async def test_a_slow_authorizer_does_not_hold_up_other_channels(
    make_client: MakeClient,
) -> None:
    authorizer = HeldAuthorizer({"private-slow"})
    client = await connect(make_client(authorizer=authorizer))
    slow = client.subscribe("private-slow")
    await until(lambda: authorizer.asked)

    await subscribed(client, "quick")
    assert slow.state is ChannelState.PENDING


async def test_many_slow_answers_hold_up_no_channel_that_needs_none(
    make_client: MakeClient, server: DevServer
) -> None:
    held = {f"private-{number}" for number in range(20)}
    authorizer = HeldAuthorizer(held)
    client = await connect(make_client(authorizer=authorizer))
    for name in held:
        client.subscribe(name)
    await until(lambda: authorizer.asked)

    await subscribed(client, "quick")
    client.unsubscribe("quick")
    await server.wait_unsubscribed("quick")

    assert len(sent(server, "pusher:subscribe")) == 1


class Visitor(HeldAuthorizer):
    """Signs without channel_data, so that the signed-in user is the member; the sign-in waits."""

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        return replace(await super().authorize_channel(socket_id, channel), channel_data=None)

    @override
    async def authorize_user(self, socket_id: str) -> UserAuth:
        await self.gate.wait()
        return await super().authorize_user(socket_id)


async def test_channels_that_wait_for_the_sign_in_hold_up_no_others(
    make_client: MakeClient,
) -> None:
    authorizer = Visitor(set())
    client = make_client(authorizer=authorizer)
    client.sign_in()
    rooms = [client.subscribe(f"presence-{number}") for number in range(20)]
    await connect(client)
    await until(lambda: len(authorizer.asked) == len(rooms))

    await subscribed(client, "private-a")

    assert {room.state for room in rooms} == {ChannelState.PENDING}


async def test_an_endpoint_is_asked_for_eight_channels_at_a_time(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.faults.auth_hold = asyncio.Event()
    client = await connect(make_client(authorizer=endpoint(server, session)))
    names = [f"private-{number}" for number in range(20)]
    for name in names:
        client.subscribe(name)
    await server.wait_auth_requests(8)
    await settle()
    assert len(server.auth_requests) == 8

    server.faults.auth_hold.set()
    await subscribed(client, *names)
    assert len(server.auth_requests) == 20


class Forgetful(HeldAuthorizer):
    """Authorizes once; later requests wait, and are refused."""

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        auth = await super().authorize_channel(socket_id, channel)
        if len(self.asked) > 1:
            raise AuthorizationError("Once is enough", 403)
        return auth


async def test_a_refusal_after_the_late_answer_leaves_the_channel_subscribed(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    authorizer = Forgetful(set())
    client = make_client(authorizer=authorizer)
    channel = await subscribed_by_a_late_answer(client, server, clock, authorizer)

    authorizer.gate.set()
    await settle()

    assert channel.is_subscribed
