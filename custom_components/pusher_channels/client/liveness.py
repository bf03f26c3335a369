"""Decides when to send a ping and when a connection is dead.

Any received frame counts as an answer. Some servers only count what the client sends (Reverb), and
some proxies cut a silent connection, so a ping is also due when nothing was sent for that long.
Reference: "Ping and pong messages" of
https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/
"""

from enum import Enum, auto


class Verdict(Enum):
    """What a check asks for."""

    WAIT = auto()
    PING = auto()
    DEAD = auto()


class Liveness:
    """Times of one connection, in seconds of the event loop's clock.

    `received` and `sent` are the times of the last frame in each direction.
    """

    __slots__ = (
        "_activity_timeout",
        "_last_ping",
        "_pong_timeout",
        "_unanswered_since",
        "received",
        "sent",
    )

    def __init__(self, now: float, *, activity_timeout: float, pong_timeout: float) -> None:
        """Start with a connection that has just been established."""
        self._activity_timeout = activity_timeout
        self._pong_timeout = pong_timeout
        self._unanswered_since: float | None = None
        self._last_ping = now
        self.received = now
        self.sent = now

    @property
    def due(self) -> float:
        """The time of the next check."""
        deadline = self._deadline
        if deadline is None:
            return min(self.received, self.sent) + self._activity_timeout
        return min(deadline, self._last_ping + self._activity_timeout)

    def check(self, now: float) -> Verdict:
        """Judge the connection; the caller sends the ping that `PING` asks for."""
        if now < self.due:
            return Verdict.WAIT
        deadline = self._deadline
        if deadline is not None and now >= deadline:
            return Verdict.DEAD
        self.start_ping(now)
        return Verdict.PING

    def start_ping(self, now: float) -> None:
        """Count a ping that the caller sends."""
        if self._deadline is None:
            self._unanswered_since = now
        self._last_ping = now

    @property
    def _deadline(self) -> float | None:
        """When the connection counts as dead; None while no ping is unanswered."""
        since = self._unanswered_since
        if since is None or self.received > since:
            return None
        return since + self._pong_timeout
