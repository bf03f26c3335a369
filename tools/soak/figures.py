"""What a leak would make grow: counted inside Home Assistant after each round, and compared."""

from dataclasses import astuple, dataclass, fields

from tools.harness import HomeAssistant

from .ledger import Account


@dataclass(frozen=True, slots=True)
class Figures:
    """Tasks, timers, objects and sockets of Home Assistant, and its memory in MB.

    `own_` are those of the integration.
    """

    tasks: int
    own_tasks: int
    own_timers: int
    own_objects: int
    sockets: int
    megabytes: float

    @classmethod
    async def count(cls, hass: HomeAssistant) -> Figures:
        """Ask Home Assistant."""
        answer = await hass.call_service("soak_figures", "count", return_response=True)
        return cls(**answer)


MAY_GROW = Figures(tasks=5, own_tasks=0, own_timers=0, own_objects=100, sockets=5, megabytes=40)
"""By how much a figure may be higher at the end: the last 50 states of each app are remembered, Home Assistant has
its own tasks and sockets, and its recorder and caches fill."""


def growth(first: Figures, last: Figures) -> list[str]:
    """Return the figures that grew by more than they may."""
    names = (field.name for field in fields(Figures))
    return [
        f"{name} grew from {before:g} to {after:g}"
        for name, before, after, more in zip(
            names, astuple(first), astuple(last), astuple(MAY_GROW), strict=True
        )
        if after > before + more
    ]


HEADINGS = (
    ("round", 6), ("sent", 8), ("received", 8), ("in gaps", 8), ("unsure", 7), ("faults", 7), ("tasks", 6),
    ("ours", 5), ("timers", 7), ("objects", 8), ("sockets", 8), ("MB", 7),
)  # fmt: skip


def heading() -> str:
    """Return the table's first line."""
    return "".join(f"{name:>{width}}" for name, width in HEADINGS)


def row(number: int, account: Account, faults: int, figures: Figures) -> str:
    """Return a round's line of the table."""
    sent = (account.sent, account.received, account.in_gaps, account.unsure)
    *counts, megabytes = astuple(figures)
    cells = (number, *sent, faults, *counts, f"{megabytes:.1f}")
    return "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, HEADINGS, strict=True))
