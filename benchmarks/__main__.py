"""Measures all receivers in interleaved rounds and prints a table of ratios."""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .run import (
    ASYNCPUSHER,
    CLIENT,
    CLIENT_BUS,
    CLIENT_FILTER,
    LIMIT,
    LIMIT_BUS,
    PUSHER_JS,
    PYSHER,
    Load,
    LoadServer,
    Receiver,
    load_server,
    measure,
)

PERFORMANCE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- table: scripts/bench --write -->", "<!-- end of table -->"
ENCRYPTED = "private-encrypted-measured"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Receivers of one load, each told as a ratio of the base's rate."""

    title: str
    load: Load
    base: Receiver
    others: Sequence[Receiver]


COMPARISONS = (
    Comparison(
        "flood, 100 bytes",
        Load(100, 200_000),
        LIMIT,
        (CLIENT, CLIENT_FILTER, PUSHER_JS, ASYNCPUSHER, PYSHER),
    ),
    Comparison("flood, 1 KB", Load(1000, 100_000), LIMIT, (CLIENT, PUSHER_JS, ASYNCPUSHER)),
    Comparison(
        "flood, 10 KB", Load(10_000, 20_000), LIMIT, (CLIENT, CLIENT_FILTER, PUSHER_JS, ASYNCPUSHER)
    ),
    Comparison("encrypted, 100 bytes", Load(100, 50_000, ENCRYPTED), PUSHER_JS, (CLIENT,)),
    Comparison("encrypted, 10 KB", Load(10_000, 5_000, ENCRYPTED), PUSHER_JS, (CLIENT,)),
    Comparison("one bus event each, 100 bytes", Load(100, 100_000), LIMIT_BUS, (CLIENT_BUS,)),
)


def compare(server: LoadServer, comparison: Comparison, rounds: int, scale: float) -> list[str]:
    """Return the rows of one comparison."""
    load = comparison.load
    load = Load(load.size, max(int(load.count * scale), 100), load.channel, load.gap)
    ratios: dict[str, list[float]] = defaultdict(list)
    rates: list[float] = []
    for _ in range(rounds):
        base = measure(server, comparison.base, load)
        rates.append(load.count / base.wall)
        for other in comparison.others:
            ratios[other.name].append(base.wall / measure(server, other, load).wall)
    base_rate = f"{statistics.median(rates):,.0f} events/s".replace(",", " ")
    rows = [f"| {comparison.title} | {comparison.base.name} | 1 | {base_rate} |"]
    for name, values in ratios.items():
        spread = f"{min(values):.2f} to {max(values):.2f}"
        rows.append(f"| | {name} | **{statistics.median(values):.2f}** | {spread} |")
    return rows


def write(table: str) -> None:
    """Put the table into the page about performance."""
    text = PERFORMANCE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PERFORMANCE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md's table")
    arguments = parser.parse_args()
    rounds, scale = (1, 0.05) if arguments.quick else (arguments.rounds, 1)

    rows = ["| load | receiver | rate, x the first | min to max |", "|---|---|---|---|"]
    print(*rows, sep="\n")
    with load_server() as server:
        for comparison in COMPARISONS:
            found = compare(server, comparison, rounds, scale)
            print(*found, sep="\n", flush=True)
            rows += found
    if arguments.write:
        write("\n".join(rows))


if __name__ == "__main__":
    main()
