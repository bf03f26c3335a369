"""Wall time that stays correct after the computer was suspended."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

DRIFT = 0.5
"""Seconds by which the difference of the clocks changes without a suspend or a step."""
MAX_JUMPS = 16

type Clock = Callable[[], float]


def wall_time() -> float:
    """Return the seconds since 1970."""
    return time.time()


class WallClock:
    """Converts the event loop's time to seconds since 1970.

    The event loop's clock stops while a computer is suspended. The difference of the two clocks is
    measured by `update`: it grows by the time of a suspend, and falls when the wall clock is put
    back. The latest 16 changes are kept, and a moment is converted by the smallest difference since
    then.
    """

    def __init__(self, wall: Clock = wall_time) -> None:
        self._wall = wall
        self._offset: float | None = None
        self._jumps: deque[tuple[float, float]] = deque(maxlen=MAX_JUMPS)

    def now(self) -> float:
        """Return the present wall time."""
        return self._wall()

    def update(self) -> float:
        """Measure again; return the seconds of a suspend since the last measurement."""
        offset = self._difference()
        suspended = 0.0 if self._offset is None else offset - self._offset
        if self._offset is not None and abs(suspended) > DRIFT:
            self._jumps.append((asyncio.get_running_loop().time(), self._offset))
        self._offset = offset
        return suspended

    def at(self, moment: float) -> float:
        """Return the wall time of a moment since the latest `update`, never too late."""
        offsets = [self._difference()]
        offsets += [before for measured, before in self._jumps if moment <= measured]
        if self._offset is not None:
            offsets.append(self._offset)
        return moment + min(offsets)

    def _difference(self) -> float:
        return self._wall() - asyncio.get_running_loop().time()
