"""Home Assistant stops in any state of the connection: at once, without log lines, with nothing left."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from tools.devserver import DevServer

from ..client.conftest import Clock, leftovers
from ..conftest import app_entry
from .app_under_test import CHANNELS

type Situation = Callable[[HomeAssistant, DevServer, Clock], Awaitable[None]]


async def start(hass: HomeAssistant, server: DevServer, **changes: Any) -> asyncio.Task[bool]:
    entry = app_entry(server, *CHANNELS, "private-room", **changes)
    entry.add_to_hass(hass)
    return hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))


async def connecting(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    server.faults.handshake_silent = True
    await start(hass, server)
    await server.wait_connected()


async def opening(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    server.freeze()
    await start(hass, server)
    await server.wait_attempts(1)


async def waiting_for_the_next_set_up(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    server.faults.upgrade_status = 503
    await (await start(hass, server))


async def connected(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    await (await start(hass, server))
    await server.wait_subscribed("private-room")


async def waiting_to_reconnect(hass: HomeAssistant, server: DevServer, clock: Clock) -> None:
    await connected(hass, server, clock)
    server.faults.upgrade_status = 503
    server.abort_all()
    await clock.pass_by(5)
    assert len(server.attempts) > 2


async def reconnecting(hass: HomeAssistant, server: DevServer, clock: Clock) -> None:
    await connected(hass, server, clock)
    server.faults.handshake_silent = True
    server.abort_all()
    await server.wait_attempts(2)


async def half_open(hass: HomeAssistant, server: DevServer, clock: Clock) -> None:
    await connected(hass, server, clock)
    server.silence_all()


async def subscribing(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    server.faults.unanswered_channels = {"*"}
    await (await start(hass, server))
    await server.wait_received("pusher:subscribe")


async def waiting_to_subscribe_again(hass: HomeAssistant, server: DevServer, clock: Clock) -> None:
    await subscribing(hass, server, clock)
    await clock.pass_by(11)


async def authorizing(hass: HomeAssistant, server: DevServer, _: Clock) -> None:
    server.faults.auth_hold = asyncio.Event()
    await (await start(hass, server, authorization="auth_endpoint", auth_endpoint=server.auth_url))
    await server.wait_auth_requests(2)


SITUATIONS: list[Situation] = [
    opening,
    connecting,
    waiting_for_the_next_set_up,
    connected,
    waiting_to_reconnect,
    reconnecting,
    half_open,
    subscribing,
    waiting_to_subscribe_again,
    authorizing,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda it: it.__name__)
async def test_home_assistant_stops_at_once_and_nothing_is_left(
    hass: HomeAssistant,
    server: DevServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    situation: Situation,
) -> None:
    await situation(hass, server, clock)
    caplog.clear()
    began = clock.time()

    await hass.async_stop(force=True)

    assert clock.time() - began < 5
    assert leftovers() == []
    assert [it.getMessage() for it in caplog.records if it.levelno >= logging.WARNING] == []
    server.thaw()
    if server.faults.auth_hold:
        server.faults.auth_hold.set()
    for connection in server.connections:
        if connection.silent:
            connection.abort()
    await server.wait_disconnected()
