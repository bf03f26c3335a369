"""What the flood calls late, and which goals it misses."""

from dataclasses import replace

import pytest

from tools.soak.flood_figures import (
    FloodFigures,
    OtherApp,
    missed_with_memory,
    missed_without_recorder,
    table,
)
from tools.soak.lag import Lateness, in_share_of_time

GOOD = FloodFigures(
    events=1000,
    received=1000,
    seconds=1.0,
    looks=[Lateness(4.0, 2.0)] * 100,
    full_collections=0,
    most_writes=50,
    other=OtherApp(50, [3.0] * 50),
    memory_at_end=250.0,
    memory_after=220.0,
    held=1_000_000,
    catching_up=0.0,
)


def test_a_delay_counts_as_long_as_it_took() -> None:
    assert in_share_of_time([0.0] * 99 + [200.0], 0.5) == 200.0
    assert in_share_of_time([0.0] * 9900 + [20.0], 0.99) == 0.0
    assert in_share_of_time([], 0.99) == 0.0


def test_a_good_flood_misses_nothing() -> None:
    assert GOOD.missed() == missed_without_recorder(GOOD) == []
    assert missed_with_memory(GOOD, GOOD) == []


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        (replace(GOOD, received=999), "1 events were not received"),
        (replace(GOOD, most_writes=51), "51 states were written in a second"),
        (
            replace(GOOD, other=OtherApp(50, [3.0] * 49)),
            "the other app received 49 of 50 events",
        ),
        (
            replace(GOOD, looks=[Lateness(21.0, 21.0)]),
            "the work of the loop made it 21.0 ms late (p99)",
        ),
        (
            replace(GOOD, looks=[*[Lateness(0.0, 0.0)] * 9999, Lateness(101.0, 101.0)]),
            "the work of the loop made it 101.0 ms late (max)",
        ),
    ],
)
def test_each_missed_goal_is_reported(worse: FloodFigures, missed: str) -> None:
    assert worse.missed() == [missed]


def test_without_the_recorder_waiting_counts_too() -> None:
    late = replace(GOOD, looks=[Lateness(21.0, 2.0)])
    assert (late.missed(), missed_without_recorder(late)) == (
        [],
        ["the loop was 21.0 ms late (p99)"],
    )
    slow = replace(GOOD, other=OtherApp(50, [30.0] * 50))
    assert missed_without_recorder(slow) == ["the other app's events took 30.0 ms (p99)"]


def test_memory_that_stays_is_reported() -> None:
    assert missed_with_memory(GOOD, replace(GOOD, held=1_030_000)) == [
        "objects hold 30000 more blocks after a flood"
    ]


def test_the_table_has_a_cell_for_each_heading() -> None:
    assert len({line.count("|") for line in table([("flood", GOOD)]).splitlines()}) == 1
