"""The integration in Home Assistant, from the socket to the bus, an entity or an automation's trigger."""

import random
from collections.abc import Iterator

from tools.load import load_server

from .figures import Figure, Settings, at_least, ratios, rounds
from .run import LIMIT_BUS, Load, Receiver, measure

LOAD = Load(50_000)
GOAL = at_least(0.8)
BUS = Receiver("bus events", "integration")
RECEIVERS = (
    BUS,
    Receiver("bus events and the event entity", "integration", ("entity",)),
    Receiver("the integration's trigger", "integration", ("trigger",)),
)


def home_assistant(settings: Settings) -> Iterator[Figure]:
    """Flood a channel of a Home Assistant; compare with h, which has a bus and nothing else."""
    load = LOAD.scaled(settings.scale)
    rates: dict[Receiver, list[float]] = {receiver: [] for receiver in (LIMIT_BUS, *RECEIVERS)}
    with load_server() as server:
        for _ in rounds(settings, lambda: [ratios(rates[BUS], rates[LIMIT_BUS])]):
            for receiver in random.sample(list(rates), len(rates)):
                rates[receiver].append(load.count / measure(server, receiver, load).wall)
    yield Figure("100 bytes", LIMIT_BUS.name, "events/s", rates[LIMIT_BUS])
    for receiver in RECEIVERS:
        against_h = ratios(rates[receiver], rates[LIMIT_BUS])
        goal = GOAL if receiver is BUS else None
        yield Figure("100 bytes", receiver.name, "x h", against_h, goal)
