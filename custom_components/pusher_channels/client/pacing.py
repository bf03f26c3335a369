"""Slows down requests to a server that limits their rate."""

import asyncio

FIRST_INTERVAL = 2.0
LONGEST_INTERVAL = 16.0


class Pacer:
    """Spaces requests in time once the server complained about their rate.

    The interval is kept over reconnects, since the server counts each connection again.
    """

    def __init__(self) -> None:
        self._interval = 0.0
        self._next = 0.0
        self._requests = 0

    async def wait(self) -> None:
        """Wait for this request's turn."""
        self._requests += 1
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._interval
        await asyncio.sleep(turn - now)

    def restart(self) -> None:
        """Start again without waiting requests: their connection is lost."""
        self._next = 0.0

    def slow_down(self) -> None:
        """Double the interval, unless nothing was requested since that was last done."""
        if self._requests:
            self._requests = 0
            self._interval = min(max(2 * self._interval, FIRST_INTERVAL), LONGEST_INTERVAL)
