"""Reports which channels missed events, and for how long: Pusher resends nothing after a reconnect."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that were sent to these channels between two moments may be lost.

    Both are in seconds since 1970. `since` is never too late.
    """

    since: float
    until: float
    channels: tuple[str, ...]


class GapTracker:
    """Reports one gap for all channels that are subscribed again together, later ones for the rest."""

    def __init__(self, report: Callable[[Gap], None]) -> None:
        self._report = report
        self._since: dict[str, float] = {}
        self._awaited: set[str] = set()
        self._recovered: list[str] = []
        self._until = 0.0

    @property
    def since(self) -> Mapping[str, float]:
        """When each pending gap began, by channel."""
        return MappingProxyType(self._since)

    def expect(self, since: Mapping[str, float]) -> None:
        """Report a gap for these channels once they are subscribed."""
        for channel, moment in since.items():
            self._since[channel] = min(moment, self._since.get(channel, moment))

    def on_subscribing(self, channel: str) -> None:
        """Wait for a channel with a pending gap before the gap of the others is reported."""
        if channel in self._since:
            self._awaited.add(channel)

    def on_lost(self, channels: Iterable[str], since: float) -> None:
        """Start a gap for channels that have just lost their subscription."""
        self._flush()
        self._awaited.update(channels)
        for channel in self._awaited:
            self._since.setdefault(channel, since)

    def on_subscribed(self, channel: str, now: float) -> None:
        """End the gap of a channel."""
        if channel in self._since and channel not in self._recovered:
            self._recovered.append(channel)
            self._until = now
        self._stop_waiting(channel)

    def on_failed(self, channel: str) -> None:
        """Report the gap of the others without this channel; its own gap stays open."""
        self._stop_waiting(channel)

    def on_unsubscribed(self, channel: str) -> None:
        """Drop the gap of a channel that is no longer subscribed to."""
        self._since.pop(channel, None)
        self._recovered = [known for known in self._recovered if known != channel]
        self._stop_waiting(channel)

    def _stop_waiting(self, channel: str) -> None:
        self._awaited.discard(channel)
        if not self._awaited:
            self._flush()

    def _flush(self) -> None:
        channels, self._recovered = self._recovered, []
        if channels:
            since = min(self._since.pop(channel) for channel in channels)
            self._report(Gap(min(since, self._until), self._until, tuple(channels)))
