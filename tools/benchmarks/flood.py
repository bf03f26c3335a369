"""Events as fast as they are read: the client beside a plain loop and other clients."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.load import LoadServer, load_server

from .figures import Figure, Goal, Settings, at_least, ratios, rounds
from .run import (
    ASYNCPUSHER,
    CLIENT,
    CLIENT_BUS,
    CLIENT_FILTER,
    LIMIT,
    LIMIT_BUS,
    PUSHER_JS,
    PYSHER,
    SOCKUDO,
    Load,
    Receiver,
    measure,
)

ENCRYPTED = "private-encrypted-measured"
SLOW = {PYSHER: 20, SOCKUDO: 4, ASYNCPUSHER: 2}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Receivers of one load; each rate is given as a ratio of the rate of `base`.

    `ahead` has the goals of `subject` against each other receiver.
    """

    title: str
    load: Load
    base: Receiver
    subject: Receiver
    ahead: Mapping[Receiver, Goal | None]
    beside: Mapping[Receiver, Goal | None]


COMPARISONS: Sequence[Comparison] = (
    Comparison(
        "100 bytes",
        Load(200_000),
        LIMIT,
        CLIENT,
        {
            LIMIT: at_least(1),
            PUSHER_JS: at_least(2.2),
            ASYNCPUSHER: at_least(3.4),
            PYSHER: at_least(17),
            SOCKUDO: at_least(1.5),
        },
        {CLIENT_FILTER: None},
    ),
    Comparison(
        "1 KB",
        Load(100_000, 1000),
        LIMIT,
        CLIENT,
        {LIMIT: at_least(1), PUSHER_JS: None, ASYNCPUSHER: None, PYSHER: None, SOCKUDO: None},
        {CLIENT_FILTER: None},
    ),
    Comparison(
        "10 KB",
        Load(20_000, 10_000),
        LIMIT,
        CLIENT,
        {LIMIT: at_least(1), PUSHER_JS: None, ASYNCPUSHER: None, PYSHER: None, SOCKUDO: None},
        {CLIENT_FILTER: at_least(1.5)},
    ),
    Comparison(
        "encrypted, 100 bytes",
        Load(50_000, channel=ENCRYPTED),
        PUSHER_JS,
        CLIENT,
        {PUSHER_JS: at_least(1.9)},
        {},
    ),
    Comparison(
        "encrypted, 10 KB",
        Load(5_000, 10_000, ENCRYPTED),
        PUSHER_JS,
        CLIENT,
        {PUSHER_JS: at_least(5)},
        {},
    ),
    Comparison(
        "a bus event each, 100 bytes",
        Load(100_000),
        LIMIT_BUS,
        CLIENT_BUS,
        {LIMIT_BUS: at_least(1)},
        {},
    ),
)


def floods(settings: Settings) -> Iterator[Figure]:
    """Run all comparisons."""
    with load_server() as server:
        for comparison in COMPARISONS:
            yield from compare(server, comparison, settings)


def compare(server: LoadServer, comparison: Comparison, settings: Settings) -> Iterator[Figure]:
    """Run each receiver once a round, in random order."""
    subject, base = comparison.subject, comparison.base
    receivers = [subject, *comparison.ahead, *comparison.beside]
    rates: dict[Receiver, list[float]] = {receiver: [] for receiver in receivers}
    goals = [receiver for receiver, goal in comparison.ahead.items() if goal is not None]

    def leads() -> Sequence[Sequence[float]]:
        return [ratios(rates[subject], rates[receiver]) for receiver in goals]

    for _ in rounds(settings, leads):
        for receiver in random.sample(receivers, len(receivers)):
            load = comparison.load.scaled(settings.scale / SLOW.get(receiver, 1))
            rates[receiver].append(load.count / measure(server, receiver, load).wall)
    title = comparison.title
    yield Figure(title, base.name, "events/s", rates[base])
    for receiver, goal in comparison.beside.items():
        against_base = ratios(rates[receiver], rates[base])
        yield Figure(title, receiver.name, f"x {base.short}", against_base, goal)
    for receiver, goal in comparison.ahead.items():
        if receiver is not base:
            against_base = ratios(rates[receiver], rates[base])
            yield Figure(title, receiver.name, f"x {base.short}", against_base)
        lead = ratios(rates[subject], rates[receiver])
        yield Figure(title, subject.name, f"x {receiver.short}", lead, goal)
