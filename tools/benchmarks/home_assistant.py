"""The integration in Home Assistant, from the socket to the bus, an entity or an automation's trigger."""

import random
from collections.abc import Iterator

from .figures import Figure, Settings, ratios
from .run import LIMIT_BUS, Load, Receiver, load_server, measure

LOAD = Load(50_000)
RECEIVERS = (
    Receiver("bus events", "integration"),
    Receiver("bus events and the event entity", "integration", ("entity",)),
    Receiver("the integration's trigger", "integration", ("trigger",)),
)


def home_assistant(settings: Settings) -> Iterator[Figure]:
    """Flood a channel of a whole Home Assistant; tell rates beside h, which is a bus and nothing else."""
    load = LOAD.scaled(settings.scale)
    rates: dict[Receiver, list[float]] = {receiver: [] for receiver in (LIMIT_BUS, *RECEIVERS)}
    with load_server() as server:
        for _ in range(settings.rounds):
            for receiver in random.sample(list(rates), len(rates)):
                rates[receiver].append(load.count / measure(server, receiver, load).wall)
    yield Figure("100 bytes", LIMIT_BUS.name, "events/s", rates[LIMIT_BUS])
    for receiver in RECEIVERS:
        against_h = ratios(rates[receiver], rates[LIMIT_BUS])
        yield Figure("100 bytes", receiver.name, "x h", against_h)
