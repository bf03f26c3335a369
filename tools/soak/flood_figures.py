"""What is measured of a flood, what it may be, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from .lag import Lateness, in_share_of_time

MOST_WRITES = 50
P99, WORST = 20.0, 100.0
MAY_STAY = 0.02
"""The share by which objects may hold more once all is recorded: the recorder's caches fill.

Resident memory is shown, and not judged: what a long backlog needed once, the allocator seldom gives back.
"""

HEADINGS = (
    "", "Events received", "A second", "Loop late p50, p99, max", "By work p99, max", "Full collections",
    "Writes a second", "Other app received, p50, p99", "Memory at the end, after", "Blocks held", "Recorder behind",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OtherApp:
    """The app that is not flooded: events sent to it, and the milliseconds that each took which arrived."""

    sent: int
    delays: list[float]

    def took(self, percent: int) -> float:
        """Return what that many percent of the events did not exceed; 0 when there was none."""
        return quantiles([0.0, *self.delays], n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True, slots=True)
class FloodFigures:
    """One flood; memory in MB: at its end, and once all is recorded; `catching_up` in seconds.

    `held` are the pieces of memory that objects hold once all is recorded.
    """

    events: int
    received: int
    seconds: float
    looks: list[Lateness]
    full_collections: int
    most_writes: int
    other: OtherApp
    memory_at_end: float
    memory_after: float
    held: int
    catching_up: float

    @property
    def late(self) -> list[float]:
        """How late the loop was."""
        return [look.late for look in self.looks]

    @property
    def worked(self) -> list[float]:
        """How much of that its thread worked."""
        return [look.worked for look in self.looks]

    def missed(self) -> list[str]:
        """Return the limits that are exceeded."""
        p99, worst = in_share_of_time(self.worked, 0.99), max(self.worked, default=0.0)
        found = {
            f"{self.events - self.received} events were not received": self.received != self.events,
            f"the work of the loop made it {p99:.1f} ms late (p99)": p99 > P99,
            f"the work of the loop made it {worst:.1f} ms late (max)": worst > WORST,
            f"{self.most_writes} states were written in a second": self.most_writes > MOST_WRITES,
            f"the other app received {len(self.other.delays)} of {self.other.sent} events": (
                len(self.other.delays) != self.other.sent
            ),
        }
        return [problem for problem, is_missed in found.items() if is_missed]


def missed_without_recorder(ours: FloodFigures) -> list[str]:
    """Return the limits that the loop exceeded with no other work on it."""
    late, other = in_share_of_time(ours.late, 0.99), ours.other.took(99)
    found = {
        f"the loop was {late:.1f} ms late (p99)": late > P99,
        f"the other app's events took {other:.1f} ms (p99)": other > P99,
    }
    return [problem for problem, is_missed in found.items() if is_missed]


def missed_with_memory(before: FloodFigures, after: FloodFigures) -> list[str]:
    """Return what a flood left behind."""
    stayed = after.held - before.held
    return [f"objects hold {stayed} more blocks after a flood"] * (stayed > MAY_STAY * before.held)


def table(rows: Sequence[tuple[str, FloodFigures]]) -> str:
    """Return all as Markdown."""
    cells = [
        HEADINGS,
        ["---"] * len(HEADINGS),
        *([name, *_cells(figures)] for name, figures in rows),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _cells(it: FloodFigures) -> list[str]:
    late = [in_share_of_time(it.late, share) for share in (0.5, 0.99, 1)]
    worked = [in_share_of_time(it.worked, share) for share in (0.99, 1)]
    return [
        f"{it.received} of {it.events}",
        f"{it.events / it.seconds:.0f}",
        _milliseconds(late),
        _milliseconds(worked),
        str(it.full_collections),
        f"at most {it.most_writes}",
        f"{len(it.other.delays)} of {it.other.sent}, {_milliseconds([it.other.took(50), it.other.took(99)])}",
        f"{it.memory_at_end:.0f}, {it.memory_after:.0f} MB",
        f"{it.held}",
        f"{it.catching_up:.1f} s",
    ]


def _milliseconds(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values) + " ms"
