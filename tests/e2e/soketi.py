"""A real soketi server in a separate process.

By hand, until Ctrl-C: python -m e2e.soketi [port]
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from aiohttp import ClientSession

from tools.npm.packages import npm_folder

from .apps import APP_1, APP_2, App

_READY_WITHIN = 30.0
_STOPS_WITHIN = 15.0
_POLL = 0.02
_LISTENING = "The Websockets server is available"


class Soketi:
    """soketi 1.6.1 on loopback with the apps APP_1 and APP_2, started by `async with` and surely ended by it.

    Both apps sign users in, pass client events on and refuse more than 10 client events a second (4301).
    """

    host = "127.0.0.1"

    def __init__(
        self,
        port: int | None = None,
        *,
        sign_in_timeout: float = 3600.0,
        settings: Mapping[str, object] | None = None,
        app_settings: Mapping[str, object] | None = None,
    ) -> None:
        """Prepare a server; nothing is started yet.

        `port` None takes a free one. soketi closes a connection with 4009 when no user signs in on it within
        `sign_in_timeout` seconds (soketi's own default is 30). `settings` and `app_settings` are soketi's own, by its
        dotted names, on top of those of this class.
        """
        self.port = port or _free_port(socket.SOCK_STREAM)
        self._folder = tempfile.TemporaryDirectory(prefix="soketi-")
        self._log = Path(self._folder.name, "soketi.log")
        self._config = Path(self._folder.name, "soketi.json")
        self._sign_in_timeout = sign_in_timeout
        self._settings = settings or {}
        self._app_settings = app_settings or {}
        self._metrics_port = _free_port(socket.SOCK_STREAM)
        self._process: Process | None = None
        self._configure((APP_1, APP_2))

    async def __aenter__(self) -> Self:
        """Start the server."""
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the server's process group and remove its files."""
        await self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        """What soketi has printed since it was last started."""
        return self._log.read_text(errors="replace")

    async def stop(self) -> None:
        """Ask the server to end (SIGTERM) and wait until it has.

        soketi closes its connections with 4200 at once, answers new ones with 4200 for 3 s, and then goes.
        """
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the server without warning (SIGKILL), frozen or not, and wait until it has ended."""
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Freeze the server (SIGSTOP): it keeps its connections and sends nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    async def restart(self, apps: Sequence[App] | None = None) -> None:
        """Restart the server on the same port, with these apps if any are given; kill it if it runs."""
        await self.kill()
        if apps is not None:
            self._configure(apps)
        await self._start()

    async def connection_count(self) -> int:
        """Return how many websockets are open, of all apps."""
        url = f"http://{self.host}:{self._metrics_port}/metrics?json=1"
        async with ClientSession(raise_for_status=True) as session, session.get(url) as response:
            metrics = await response.json(content_type=None)
        gauge = next(metric for metric in metrics if metric["name"] == "soketi_connected")
        return sum(app["value"] for app in gauge["values"])

    def _configure(self, apps: Sequence[App]) -> None:
        self._config.write_text(
            json.dumps(
                {
                    "host": self.host,
                    "port": self.port,
                    "metrics.enabled": True,
                    "metrics.host": self.host,
                    "metrics.port": self._metrics_port,
                    "cluster.address": self.host,
                    "cluster.unicast": self.host,
                    "cluster.port": _free_port(socket.SOCK_DGRAM),
                    "userAuthenticationTimeout": int(self._sign_in_timeout * 1000),
                    "appManager.array.apps": [
                        {**_app_config(app), **self._app_settings} for app in apps
                    ],
                    "eventLimits.maxPayloadInKb": 10,
                    "channelLimits.maxNameLength": 164,
                    **self._settings,
                }
            )
        )

    async def _start(self) -> None:
        folder = await asyncio.to_thread(npm_folder)
        program = folder / "node_modules/@soketi/soketi/bin/server.js"
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "node",
                program,
                "start",
                f"--config={self._config}",
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder.name,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while _LISTENING not in self.log:
                    if self._process.returncode is not None:
                        raise RuntimeError(f"soketi ended before it was ready:\n{self.log}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise RuntimeError(
                f"soketi was not ready within {_READY_WITHIN} s:\n{self.log}"
            ) from None

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(how)
        async with asyncio.timeout(_STOPS_WITHIN):
            await self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _app_config(app: App) -> dict[str, object]:
    return {
        "id": app.app_id,
        "key": app.key,
        "secret": app.secret,
        "enabled": True,
        "enableUserAuthentication": True,
        "enableClientMessages": True,
        "maxConnections": -1,
        "maxBackendEventsPerSecond": -1,
        "maxClientEventsPerSecond": 10,
        "maxReadRequestsPerSecond": -1,
    }


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((Soketi.host, 0))
        port: int = probe.getsockname()[1]
        return port


async def _serve(port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Soketi(port) as server:
        print(
            f"soketi on {server.host}:{server.port}, apps {APP_1.key} and {APP_2.key}; Ctrl-C ends it",
            flush=True,
        )
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 6001))
