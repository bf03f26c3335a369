"""What every receiver written in Python shares: its arguments, and how it counts and reports.

A receiver is told `PORT CHANNEL WARM COUNT`. Once subscribed it prints `ready`; after WARM events it
prints `warm`; after COUNT more it prints a line of JSON: the wall and CPU seconds of those.
"""

import json
import sys
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Measurement:
    """Counts events, first the warm-up, then what is measured."""

    port: int
    channel: str
    warm: int
    count: int
    left: int = field(init=False)
    total: int = 0
    started: tuple[float, float] | None = None
    finished: bool = False

    def __post_init__(self) -> None:
        """Start with the warm-up."""
        self.left = self.warm

    @classmethod
    def of_arguments(cls) -> Measurement:
        """Return the measurement that the command line asks for."""
        port, channel, warm, count = sys.argv[1:5]
        return cls(int(port), channel, int(warm), int(count))

    def ready(self) -> None:
        """Say that the flood may begin."""
        print("ready", flush=True)

    def phase_over(self) -> None:
        """Go from the warm-up to the measurement, or from there to the result; `left` is 0."""
        if self.started is None:
            self.left = self.count
            self.started = time.perf_counter(), time.process_time()
            print("warm", flush=True)
            return
        wall = time.perf_counter() - self.started[0]
        cpu = time.process_time() - self.started[1]
        self.finished = True
        print(json.dumps({"wall": wall, "cpu": cpu, "total": self.total}), flush=True)
