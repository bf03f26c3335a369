"""A server, a clock to skip, and clients that must leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from math import inf
from typing import Protocol

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.auth import Authorizer, SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import Timing
from custom_components.pusher_channels.client.crypto import parse_key
from custom_components.pusher_channels.client.server import Server
from devserver import App, DevServer
from tests.conftest import APP, MASTER_KEY, until

__all__ = [
    "APP",
    "MASTER_KEY",
    "USER",
    "Clock",
    "MakeClient",
    "address",
    "connect",
    "settle",
    "until",
]

USER = User("me", {"name": "Me"})
AUTHORIZER = SecretAuthorizer(APP.key, APP.secret, USER, parse_key(MASTER_KEY))
CLIENT_MODULES = "custom_components.pusher_channels.client"


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
    ) -> PusherClient:
        """Return a client that has not been told to connect; `at` is another server's address."""


class Clock:
    """The event loop's clock; what is due runs in the turns that follow a skip."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start without anything skipped."""
        self._real = loop.time
        self._skipped = 0.0

    def time(self) -> float:
        """Return the present moment, in seconds."""
        return self._real() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let that many seconds have passed."""
        self._skipped += seconds

    async def pass_by(self, seconds: float, *, step: float = inf) -> None:
        """Let the seconds pass, at most `step` at once and never past what is due meanwhile.

        Both sides have time to act before and after each step.
        """
        end = self.time() + seconds
        await settle()
        while (now := self.time()) < end:
            due = min((handle.when() for handle in _scheduled()), default=end)
            self.skip(max(0, min(due, end, now + step) - now))
            await settle()


async def settle(turns: int = 100) -> None:
    """Let the event loop turn until what is due, and what it sets off over a socket, is done."""
    for _ in range(turns):
        await asyncio.sleep(0)


def address(server: DevServer, *, use_tls: bool = False, path: str = "") -> Server:
    """Return a dev server's address as the client takes it."""
    return Server.self_hosted(server.host, server.port, path=path, use_tls=use_tls)


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
    ) -> PusherClient:
        client = PusherClient(
            session,
            app.key,
            at or address(server),
            authorizer=authorizer,
            timing=timing,
            proxy=proxy,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.disconnect()
    await until(lambda: not leftovers())


@pytest.fixture
def client(make_client: MakeClient) -> PusherClient:
    """Return a client that signs with the app secret and has not been told to connect."""
    return make_client()


async def connect(client: PusherClient) -> PusherClient:
    """Connect the client, wait for it, and return it."""
    client.connect()
    await client.wait_connected()
    return client


def leftovers() -> list[str]:
    """Name the client's tasks and timers that are still there."""
    return [*_tasks(), *_timers()]


def _tasks() -> Iterator[str]:
    for task in asyncio.all_tasks():
        if task.get_name().startswith("pusher_channels"):
            yield task.get_name()


def _timers() -> Iterator[str]:
    for handle in _scheduled():
        callback = getattr(handle, "_callback", None)
        if str(getattr(callback, "__module__", "")).startswith(CLIENT_MODULES):
            yield repr(handle)


def _scheduled() -> list[asyncio.TimerHandle]:
    handles: list[asyncio.TimerHandle] = vars(asyncio.get_running_loop())["_scheduled"]
    return [handle for handle in handles if not handle.cancelled()]
