"""One simulated run of an app: events, faults and actions of a user by a seed, and the invariants after each step."""

import asyncio
import gc
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tools.devserver import PROFILES
from tools.devserver.channel import Member
from tools.devserver.connection import Attempt
from tools.soak.home import CHANNELS
from tools.soak.ledger import Account, Ledger, Sent

from .clock import VirtualLoop, simulated_time
from .home import APP, LOBBY, Authorization, Home, place, simulated_home
from .network import USUAL_LATENCY, Network, SimulatedConnection

DAY = 86_400.0
LONGEST_LATENCY = 0.9  # the client takes a second for the longest way of an event
HEALS_WITHIN = 900.0
MOST_ATTEMPTS_A_MINUTE = 10
MOST_ATTEMPTS_AN_HOUR = 75
MOST_TASKS = 25
MOST_TIMERS = 60
MOST_NEW_BLOCKS = 60_000
CLOSE_CODES = (1000, 1001, 1011, 4004, 4100, 4200, 4201, 4202, 4301)
STOPPING_CODES = (4001, 4003)


class BrokenError(Exception):
    """An invariant does not hold."""


@dataclass
class SimulatedRun:
    """One entry under the events and faults of one seed."""

    seed: int
    days: float
    loop: VirtualLoop
    account: Account = field(default_factory=Account)
    steps: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        kind = self._chance.choice(["pusher", "soketi", "reverb"])
        self.network = Network(APP, PROFILES[kind])
        self.ledger = Ledger(slack=0.05)
        self.authorization = Authorization()
        self.home: Home
        self._guests: list[SimulatedConnection] = []
        self._last_action = 0.0
        self._blocks = 0
        self._faults: list[Callable[[], Awaitable[None]]] = [
            self._restart_server,
            self._refuse_handshakes,
            self._lose_path,
            self._black_hole,
            self._be_slow,
            self._close,
            self._stop_for_good,
            self._slow_authorizer,
            self._failing_authorizer,
            self._suspend,
            self._step_clock,
            self._reload,
            self._switch_off_and_on,
            self._drop_subscriptions,
        ]

    async def run(self) -> None:
        """Run all days; raises `BrokenError`."""
        self.ledger.leave(map(place, CHANNELS), 0)
        async with simulated_home(self.network, self.ledger, self.authorization) as self.home:
            await self._heal()
            end = self.loop.time() + self.days * DAY
            while self.loop.time() < end:
                await self._quiet()
                fault = self._chance.choice(self._faults)
                try:
                    await self._traffic_during(fault())
                    await self._heal()
                    self._check()
                except BrokenError as err:
                    raise BrokenError(f"after {fault.__name__.strip('_')}: {err}") from err
                self.steps += 1

    # What happens between the faults

    async def _quiet(self) -> None:
        """Let minutes or hours pass with a few events and members."""
        for _ in range(self._chance.randint(1, 4)):
            await asyncio.sleep(self._chance.expovariate(1 / min(3000, self.days * DAY / 20)))
            await self._publish()
            if self._chance.random() < 0.3:
                self._change_guests()

    async def _publish(self) -> None:
        name, number = self._chance.choice(CHANNELS), self.ledger.number()
        now = self.loop.wall_time()
        if self.network.is_up:
            self.ledger.note_sent(Sent(number, place(name), now, now))
            await self.network.publish(name, number)

    def _change_guests(self) -> None:
        if self._guests and self._chance.random() < 0.5:
            self._guests.pop().disconnect()
            return
        name = f"guest-{self._chance.randrange(5)}"
        attempt = Attempt(self.loop.time(), "/app", {}, {})
        guest = SimulatedConnection(self.network, APP, attempt, self._chance.randrange(10**9))
        guest.establish()
        member = Member({"user_id": name, "user_info": {"name": name}})
        self.network.broker.subscribe(guest, LOBBY, member)
        self._guests.append(guest)

    async def _traffic_during(self, fault: Awaitable[None]) -> None:
        running = asyncio.ensure_future(fault)
        try:
            while not running.done():
                await self._publish()
                await asyncio.wait([running], timeout=self._chance.uniform(0.1, 30))
                self._check_attempts()
            await running
        finally:
            running.cancel()

    # Faults; each is over when it returns

    async def _some_time(self) -> None:
        await asyncio.sleep(self._chance.choice([0, 0.5, 3, 15, 60, 300, 1800]))

    async def _restart_server(self) -> None:
        self.network.is_up = False
        self._clear_guests()
        self.network.cut()
        await self._some_time()
        self.network.is_up = True

    async def _refuse_handshakes(self) -> None:
        self.network.status = self._chance.choice([301, 403, 404, 429, 500, 502, 503])
        self.network.cut()
        await self._some_time()
        self.network.status = None

    async def _lose_path(self) -> None:
        self._clear_guests()
        self.network.die()
        await self._some_time()

    async def _black_hole(self) -> None:
        self._clear_guests()
        self.network.is_black_hole = True
        self.network.die()
        await self._some_time()
        self.network.is_black_hole = False

    async def _be_slow(self) -> None:
        self.network.latency = self._chance.uniform(0.1, LONGEST_LATENCY)
        await self._some_time()
        self.network.latency = USUAL_LATENCY

    async def _close(self) -> None:
        self._clear_guests()
        for _ in range(self._chance.randint(1, 6)):
            self.network.close(self._chance.choice(CLOSE_CODES))
            await asyncio.sleep(self._chance.choice([0, 1, 20]))

    async def _stop_for_good(self) -> None:
        """Let the server refuse the app until its user turns the connection on again."""
        self._clear_guests()
        self.network.close(self._chance.choice(STOPPING_CODES))
        await self._some_time()
        attempts = len(self.network.attempts)
        await asyncio.sleep(600)
        if len(self.network.attempts) > attempts:
            raise BrokenError("it connected again though the server refused the app")
        await self.home.switch(on=True)

    async def _slow_authorizer(self) -> None:
        self.authorization.delay = self._chance.choice([0.5, 5, 9, 11, 45])
        self.network.cut()
        await self._some_time()
        self.authorization.delay = 0.0

    async def _failing_authorizer(self) -> None:
        self.authorization.fails = True
        self.network.cut()
        await self._some_time()
        self.authorization.fails = False

    async def _suspend(self) -> None:
        """Stop the loop's clock but not the wall's; the path does not survive."""
        await asyncio.sleep(0)
        self._clear_guests()
        slept = self._chance.choice([20.0, 600.0, 8 * 3600.0])
        self.loop.wall_offset += slept
        self.network.die()
        await asyncio.sleep(self._chance.choice([0, 5]))

    async def _step_clock(self) -> None:
        self.loop.wall_offset += self._chance.choice([-3600.0, -2.0, 2.0, 3600.0])
        await asyncio.sleep(60)

    async def _reload(self) -> None:
        for _ in range(self._chance.randint(1, 3)):
            self._last_action = self.loop.time()
            await self.home.reload()
            await asyncio.sleep(self._chance.choice([0, 0.01, 1]))

    async def _switch_off_and_on(self) -> None:
        await self.home.switch(on=False)
        await self._some_time()
        self._last_action = self.loop.time()
        await self.home.switch(on=True)

    async def _drop_subscriptions(self) -> None:
        """Let the server answer no subscription for a while."""
        self.network.faults.unanswered_channels = {self._chance.choice(["*", LOBBY])}
        self.network.cut()
        await self._some_time()
        self.network.faults.reset()

    def _clear_guests(self) -> None:
        self._guests.clear()

    # What must hold

    async def _heal(self) -> None:
        """Wait until everything works again; raises `BrokenError` after a time limit."""
        end = self.loop.time() + HEALS_WITHIN
        while wrong := self.home.wrong():
            if self.loop.time() > end:
                raise BrokenError(f"{wrong}, {HEALS_WITHIN:g} s after the last fault")
            await asyncio.sleep(1)
            self._check_attempts()
        self.home.rejoin()
        await asyncio.sleep(2)
        for name in CHANNELS:
            number, now = self.ledger.number(), self.loop.wall_time()
            self.ledger.note_sent(Sent(number, place(name), now, now))
            await self.network.publish(name, number)
        await asyncio.sleep(1)
        await self.home.hass.async_block_till_done()

    def _check(self) -> None:
        account = self.ledger.close()
        self.account += account
        if account.broken:
            raise BrokenError("; ".join(account.broken[:3]))
        self._check_leaks()

    def _check_attempts(self) -> None:
        now, attempts = self.loop.time(), self.network.attempts
        while attempts and attempts[0] < now - 3600:
            attempts.pop(0)
        own = [it for it in attempts if it > self._last_action]
        a_minute = sum(it > now - 60 for it in own)
        if a_minute > MOST_ATTEMPTS_A_MINUTE or len(own) > MOST_ATTEMPTS_AN_HOUR:
            raise BrokenError(f"{a_minute} attempts in a minute, {len(own)} in an hour")

    def _check_leaks(self) -> None:
        tasks = len(asyncio.all_tasks())
        timers = len(self.loop.timers())
        if tasks > MOST_TASKS or timers > MOST_TIMERS:
            raise BrokenError(f"{tasks} tasks and {timers} timers")
        if self.steps % 50 == 20:
            gc.collect()
            blocks = sys.getallocatedblocks()
            self._blocks = self._blocks or blocks
            if blocks > self._blocks + MOST_NEW_BLOCKS:
                raise BrokenError(f"{blocks - self._blocks} pieces of memory more than at first")


def simulate(seed: int, days: float) -> SimulatedRun:
    """Run one seed from its beginning; raises `BrokenError`."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    random.seed(seed)
    simulated = SimulatedRun(seed, days, loop)
    with simulated_time(loop):
        try:
            loop.run_until_complete(simulated.run())
        finally:
            loop.close()
            asyncio.set_event_loop(None)
    return simulated
