"""Runs of one app in simulated time, each reproducible by its seed; 1 when an invariant breaks."""

import argparse
import logging
import random
import sys
import time

from .run import BrokenError, simulate


def main() -> int:
    """Simulate; return 1 when a run breaks an invariant."""
    parser = argparse.ArgumentParser(prog="scripts/soak --virtual", description=__doc__)
    parser.add_argument("--days", type=float, default=1, help="simulated days of each run")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--seed", type=int, help="the first seed; without it a random one")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    first = random.randrange(10**6) if options.seed is None else options.seed
    began, broken, steps, sent = time.perf_counter(), 0, 0, 0
    for seed in range(first, first + options.seeds):
        try:
            run = simulate(seed, options.days)
        except BrokenError as err:
            broken += 1
            print(f"Broken: scripts/soak --virtual --days {options.days:g} --seed {seed}: {err}")
        else:
            steps += run.steps
            sent += run.account.sent
    took = time.perf_counter() - began
    print(
        f"{options.seeds} runs of {options.days:g} days from seed {first}: "
        f"{steps} faults, {sent} events, {broken} broken, {took:.1f} s"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
