"""How late an event loop is, and how much of that is work of its thread."""

import asyncio
import gc
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

LOOK_EVERY = 0.002


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a look was, and how much of that its thread worked, in milliseconds.

    Not work of the thread is what it waited for another thread or program, and a full garbage collection, which takes
    as long as the whole heap needs.
    """

    late: float
    worked: float


def in_share_of_time(delays: list[float], share: float) -> float:
    """Return the delay in milliseconds that is not exceeded in that share of the time; 0 when there was no look.

    Each delay counts as long as it took: one of 200 ms hides 100 looks.
    """
    every = LOOK_EVERY * 1000
    left = share * sum(every + delay for delay in delays)
    for delay in sorted(delays):
        left -= every + delay
        if left <= 0:
            return delay
    return max(delays, default=0.0)


class Lag:
    """Samples every two milliseconds, from the loop's own thread."""

    def __init__(self) -> None:
        self.looks: list[Lateness] = []
        self.full_collections = 0
        self._collecting = 0.0
        self._collection_began = 0.0
        self._thread = threading.get_ident()

    async def watch(self) -> None:
        """Sample until cancelled."""
        while True:
            due, working = time.perf_counter() + LOOK_EVERY, self._work()
            await asyncio.sleep(LOOK_EVERY)
            late = max(time.perf_counter() - due, 0.0)
            worked = min(late, self._work() - working)
            self.looks.append(Lateness(late * 1000, worked * 1000))

    def note_collection(self, phase: str, info: Mapping[str, int]) -> None:
        """Record a full garbage collection; for `gc.callbacks`."""
        if info["generation"] < 2 or threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collection_began = time.thread_time()
        else:
            self._collecting += time.thread_time() - self._collection_began
            self.full_collections += 1

    def _work(self) -> float:
        return time.thread_time() - self._collecting


@contextmanager
def watching() -> Iterator[Lag]:
    """Watch the running loop; what is looked at ends with the block."""
    lag = Lag()
    looking = asyncio.create_task(lag.watch())
    gc.callbacks.append(lag.note_collection)
    try:
        yield lag
    finally:
        gc.callbacks.remove(lag.note_collection)
        looking.cancel()
