"""A dev server with two apps, websocket peers and a clock to skip."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tools.devserver import App, DevServer

from .certificate import write_certificate
from .peer import Peer

MASTER_KEY = "zyrm8pvV2C9fJcBfhyXzvxbJVN/H7QLmbe0xJi1GhPU="
MAIN = App(master_key=MASTER_KEY)
OTHER = App(
    app_id="1002",
    key="other-key",
    secret="other-secret",
    client_events=False,
    subscription_count=True,
)

type Connect = Callable[..., Coroutine[object, None, Peer]]


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Allow sockets on loopback."""


@pytest.fixture
def apps() -> list[App]:
    """The apps of the server; modules override it for other limits."""
    return [MAIN, OTHER]


@pytest.fixture
async def server(apps: list[App]) -> AsyncIterator[DevServer]:
    """A running server."""
    async with DevServer(apps) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """An HTTP client."""
    async with ClientSession() as http:
        yield http


@pytest.fixture
def connect(server: DevServer, session: ClientSession) -> Connect:
    """Opens peers that have been greeted."""

    async def open_peer(app: App | None = None) -> Peer:
        peer = await Peer.open(server, session, app)
        await peer.greet()
        return peer

    return open_peer


@pytest.fixture
async def skip_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the loop's clock on by some seconds."""
    loop = asyncio.get_running_loop()
    real, skipped = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + sum(skipped))
    return skipped.append


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's TLS context, and the CA file that trusts it."""
    certificate, key = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, str(certificate)
