"""Faults, and what the user of Home Assistant does, one after the other."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine

from tools.devserver import DevServer, frames

from .home import HomeApp
from .ledger import Ledger
from .traffic import Traffic

LONGEST_PAUSE = 8.0
RETRIED_CODES = (1000, 1001, 1011, 4100, 4200, 4201, 4300)
INVALID_FRAMES: tuple[str | bytes, ...] = (
    "", "{", "[]", "null", b"binary", '{"event":7}', '{"event":"pusher:error","data":"x"}',
    '{"event":"pusher_internal:member_added","channel":"presence-lobby","data":"{}"}',
    frames.event("not-subscribed", "x", "y"), frames.error(4301, "Too many client events"),
)  # fmt: skip


class FaultInjector:
    """Makes faults of server and network, reloads entries, and switches connections off."""

    def __init__(
        self,
        server: DevServer,
        apps: list[HomeApp],
        traffic: Traffic,
        ledger: Ledger,
        chance: random.Random,
    ) -> None:
        self._server = server
        self._apps = apps
        self._traffic = traffic
        self._ledger = ledger
        self._chance = chance
        self.made = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Make faults and undo them, until `stop` is set."""
        kinds: list[Callable[[], Coroutine[None, None, None]]] = [
            self._close, self._close_all, self._cut, self._cut_all, self._silence, self._freeze,
            self._restart, self._refuse, self._stall, self._deny, self._ignore, self._send_invalid_frames,
            self._reload, self._switch,
        ]  # fmt: skip
        while not stop.is_set():
            await self._chance.choice(kinds)()
            self.made += 1
            await asyncio.sleep(self._chance.uniform(0, LONGEST_PAUSE))

    async def _close(self) -> None:
        for connection in self._server.connections:
            if self._chance.random() < 0.5:
                connection.start_close(self._chance.choice(RETRIED_CODES), "Going")

    async def _close_all(self) -> None:
        await self._server.close_all(self._chance.choice(RETRIED_CODES))

    async def _cut(self) -> None:
        for connection in self._server.connections:
            if self._chance.random() < 0.5:
                connection.abort(reset=self._chance.random() < 0.5)

    async def _cut_all(self) -> None:
        self._server.abort_all()

    async def _silence(self) -> None:
        """Leave some connections half-open for so long that most clients notice."""
        silent = [it for it in self._server.connections if self._chance.random() < 0.5]
        for connection in silent:
            connection.silence()
        await self._pause(4, 9)
        for connection in silent:
            connection.abort()

    async def _freeze(self) -> None:
        self._server.freeze()
        await self._pause(0.2, 9)
        self._server.thaw()

    async def _restart(self) -> None:
        await self._server.stop()
        await self._pause(0, 3)
        await self._server.start()

    async def _refuse(self) -> None:
        """Refuse every connection."""
        faults = self._server.faults
        match self._chance.randrange(3):
            case 0:
                faults.upgrade_status = self._chance.choice((301, 403, 404, 500, 503))
            case 1:
                faults.handshake_reset = True
            case _:
                faults.handshake_close = self._chance.choice(RETRIED_CODES)
        await self._fail_for(4)

    async def _stall(self) -> None:
        """Accept every connection, and send nothing."""
        self._server.faults.handshake_silent = True
        await self._fail_for(3)

    async def _deny(self) -> None:
        """Let the authorizing endpoint fail."""
        self._server.faults.auth_status = 503
        await self._fail_for(3)

    async def _ignore(self) -> None:
        """Leave subscriptions unanswered."""
        self._server.faults.unanswered_channels = {"*"}
        await self._fail_for(2)

    async def _fail_for(self, seconds: float) -> None:
        self._server.abort_all()
        await self._pause(0.5, seconds)
        self._server.faults.reset()
        for connection in self._server.connections:
            if not connection.channels:
                connection.abort()

    async def _send_invalid_frames(self) -> None:
        for _ in range(20):
            await self._server.send_raw(self._chance.choice(INVALID_FRAMES))

    async def _reload(self) -> None:
        """Reload an app, or disable and enable it; at times while the server is stopped."""
        app = self._chance.choice(self._apps)
        async with app.changing:
            # Nothing is declared of a channel that an action subscribed.
            if not self._ledger.is_away(app.passing):
                if not await self._traffic.is_received(app, [app.passing]):
                    return
                self._ledger.leave([app.passing], time.time())
            is_server_away = self._chance.random() < 0.5
            if is_server_away:
                await self._server.stop()
                await self._pause(0.1, 2)
            await self._chance.choice((app.reload, app.disable))()
            if is_server_away:
                await self._server.start()
            await app.wait_subscribed()

    async def _switch(self) -> None:
        app = self._chance.choice(self._apps)
        await app.switch("turn_off")
        await self._pause(0, 3)
        await app.switch("turn_on")

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._chance.uniform(least, most))
