"""The latency of a single event, from just before the server's write to the listener."""

import random
from collections.abc import Iterator

from tools.load import load_server

from .figures import Figure, Settings, at_most, ratios
from .run import ASYNCPUSHER, CLIENT, LIMIT, PUSHER_JS, Load, Receiver, measure

LOAD = Load(5_000, gap=0.5, command="stamp")
RECEIVERS = (LIMIT, CLIENT, ASYNCPUSHER, PUSHER_JS)
SHARES = {"p50": (0.5, at_most(1.10)), "p99": (0.99, at_most(1.25))}


def latency(settings: Settings) -> Iterator[Figure]:
    """Send events half a millisecond apart."""
    load = LOAD.scaled(settings.scale)
    found: dict[tuple[Receiver, str], list[float]] = {}
    with load_server() as server:
        for _ in range(settings.rounds):
            for receiver in random.sample(RECEIVERS, len(RECEIVERS)):
                result = measure(server, receiver.asked("late"), load)
                for word, (share, _) in SHARES.items():
                    found.setdefault((receiver, word), []).append(result.delay(share) * 1e6)
    for word, (_, goal) in SHARES.items():
        yield Figure(word, LIMIT.name, "µs", found[LIMIT, word])
        for receiver in RECEIVERS[1:]:
            against_limit = ratios(found[receiver, word], found[LIMIT, word])
            wanted = goal if receiver is CLIENT else None
            yield Figure(word, receiver.name, "x b", against_limit, wanted)
