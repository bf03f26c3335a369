"""What every receiver written in Python shares: its arguments, and how it counts and reports.

Once subscribed a receiver prints `ready`; after `warm` events it prints `warm`; after `count` more a line of JSON: the
wall and CPU seconds of those, what their field `n` summed up to, and delays in seconds if those were asked for. There
it ends at once, so that nothing that comes later is counted.
"""

import argparse
import asyncio
import gc
import json
import os
import time
from collections.abc import Sequence
from typing import Self

LOOK_EVERY = 0.001


class Measurement:
    """Counts events, first the warm-up, then what is measured."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.port: int = arguments.port
        self.channel: str = arguments.channel
        self.warm: int = arguments.warm
        self.count: int = arguments.count
        self.secret: str = arguments.secret
        self.master_key: str = arguments.master_key
        self.options: frozenset[str] = frozenset(arguments.options)
        self.others: int = arguments.others
        self.delays: list[float] = []
        self._started: tuple[float, float] | None = None
        self._total = 0
        self._left = self.warm

    @classmethod
    def of_arguments(cls, options: Sequence[str] = ()) -> Self:
        """Return the measurement that the command line asks for; `options` are those of the receiver."""
        parser = argparse.ArgumentParser()
        parser.add_argument("port", type=int)
        parser.add_argument("channel")
        parser.add_argument("warm", type=int)
        parser.add_argument("count", type=int)
        parser.add_argument("secret")
        parser.add_argument("master_key")
        parser.add_argument("--others", type=int, default=0)
        parser.add_argument("options", nargs="*", choices=options, default=[])
        return cls(parser.parse_args())

    def ready(self) -> None:
        """Report that the flood may begin. What start-up has made is not collected again."""
        gc.collect()
        gc.freeze()
        print("ready", flush=True)

    def phase_over(self, total: int) -> int:
        """Go from the warm-up to the measurement, or from there to the result and the end of the process.

        `total` is the sum so far; the number of events that are still to come is returned.
        """
        if self._started is None:
            self.delays.clear()
            self._started = time.perf_counter(), time.process_time()
            print("warm", flush=True)
            return self.count
        wall = time.perf_counter() - self._started[0]
        cpu = time.process_time() - self._started[1]
        result = {"wall": wall, "cpu": cpu, "total": total, "delays": self.delays}
        print(json.dumps(result), flush=True)
        os._exit(0)

    def arrived(self, nanoseconds: int) -> None:
        """Count an event that carries the time it was sent at, and took so long."""
        self.delays.append(nanoseconds / 1e9)
        self._total += 1
        self._left -= 1
        if not self._left:
            self._left = self.phase_over(self._total)

    async def watch_loop(self) -> None:
        """Note how late the event loop is, looking every millisecond."""
        while True:
            due = time.perf_counter() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            self.delays.append(time.perf_counter() - due)
