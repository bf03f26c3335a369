"""Runs a real Home Assistant against faults, traffic and reloads; nothing may be lost, doubled, wrong or left over."""

import argparse
import asyncio
import random
import sys
import time

from tools.devserver import DevServer

from .event_recorder import EventRecorder
from .fault_injector import FaultInjector
from .figures import Figures, growth, heading, row
from .home import ASKED, KINDS, SIGNED, Home, HomeApp, add_apps, is_home
from .ledger import Account, Ledger
from .traffic import Traffic, guests

SETTLES_WITHIN = 90.0
LOOKS_EVERY = 0.1
IDLE_WITHIN = 40.0
LONGEST_ROUND = 180.0
LOBBY = "presence-lobby"
REFUSED_ACTIONS = (
    "Error during service call to pusher_channels.",
    "for integration pusher_channels is not loaded",
)


class Run:
    """Rounds of traffic and faults; after each one everything must work, and the objects are counted."""

    def __init__(
        self, server: DevServer, home: Home, apps: list[HomeApp], recorder: EventRecorder, ledger: Ledger,
        traffic: Traffic, injector: FaultInjector,
    ) -> None:  # fmt: skip
        self._server = server
        self._home = home
        self._apps = apps
        self._recorder = recorder
        self._ledger = ledger
        self._traffic = traffic
        self._injector = injector
        self.account = Account()
        self.figures: list[Figures] = []
        self.broken: list[str] = []

    async def round(self, seconds: float) -> None:
        """Run traffic and faults for some seconds, then settle and count; print the round's line."""
        before, stop = self._injector.made, asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._traffic.flow(stop))
            tasks.create_task(self._injector.run(stop))
            await asyncio.sleep(seconds)
            stop.set()
        await self._settle()
        self._traffic.note_client_events()
        self._recorder.catch_up()
        account = self._ledger.close()
        self.account += account
        self.broken += account.broken
        self.figures.append(await self._count())
        faults = self._injector.made - before
        print(row(len(self.figures), account, faults, self.figures[-1]), flush=True)

    async def problems(self) -> list[str]:
        """Return all that is broken; print how many short outages were observed."""
        lines = self._home.log.splitlines()
        errors = [
            line
            for line in lines
            if " ERROR " in line and not any(refused in line for refused in REFUSED_ACTIONS)
        ]
        states = await self._home.call_service("soak_figures", "states", return_response=True)
        print(f"{states['short_outages']} outages of channels under 10 s")
        unseen = [f"no entity of the kind {kind}" for kind in KINDS - {*states["kinds"]}]
        grown = growth(self.figures[0], self.figures[-1])
        return [*self.broken, *grown, *states["found"], *unseen, *errors]

    async def _count(self) -> Figures:
        """Count, again for a while where something grew: HTTP connections stay open for reuse."""
        end = time.monotonic() + IDLE_WITHIN
        figures = await Figures.count(self._home)
        while self.figures and growth(self.figures[0], figures) and time.monotonic() < end:
            await asyncio.sleep(1)
            figures = await Figures.count(self._home)
        return figures

    async def _settle(self) -> None:
        """Wait until everything works again; record what does not."""
        end = time.monotonic() + SETTLES_WITHIN
        while wrong := await self._wrong():
            if time.monotonic() > end:
                self.broken += [
                    f"{what}, {SETTLES_WITHIN:g} s after the last fault" for what in wrong
                ]
                return
            await asyncio.sleep(LOOKS_EVERY)

    async def _wrong(self) -> list[str]:
        for app in self._apps:
            if not await app.is_subscribed():
                return [f"not all channels of {app.app.key} are subscribed"]
            if not await self._traffic.is_received(app, app.places):
                return [f"not all channels of {app.app.key} are received"]
        return [what for app in self._apps for what in await self._wrong_of(app)]

    async def _wrong_of(self, app: HomeApp) -> list[str]:
        """Return where Home Assistant and the server differ about an app."""
        wrong = []
        seen = await app.channel(LOBBY)
        here = sorted(member["user_id"] for member in seen.get("members", ()))
        there = sorted(self._server.members(LOBBY, app=app.app))
        if here != there or seen.get("count") != len(there):
            wrong.append(f"{LOBBY} of {app.app.key} has {there}, but Home Assistant sees {here}")
        connections = [it for it in self._server.connections if it.app == app.app and is_home(it)]
        if len(connections) != 1:
            wrong.append(f"Home Assistant has {len(connections)} connections of {app.app.key}")
        return wrong


async def soak(minutes: float, seed: int, server: DevServer) -> int:
    """Run for that many minutes; print figures; return 1 when something is broken."""
    ledger, chance = Ledger(), random.Random(seed)
    rounds = max(2, round(minutes * 60 / LONGEST_ROUND))
    async with server, Home() as home, guests(server) as present:
        apps = await add_apps(home, server)
        for app in apps:
            await app.wait_subscribed()
        ledger.leave([app.passing for app in apps], time.time())
        recorder = await EventRecorder.open(home, ledger)
        traffic = Traffic(server, apps, present, recorder, ledger, chance)
        injector = FaultInjector(server, apps, traffic, ledger, chance)
        run = Run(server, home, apps, recorder, ledger, traffic, injector)
        print(f"seed {seed}, {rounds} rounds\n{heading()}", flush=True)
        for _ in range(rounds):
            await run.round(minutes * 60 / rounds)
        problems = await run.problems()
    return tell(run.account, problems)


def tell(account: Account, problems: list[str]) -> int:
    """Print the account and what is broken; return 1 when something is."""
    print(f"{account.sent} sent = {account.received} received + {account.in_gaps} in declared gaps")
    for problem in problems:
        print(f"Broken: {problem}")
    return 1 if problems else 0


def main() -> int:
    """Run; return 1 when something is broken."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    return asyncio.run(soak(options.minutes, options.seed, DevServer(apps=[SIGNED, ASKED])))


if __name__ == "__main__":
    sys.exit(main())
