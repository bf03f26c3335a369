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

    Set `has_received` for each frame that arrives, and `sent` to the time of each that is sent.
    """

    __slots__ = (
        "_activity_timeout",
        "_checked",
        "_last_ping",
        "_pong_timeout",
        "_received",
        "_unanswered_since",
        "has_received",
        "sent",
    )

    def __init__(self, now: float, *, activity_timeout: float, pong_timeout: float) -> None:
        """Start with a connection that has just been established."""
        self._activity_timeout = activity_timeout
        self._pong_timeout = pong_timeout
        self._unanswered_since: float | None = None
        self._last_ping = now
        self._checked = now
        self._received = now
        self.has_received = False
        self.sent = now

    @property
    def received(self) -> float:
        """The time of the last check before the latest frame arrived."""
        return self._checked if self.has_received else self._received

    @property
    def due(self) -> float:
        """The time of the next check."""
        deadline = self._deadline
        if deadline is None:
            return min(self.received, self.sent) + self._activity_timeout
        return min(deadline, self._last_ping + self._activity_timeout)

    def check(self, now: float) -> Verdict:
        """Judge the connection; the caller sends the ping that `PING` asks for."""
        self._count_frames(now)
        if now < self.due:
            return Verdict.WAIT
        deadline = self._deadline
        if deadline is not None and now >= deadline:
            return Verdict.DEAD
        self.start_ping(now)
        return Verdict.PING

    def start_ping(self, now: float) -> None:
        """Count a ping that the caller sends."""
        self._count_frames(now)
        if self._unanswered_since is None:
            self._unanswered_since = now
        self._last_ping = now

    def _count_frames(self, now: float) -> None:
        """Count the frames since the last check, of which any answers a ping."""
        if self.has_received:
            self.has_received = False
            self._received = self._checked
            self._unanswered_since = None
        self._checked = now

    @property
    def _deadline(self) -> float | None:
        """When the connection counts as dead; None while no ping is unanswered."""
        since = self._unanswered_since
        return None if since is None else since + self._pong_timeout
