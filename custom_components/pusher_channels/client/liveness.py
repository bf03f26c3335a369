"""When to ask the server for a sign of life, and when to stop believing in it.

Reference: "Ping and pong messages" of the Channels WebSocket protocol. Any frame is a sign of life.
Servers that look only at what the client sends (Reverb, behind some proxies) are served too: a ping
also goes out when nothing was sent for as long, however much arrives.
"""

from enum import Enum, auto


class Verdict(Enum):
    """What the clock asks for."""

    WAIT = auto()
    PING = auto()
    DEAD = auto()


class Liveness:
    """The stamps of one connection, in seconds of a monotonic clock.

    `received` is when the last frame came, `sent` when one last went out, `resumed` when the event
    loop last came back to whoever receives.
    """

    __slots__ = ("_activity_timeout", "_pinged", "_pong_timeout", "received", "resumed", "sent")

    def __init__(self, now: float, *, activity_timeout: float, pong_timeout: float) -> None:
        """Start with a connection that has just been established."""
        self._activity_timeout = activity_timeout
        self._pong_timeout = pong_timeout
        self._pinged: float | None = None
        self.received = now
        self.resumed = now
        self.sent = now

    @property
    def due(self) -> float:
        """When to check next; earlier stamps than the present ones are no reason to."""
        if self._pinged is not None and self.received <= self._pinged:
            return self._pinged + self._pong_timeout
        return min(self.received, self.sent) + self._activity_timeout

    def check(self, now: float) -> Verdict:
        """Judge, and take note of the ping that the caller sends for `PING`."""
        if now < self.due:
            return Verdict.WAIT
        if self._pinged is not None and self.received <= self._pinged:
            return Verdict.DEAD
        self._pinged = now
        return Verdict.PING
