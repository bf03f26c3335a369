"""Subscribing many channels, and what they cost once they are subscribed."""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from typing import IO, Any

from tools.load import ROOT, LoadServer, load_server
from tools.load.server import BENCH_APP, MASTER_KEY

from .figures import Figure, Goal, Settings, at_most, ratios
from .run import CLIENT, PUSHER_JS, Load, Receiver, measure, on_client_core

PREFIXES = {"public": "c", "private": "private-c", "presence": "presence-c"}
COUNTS = (1, 100, 1_000, 10_000)
GOALS = {("public", 1_000): at_most(30), ("private", 1_000): at_most(60)}
MEMORY_GOAL = at_most(1.5)
RECONNECT = "close 4200"
FEW, MANY = 10, 10_000
MANY_MEMBERS = 9_000  # the client keeps at most 10 000


def joins(settings: Settings) -> Iterator[Figure]:
    """Subscribe to channels of each kind; then lose the connection, and measure the time for each channel."""
    counts = COUNTS[:-1] if settings.quick else COUNTS
    with load_server() as server:
        for kind, prefix in PREFIXES.items():
            yield from join_kind(server, settings, kind, prefix, counts)
        times = [rejoin(server, 1_000) * 1000 for _ in range(settings.rounds)]
        yield Figure("public", "lost and subscribed again, 1000 channels", "ms", times)
        for kind, prefix in PREFIXES.items():
            taken = join(server, CLIENT, prefix, counts[-1], "--memory")["bytes"] / 1000
            name = f"{CLIENT.name}, memory of each of {counts[-1]} channels"
            yield Figure(kind, name, "KB", [taken], MEMORY_GOAL)
        taken = join(server, PUSHER_JS, PREFIXES["public"], counts[-1])["bytes"] / 1000
        name = f"{PUSHER_JS.name}, heap of each of {counts[-1]} channels"
        yield Figure("public", name, "KB", [taken])


def join_kind(
    server: LoadServer, settings: Settings, kind: str, prefix: str, counts: Sequence[int]
) -> Iterator[Figure]:
    """Report the times of both clients; goals are for the time beyond that of one channel."""
    for count in counts:
        times: dict[Receiver, list[float]] = {CLIENT: [], PUSHER_JS: []}
        beyond: list[float] = []
        for _ in range(settings.rounds):
            for receiver in random.sample((CLIENT, PUSHER_JS), 2):
                if receiver is PUSHER_JS and kind == "presence":
                    continue
                times[receiver].append(join(server, receiver, prefix, count)["seconds"] * 1000)
            one = join(server, CLIENT, prefix, 1)["seconds"] * 1000
            beyond.append(times[CLIENT][-1] - one)
        name = f"{count} channels" if count > 1 else "1 channel"
        for receiver, values in times.items():
            if values:
                yield Figure(kind, f"{receiver.name}, {name}", "ms", values)
        goal: Goal | None = GOALS.get((kind, count))
        if goal is not None:
            yield Figure(kind, f"{CLIENT.name}, {name}, beyond the round trip", "ms", beyond, goal)


def join(
    server: LoadServer, receiver: Receiver, prefix: str, count: int, *options: str
) -> dict[str, Any]:
    """Run one program that subscribes."""
    with on_client_core(_command(server, receiver, prefix, count, *options)) as (_, stdout):
        return _answer(stdout)


def rejoin(server: LoadServer, count: int) -> float:
    """Return the seconds from the loss of the connection until all channels are subscribed again."""
    command = _command(server, CLIENT, PREFIXES["public"], count, "--rejoin")
    with on_client_core(command) as (_, stdout):
        _answer(stdout)
        server.tell(RECONNECT)
        seconds: float = _answer(stdout)["seconds"]
        return seconds


def growth(settings: Settings) -> Iterator[Figure]:
    """The cost of an event beside few and beside many channels with listeners, and members."""
    flood, churn = Load(100_000), Load(50_000, channel="presence-measured", command="churn")
    with load_server() as server:
        values = []
        for _ in range(settings.rounds):
            few, many = (
                measure(server, CLIENT.asked("--others", str(others)), flood.scaled(settings.scale))
                for others in (FEW, MANY)
            )
            values.append(few.wall / many.wall)
        yield Figure("event", "beside 10 000 other channels with a listener", "x beside 10", values)
        for title, receiver, load in (
            ("event", CLIENT, Load(100_000, channel="presence-measured")),
            ("member comes or goes", CLIENT.asked("churn"), churn),
        ):
            walls: dict[int, list[float]] = {FEW: [], MANY_MEMBERS: []}
            for _ in range(settings.rounds):
                for members, found in walls.items():
                    server.tell(f"members {members}")
                    found.append(measure(server, receiver, load.scaled(settings.scale)).wall)
            rates = ratios(walls[FEW], walls[MANY_MEMBERS])
            yield Figure(title, "among 9 000 members", "x among 10", rates)


def _command(
    server: LoadServer, receiver: Receiver, prefix: str, count: int, *options: str
) -> list[str]:
    args = [str(server.port), prefix, str(count), BENCH_APP.secret, MASTER_KEY]
    if receiver is PUSHER_JS:
        script = ROOT / "tools" / "benchmarks" / "receivers" / "joins.js"
        return ["node", "--expose-gc", str(script), *args]
    return [sys.executable, "-m", "tools.benchmarks.receivers.joins", *args, *options]


def _answer(stdout: IO[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(stdout.readline())
    return answer
