"""Measured figures and the goals they are compared with."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

SETTLED_WITHIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Goal:
    """The bound that the median is compared with."""

    sign: str
    bound: float

    def is_met(self, value: float) -> bool:
        """Return whether a value is within the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


def at_least(bound: float) -> Goal:
    """Return a goal of that much or more."""
    return Goal("≥", bound)


def at_most(bound: float) -> Goal:
    """Return a goal of that much or less."""
    return Goal("≤", bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """The values of one measure, one for each round. `load` names what was sent, `name` what ran."""

    load: str
    name: str
    unit: str
    values: Sequence[float]
    goal: Goal | None = None

    @property
    def median(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """The goal, and whether it is met."""
        if self.goal is None:
            return ""
        verdict = "met" if self.goal.is_met(self.median) else "**missed**"
        if self.unit.startswith("x ") and not is_settled(self.values):
            verdict += ", not settled"
        return f"{self.goal.sign} {self.goal.bound:g}: {verdict}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How thorough to be.

    A ratio is measured for `rounds` rounds, then until it is settled, `most_rounds` at most. `scale` is
    the share of the full load.
    """

    rounds: int
    scale: float
    most_rounds: int

    @property
    def quick(self) -> bool:
        """Whether this only checks that everything runs."""
        return self.scale < 1


@dataclass(frozen=True, slots=True)
class Measure:
    """One part of the benchmark. `title` is the heading of its table."""

    title: str
    run: Callable[[Settings], Iterator[Figure]]


def ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    """Divide round by round."""
    return [one / other for one, other in zip(some, others, strict=True)]


def is_settled(values: Sequence[float]) -> bool:
    """Return whether both quartiles are within 10 % of the median."""
    if len(values) < 2:
        return False
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return max(high - median, median - low) <= SETTLED_WITHIN * median


def rounds(settings: Settings, found: Callable[[], Sequence[Sequence[float]]]) -> Iterator[int]:
    """Count rounds until the ratios that `found` returns are settled."""
    for number in range(settings.most_rounds):
        if number >= settings.rounds and all(map(is_settled, found())):
            return
        yield number
