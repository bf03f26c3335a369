"""Measures everything in interleaved rounds and prints tables with goals."""

import argparse

from . import plot, report
from .channels import growth, joins
from .figures import Figure, Measure, Settings
from .flood import floods
from .home_assistant import home_assistant
from .instructions import instructions
from .lag import lag
from .latency import latency
from .run import ulid_implementation
from .startup import startup

ROUNDS, MOST_ROUNDS = 5, 12
QUICK = Settings(rounds=1, scale=0.02, most_rounds=1)
FLOODS = Measure("Events as fast as they are read", floods)
MEASURES = (
    FLOODS,
    Measure("Events one at a time", latency),
    Measure("Instructions of one event, in user space", instructions),
    Measure("Whether others get their turn during a flood", lag),
    Measure("In Home Assistant", home_assistant),
    Measure("Subscribing channels", joins),
    Measure("Growth", growth),
    Measure("Before anything happens", startup),
)


def main() -> None:
    """Run all measures, or the one in `--only`."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: whether it runs")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=[it.run.__name__ for it in MEASURES])
    parser.add_argument(
        "--write", action="store_true", help="write RESULTS.md's tables and its plot"
    )
    arguments = parser.parse_args()
    if arguments.only and arguments.write:
        parser.error("--write needs all measures")
    settings = (
        QUICK
        if arguments.quick
        else Settings(arguments.rounds, 1, max(arguments.rounds, MOST_ROUNDS))
    )
    ulid = ulid_implementation()
    print(ulid, flush=True)
    lines = [ulid, ""]
    everything: list[Figure] = []
    for measure in MEASURES:
        if arguments.only not in (None, measure.run.__name__):
            continue
        figures = list(measure.run(settings))
        everything += figures
        section = report.section(measure.title, figures)
        print(*section, sep="\n", flush=True)
        lines += section
        if arguments.write and measure is FLOODS:
            plot.PLOT.write_text(plot.draw(figures))
    print(report.summary(everything))
    if arguments.write:
        report.write(lines)


if __name__ == "__main__":
    main()
