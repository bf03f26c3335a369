"""What a measure found, beside what it should be."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """The bound that the median is held against."""

    sign: str
    bound: float

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps to the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


def at_least(bound: float) -> Goal:
    """Return a goal of that much or more."""
    return Goal("≥", bound)


def at_most(bound: float) -> Goal:
    """Return a goal of that much or less."""
    return Goal("≤", bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured in each round; `load` is under what, `name` of what."""

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
        word = "met" if self.goal.is_met(self.median) else "**missed**"
        return f"{self.goal.sign} {self.goal.bound:g}: {word}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How thorough to be: rounds, and the share of the full load."""

    rounds: int
    scale: float

    @property
    def quick(self) -> bool:
        """Whether it only matters that everything runs."""
        return self.scale < 1


@dataclass(frozen=True, slots=True)
class Measure:
    """One part of the benchmark; `title` heads its table."""

    title: str
    run: Callable[[Settings], Iterator[Figure]]


def ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    """Divide round by round."""
    return [one / other for one, other in zip(some, others, strict=True)]
