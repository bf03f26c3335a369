"""Which channels missed events, and for how long: Pusher replays nothing after a reconnect."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """What was sent on these channels between two moments may be lost.

    Both are in the event loop's seconds.
    """

    since: float
    until: float
    channels: tuple[str, ...]


class GapTracker:
    """Tells one gap for all channels that come back together, a later one for a straggler."""

    def __init__(self, report: Callable[[Gap], None]) -> None:
        """Start with nothing missed."""
        self._report = report
        self._since: dict[str, float] = {}
        self._returning: set[str] = set()
        self._recovered: list[str] = []
        self._until = 0.0

    def lost(self, channels: Iterable[str], since: float) -> None:
        """Take note that these channels, joined until now, have been without a server since then."""
        self._tell()
        self._returning.update(channels)
        for channel in self._returning:
            self._since.setdefault(channel, since)

    def joined(self, channel: str, now: float) -> None:
        """Take note that a channel is joined."""
        if channel in self._since:
            self._recovered.append(channel)
            self._until = now
            self._settled(channel)

    def failed(self, channel: str) -> None:
        """Take note that a channel is not coming back with the others."""
        self._settled(channel)

    def left(self, channel: str) -> None:
        """Take note that nobody wants the channel any more."""
        self._since.pop(channel, None)
        self._recovered = [known for known in self._recovered if known != channel]
        self._settled(channel)

    def _settled(self, channel: str) -> None:
        self._returning.discard(channel)
        if not self._returning:
            self._tell()

    def _tell(self) -> None:
        channels, self._recovered = self._recovered, []
        if channels:
            since = min(self._since.pop(channel) for channel in channels)
            self._report(Gap(since, self._until, tuple(channels)))
