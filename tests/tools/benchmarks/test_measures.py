"""The programs behind the measures find something in a few events; `scripts/bench --quick` runs all measures."""

from collections.abc import Iterator

import pytest

from tools.benchmarks.channels import PREFIXES, join, rejoin
from tools.benchmarks.figures import Settings, at_least, is_settled, rounds
from tools.benchmarks.flood import Comparison, compare
from tools.benchmarks.run import CLIENT, CLIENT_FILTER, LIMIT, Load, Receiver, measure
from tools.load import LoadServer, load_server

ONCE = Settings(rounds=1, scale=1, most_rounds=1)


@pytest.fixture(autouse=True)
def _no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PEERS", "")
    monkeypatch.setenv("BENCH_NODE_MODULES", "")


@pytest.fixture(scope="module")
def server() -> Iterator[LoadServer]:
    with load_server() as running:
        yield running


def test_a_flood_reports_rates_beside_the_limit(server: LoadServer) -> None:
    filtered = {CLIENT_FILTER: at_least(1.5)}
    tiny = Comparison("tiny", Load(20), LIMIT, CLIENT, {LIMIT: at_least(1.05)}, filtered)
    figures = list(compare(server, tiny, ONCE))
    assert [(it.name, it.unit, it.goal is None) for it in figures] == [
        ("b, the obvious limit", "events/s", True),
        ("this client, no listener", "x b", False),
        ("this client", "x b", False),
    ]
    assert all(it.median > 0 for it in figures)


def test_an_encrypted_flood_is_decrypted(server: LoadServer) -> None:
    assert measure(server, CLIENT, Load(20, channel="private-encrypted-measured")).wall > 0


def test_a_lone_event_takes_time(server: LoadServer) -> None:
    result = measure(server, CLIENT.asked("late"), Load(20, gap=0.2, command="stamp"))
    assert len(result.delays) == 20
    assert 0 < result.delay(0.5) <= result.delay(0.99) < 5


def test_the_loop_is_looked_at_during_a_flood(server: LoadServer) -> None:
    assert measure(server, CLIENT.asked("lag"), Load(20_000)).delay(1) > 0


def test_members_are_added_and_removed(server: LoadServer) -> None:
    server.tell("members 50")
    churn = Load(20, channel="presence-measured", command="churn")
    assert measure(server, CLIENT.asked("churn"), churn).wall > 0


def test_subscribing_takes_time_and_memory(server: LoadServer) -> None:
    found = join(server, CLIENT, PREFIXES["private"], 20, "--memory")
    assert found["seconds"] > 0
    assert found["bytes"] > 100


def test_channels_are_subscribed_again(server: LoadServer) -> None:
    assert rejoin(server, 20) > 0


def test_a_trigger_in_home_assistant_receives_a_flood(server: LoadServer) -> None:
    receiver = Receiver("integration", "integration", ("trigger",))
    assert measure(server, receiver, Load(20)).wall > 0


@pytest.mark.parametrize(
    ("values", "settled"),
    [([1.0], False), ([1.0, 1.0], True), ([0.9, 1, 1, 1.1], True), ([0.5, 1, 1, 2.0, 2.0], False)],
)
def test_a_ratio_is_settled_once_its_quartiles_are_near_its_median(
    values: list[float], settled: bool
) -> None:
    assert is_settled(values) is settled


@pytest.mark.parametrize(
    ("values", "rounds_run"),
    [([1.0, 3.0, 1.0, 1.0, 1.0], 5), ([1.0, 1.0], 2), ([1.0, 9.0] * 3, 6)],
)
def test_rounds_go_on_until_the_ratios_are_settled_or_there_were_enough(
    values: list[float], rounds_run: int
) -> None:
    found: list[float] = []

    def ratios_so_far() -> list[list[float]]:
        return [found]

    settings = Settings(rounds=2, scale=1, most_rounds=6)
    numbers = rounds(settings, ratios_so_far)
    while (number := next(numbers, None)) is not None:
        found.append(values[number])
    assert len(found) == rounds_run
