"""Authorizers that fail with exceptions of their own."""

import asyncio
import logging
from secrets import token_hex
from typing import override

import pytest

from custom_components.pusher_channels.client import ChannelAuth

from .channel_helpers import HeldAuthorizer, refusal, subscribed
from .conftest import Clock, MakeClient, connect


class FailingAuthorizer(HeldAuthorizer):
    """Fails in a way that no authorizer should, with a text that may be secret."""

    text = token_hex()

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        raise RuntimeError(self.text)


class CancelledAuthorizer(HeldAuthorizer):
    """Waits at first for something that is cancelled."""

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        if not self.asked:
            self.asked.append(channel)
            token = asyncio.get_running_loop().create_future()
            token.cancel()
            await token
        return await super().authorize_channel(socket_id, channel)


async def test_an_exception_in_an_authorizer_is_reported_without_its_text(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await connect(make_client(authorizer=FailingAuthorizer(set())))
    error = await refusal(client.subscribe("private-a"))
    assert "RuntimeError" in error.error
    assert "authorize_channel" in caplog.text
    assert FailingAuthorizer.text not in f"{error}{caplog.text}"
    await subscribed(client, "public")


async def test_an_authorizer_that_waits_for_a_cancelled_task_is_asked_again(
    make_client: MakeClient, clock: Clock
) -> None:
    authorizer = CancelledAuthorizer(set())
    client = await connect(make_client(authorizer=authorizer))
    channel = client.subscribe("private-a")

    error = await refusal(channel)

    assert (error.error, error.is_retried) == ("The authorizer was cancelled", True)
    clock.skip(2)
    await channel.wait_subscribed()
