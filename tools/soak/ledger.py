"""What was sent, what was received, and which gaps were declared: every event has to be in one of them, once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

SLACK = 1.0
"""Seconds by which a declared gap may be late: what the last frame overtook on its way is lost with it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of an app of Home Assistant."""

    entry_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Sent:
    """An event, and the moments between which it was sent (seconds of the day's clock).

    One that is not `certain` may have failed to reach the server.
    """

    number: int
    place: Place
    since: float
    until: float
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """How many events were sent, received, and missed inside a declared gap; the others are broken."""

    sent: int = 0
    received: int = 0
    in_gaps: int = 0
    unsure: int = 0
    broken: tuple[str, ...] = ()

    def __add__(self, other: Account) -> Account:
        """Count both together."""
        return Account(
            self.sent + other.sent,
            self.received + other.received,
            self.in_gaps + other.in_gaps,
            self.unsure + other.unsure,
            self.broken + other.broken,
        )


class Ledger:
    """Keeps the books of one round after the other."""

    def __init__(self, slack: float = SLACK) -> None:
        """Start with every channel subscribed; `slack` is in seconds."""
        self._slack = slack
        self._next = 0
        self._sent: dict[int, Sent] = {}
        self._received: Counter[tuple[int, Place]] = Counter()
        self._gaps: dict[Place, list[tuple[float, float]]] = {}
        self._away: dict[Place, float] = {}

    def number(self) -> int:
        """Return a number that no event has yet."""
        self._next += 1
        return self._next

    def note_sent(self, event: Sent) -> None:
        """Record an event."""
        self._sent[event.number] = event

    def note_received(self, number: int, place: Place) -> None:
        """Record that Home Assistant received an event."""
        self._received[number, place] += 1

    def was_received(self, number: int) -> bool:
        """Whether Home Assistant received an event at the place it was sent to."""
        return self._received[number, self._sent[number].place] > 0

    def leave(self, places: Iterable[Place], now: float) -> None:
        """Expect no events of these channels until they are subscribed."""
        for place in places:
            self._away.setdefault(place, now)

    def is_away(self, place: Place) -> bool:
        """Whether a channel was left."""
        return place in self._away

    def join(self, place: Place, now: float) -> None:
        """Record that a channel that was left is subscribed."""
        if place in self._away:
            self.note_gap(place, self._away.pop(place), now)

    def note_gap(self, place: Place, since: float, until: float) -> None:
        """Record a declared gap."""
        self._gaps.setdefault(place, []).append((since, until))

    def close(self) -> Account:
        """Return the account of all events so far, and start afresh; who is away stays away."""
        total = Account()
        for event in self._sent.values():
            total += self._account(event)
        unsent = [
            f"event {number} was received on {place.channel}, where it was not sent"
            for number, place in self._received
            if number not in self._sent or self._sent[number].place != place
        ]
        self._sent, self._received, self._gaps = {}, Counter(), {}
        return total + Account(broken=tuple(unsent))

    def _account(self, event: Sent) -> Account:
        times = self._received[event.number, event.place]
        if times == 1:
            return Account(sent=1, received=1)
        what = f"event {event.number} on {event.place.channel}"
        if times > 1:
            return Account(sent=1, broken=(f"{what} was received {times} times",))
        if not event.certain:
            return Account(unsure=1)
        if self._is_missed(event):
            return Account(sent=1, in_gaps=1)
        return Account(sent=1, broken=(f"{what} was lost outside every declared gap",))

    def _is_missed(self, event: Sent) -> bool:
        gaps = [*self._gaps.get(event.place, ()), (self._away.get(event.place, inf), inf)]
        return any(
            since - self._slack <= event.until and event.since <= until + self._slack
            for since, until in gaps
        )
