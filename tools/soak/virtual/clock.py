"""An event loop that never waits: when idle, its clock advances to the next timer."""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, override
from unittest.mock import patch

from homeassistant.helpers import event
from homeassistant.util import dt as dt_util

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
TURN_SECONDS = 1e-6
"""How long a turn of the loop takes; after half a year a timer is due later than asyncio's resolution of 1e-9 s."""


class _NeverWaiting(selectors.SelectSelector):
    """Advances the loop's clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("Nothing is scheduled, so time would stand still for ever.")
        self.now += max(timeout, 0) + TURN_SECONDS
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a simulated clock. Work for threads is done at once."""

    def __init__(self) -> None:
        self._selector_clock = _NeverWaiting()
        self.wall_offset = START
        """What the clock on the wall shows beyond the loop's: more after a suspend or a step."""
        super().__init__(self._selector_clock)

    @override
    def time(self) -> float:
        return self._selector_clock.now

    def wall_time(self) -> float:
        """Return the seconds since 1970."""
        return self.wall_offset + self.time()

    @override
    def run_in_executor[**P, T](  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as err:  # noqa: BLE001  # for who awaits it
            future.set_exception(err)
        return future

    def timers(self) -> list[asyncio.TimerHandle]:
        """Return the timers that are not cancelled."""
        handles: list[asyncio.TimerHandle] = vars(self)["_scheduled"]
        return [handle for handle in handles if not handle.cancelled()]


@contextmanager
def simulated_time(loop: VirtualLoop) -> Iterator[None]:
    """Let all clocks of this process show the loop's."""

    def utcnow() -> datetime:
        return datetime.fromtimestamp(loop.wall_time(), UTC)

    with (
        patch.object(time, "time", loop.wall_time),
        patch.object(time, "monotonic", loop.time),
        patch.object(dt_util, "utcnow", utcnow),
        patch.object(event, "time_tracker_timestamp", loop.wall_time),
        patch.object(event, "time_tracker_utcnow", utcnow),
    ):
        yield
