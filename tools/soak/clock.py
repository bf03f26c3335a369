"""A clock to skip, and what a client must not leave behind."""

import asyncio
from collections.abc import Iterator
from math import inf

from custom_components.pusher_channels.client.server import Server
from tools.devserver import DevServer

CLIENT_MODULES = "custom_components.pusher_channels.client"


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
        """Let the seconds pass, at most `step` at once and never past the next timer.

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
