"""The servers under test: real soketi, and this project's dev server, which is thereby held to soketi's behaviour."""

from collections.abc import Sequence
from typing import Protocol, Self

from tools import devserver
from tools.devserver import DevServer

from .apps import APP_1, APP_2, App


class Backend(Protocol):
    """A server on loopback with the apps APP_1 and APP_2, started by `async with` and surely ended by it."""

    host: str
    port: int

    async def __aenter__(self) -> Self:
        """Start the server."""

    async def __aexit__(self, *_: object) -> None:
        """End the server."""

    async def kill(self) -> None:
        """End the server without warning."""

    async def restart(self, apps: Sequence[App] | None = None) -> None:
        """Restart the server on the same port, with these apps if any are given."""

    def freeze(self) -> None:
        """Freeze the server: it keeps its connections and sends nothing."""

    def thaw(self) -> None:
        """Let a frozen server go on."""

    async def connection_count(self) -> int:
        """Return how many websockets are open, of all apps."""


class OwnServer:
    """The dev server, in this process."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        """Prepare a server on a free port; nothing is started yet."""
        self.server = _make_server(0, (APP_1, APP_2))
        self.port = 0

    async def __aenter__(self) -> Self:
        """Start the server."""
        await self.server.start()
        self.port = self.server.port
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the server."""
        await self.server.stop()

    async def kill(self) -> None:
        """Cut every connection without a close frame, and stop listening."""
        await self.server.stop()

    async def restart(self, apps: Sequence[App] | None = None) -> None:
        """Restart the server on the same port, with these apps if any are given."""
        await self.server.stop()
        if apps is not None:
            self.server = _make_server(self.port, apps)
        await self.server.start()

    def freeze(self) -> None:
        """Accept TCP connections and send nothing."""
        self.server.freeze()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self.server.thaw()

    async def connection_count(self) -> int:
        """Return how many websockets are open, of all apps."""
        return len(self.server.connections)


def _make_server(port: int, apps: Sequence[App]) -> DevServer:
    known = [
        devserver.App(app_id=app.app_id, key=app.key, secret=app.secret, master_key=app.master_key)
        for app in apps
    ]
    return DevServer(known, host=OwnServer.host, port=port, activity_timeout=30)
