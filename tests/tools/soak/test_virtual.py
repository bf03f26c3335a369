"""Runs in simulated time are reproducible, and each invariant can break."""

import asyncio
import logging
import time
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.pusher_channels.client import reconnection
from custom_components.pusher_channels.client.gaps import GapTracker
from custom_components.pusher_channels.client.subscriptions import Subscriptions
from tools.soak.virtual.clock import VirtualLoop, simulated_time
from tools.soak.virtual.run import BrokenError, simulate

# Each lost events outside every gap while a wall clock that is put back moved a gap's beginning.
FOUND = [80, 88]


def live_some() -> None:
    for seed in range(5):
        simulate(seed, 0.3)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", FOUND)
def test_a_seed_that_broke_once_holds(seed: int) -> None:
    assert simulate(seed, 0.4).account.broken == ()


def test_a_seed_reproduces_its_run() -> None:
    first, second = simulate(3, 0.3), simulate(3, 0.3)
    assert first.steps > 0
    assert (first.steps, first.account) == (second.steps, second.account)
    assert first.loop.time() == second.loop.time()


@pytest.mark.parametrize(
    ("owner", "name", "broken"),
    [
        (GapTracker, "on_lost", "lost outside every declared gap"),
        (Subscriptions, "on_connected", "not subscribed"),
    ],
)
def test_a_fault_is_found(owner: type, name: str, broken: str) -> None:
    with patch.object(owner, name, lambda *_: None), pytest.raises(BrokenError, match=broken):
        live_some()


def test_a_storm_of_attempts_is_found() -> None:
    with (
        patch.object(reconnection.Backoff, "next_delay", lambda *_: 0.5),
        pytest.raises(BrokenError, match="attempts in a minute"),
    ):
        live_some()


def test_time_passes_without_waiting_on_all_clocks() -> None:
    loop = VirtualLoop()
    with simulated_time(loop):
        wall, began = time.time(), loop.time()
        loop.run_until_complete(asyncio.sleep(86_400))
        assert loop.time() - began == pytest.approx(86_400, abs=0.001)
        assert time.time() - wall == pytest.approx(86_400, abs=0.001)
    loop.close()


def test_timers_run_after_a_year() -> None:
    """A float of so many seconds is coarser than asyncio's clock resolution."""
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(365 * 86_400))
    loop.run_until_complete(asyncio.wait_for(asyncio.sleep(0.1), 1))
    loop.close()
