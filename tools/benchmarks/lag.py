"""How late the event loop is during a flood, and what the pauses of the client cost."""

import random
from collections.abc import Iterator

from tools.load import load_server

from .figures import Figure, Settings, at_most
from .run import CLIENT, CLIENT_BUS, Load, measure

LOAD = Load(200_000)
LATENESS = ((CLIENT, at_most(3)), (CLIENT_BUS, at_most(5)))
COST = at_most(8)


def lag(settings: Settings) -> Iterator[Figure]:
    """Measure every millisecond during a flood; compare the rate with that of a client that never pauses."""
    load = LOAD.scaled(settings.scale)
    with load_server() as server:
        for receiver, goal in LATENESS:
            results = [measure(server, receiver.asked("lag"), load) for _ in range(settings.rounds)]
            for word, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
                late = [result.delay(share) * 1000 for result in results]
                yield Figure(receiver.name, word, "ms", late, goal if word == "p99" else None)
        costs = []
        for _ in range(settings.rounds):
            calm, greedy = CLIENT, CLIENT.asked("greedy")
            walls = {
                receiver: measure(server, receiver, load).wall
                for receiver in random.sample((calm, greedy), 2)
            }
            costs.append(100 * (1 - walls[greedy] / walls[calm]))
        yield Figure(CLIENT.name, "cost of giving way", "% of the rate", costs, COST)
