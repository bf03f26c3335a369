"""A server, a clock to skip, and clients that must leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from math import inf
from typing import Protocol

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import Authorizer, SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import Timing
from custom_components.pusher_channels.client.crypto import parse_key
from custom_components.pusher_channels.client.server import Server
from tests.conftest import APP, MASTER_KEY, until
from tools.devserver import App, DevServer
from tools.soak.clock import Clock, address, leftovers, settle

__all__ = [
    "APP",
    "MASTER_KEY",
    "USER",
    "Clock",
    "MakeClient",
    "address",
    "connect",
    "leftovers",
    "settle",
    "until",
]

USER = User("me", {"name": "Me"})
AUTHORIZER = SecretAuthorizer(APP.key, APP.secret, USER, parse_key(MASTER_KEY))


type WallTime = Callable[[], float]


def loop_time() -> float:
    """Return the event loop's time, so that tests compare the times of gaps with it."""
    return asyncio.get_running_loop().time()


class MakeClient(Protocol):
    """Makes a client of the test's server that is disconnected, and checked, after the test."""

    def __call__(
        self,
        *,
        at: Server | None = None,
        app: App = APP,
        authorizer: Authorizer | None = AUTHORIZER,
        timing: Timing | None = None,
        proxy: str | None = None,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
        wall_clock: WallTime = loop_time,
    ) -> PusherClient:
        """Return a client that is not connected yet; `at` is another server's address."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Allow sockets on loopback."""


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the running loop's clock, which the test may skip on; real sockets go on working."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    monkeypatch.setattr(loop, "time", clock.time)
    monkeypatch.setattr(loop, "slow_callback_duration", inf)
    return clock


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Run an HTTP session."""
    async with ClientSession() as http:
        yield http


@pytest.fixture
async def make_client(server: DevServer, session: ClientSession) -> AsyncIterator[MakeClient]:
    """Return what makes clients; afterwards none may have left a task or a timer behind."""
    clients: list[PusherClient] = []

    def make(
        *,
        at: Server | None = None,
        app: App = APP,
        authorizer: Authorizer | None = AUTHORIZER,
        timing: Timing | None = None,
        proxy: str | None = None,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
        wall_clock: WallTime = loop_time,
    ) -> PusherClient:
        client = PusherClient(
            session,
            app.key,
            at or address(server),
            authorizer=authorizer,
            timing=timing,
            proxy=proxy,
            origin=origin,
            headers=headers,
            wall_clock=wall_clock,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.disconnect()
    await until(lambda: not leftovers())


@pytest.fixture
def client(make_client: MakeClient) -> PusherClient:
    """Return a client that signs with the app secret and is not connected yet."""
    return make_client()


async def connect(client: PusherClient) -> PusherClient:
    """Connect the client, wait for it, and return it."""
    client.connect()
    await client.wait_connected()
    return client
