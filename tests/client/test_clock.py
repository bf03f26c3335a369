"""A moment of the event loop's clock keeps its wall time when the computer is suspended."""

import pytest

from custom_components.pusher_channels.client.clock import WallClock

from .conftest import Clock


class Wall:
    """A clock on the wall, ahead of the event loop's by an offset."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset = 1000.0

    def __call__(self) -> float:
        return self._clock.time() + self.offset


@pytest.fixture
def wall(clock: Clock) -> Wall:
    return Wall(clock)


async def test_a_moment_before_a_suspend_is_not_later_than_it_was(clock: Clock, wall: Wall) -> None:
    wall_clock = WallClock(wall)
    wall_clock.update()
    before = clock.time()
    wall.offset += 8 * 3600
    assert wall_clock.update() == pytest.approx(8 * 3600, abs=1)
    clock.skip(60)
    assert wall_clock.at(before) == pytest.approx(before + 1000)
    assert wall_clock.at(clock.time()) == pytest.approx(wall(), abs=1)


async def test_each_of_several_suspends_counts(clock: Clock, wall: Wall) -> None:
    wall_clock = WallClock(wall)
    wall_clock.update()
    moments = []
    for _ in range(3):
        moments.append((clock.time(), wall()))
        wall.offset += 100
        clock.skip(1)
        wall_clock.update()
    for moment, truth in moments:
        assert wall_clock.at(moment) == pytest.approx(truth, abs=0.5)


@pytest.mark.parametrize("is_measured", [True, False])
async def test_a_moment_before_the_wall_clock_is_put_back_is_not_later_than_the_present(
    clock: Clock, wall: Wall, is_measured: bool
) -> None:
    wall_clock = WallClock(wall)
    wall_clock.update()
    before = clock.time()
    wall.offset -= 3600
    if is_measured:
        wall_clock.update()
    clock.skip(60)
    assert wall_clock.at(before) == pytest.approx(wall() - 60, abs=0.5)
