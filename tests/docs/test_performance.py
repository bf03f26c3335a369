"""The figures of the performance page are those of the benchmark."""

import re

import pytest

from tools.benchmarks.report import RESULTS

from . import CHECKOUT

ROUNDED = 0.3


def _measured(title: str, load: str, name: str) -> float:
    """Return a median of RESULTS.md; a load stands only in its first row."""
    table = RESULTS.read_text().partition(f"### {title}\n")[2].partition("\n### ")[0]
    current = ""
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        current = cells[0] or current
        if len(cells) > 2 and (current, cells[1]) == (load, name):
            found = re.search(r"\*\*([\d .]+)\*\*", cells[2])
            assert found is not None
            return float(found[1].replace(" ", ""))
    raise AssertionError(f"{title} has no {load}, {name}")


def _rate(receiver: str) -> float:
    title, load = "In Home Assistant", "100 bytes"
    return _measured(title, load, "h, b and a bus event each") * _measured(title, load, receiver)


@pytest.mark.parametrize(
    ("what", "measured"),
    [
        ("Events a second on the bus, without the recorder", lambda: _rate("bus events")),
        (
            "The same, and the channel's event entity",
            lambda: _rate("bus events and the event entity"),
        ),
        ("The same, and an automation's trigger", lambda: _rate("the integration's trigger")),
        (
            "From the server to the bus, one event",
            lambda: (
                _measured("Events one at a time", "p50", "b, the obvious limit")
                * _measured("Events one at a time", "p50", "this client")
                / 1000
            ),
        ),
        (
            "Delay of everything else in Home Assistant during such a flood, 99 of 100",
            lambda: _measured(
                "Whether others get their turn during a flood", "this client, bus events", "p99"
            ),
        ),
        (
            "1 000 private channels subscribed with the app secret",
            lambda: _measured("Subscribing channels", "private", "this client, 1000 channels"),
        ),
        (
            "Memory of an app with one channel",
            lambda: _measured("Before anything happens", "memory", "an entry with one channel"),
        ),
        (
            "An idle app",
            lambda: _measured(
                "Before anything happens", "idle", "CPU of an entry, 30 pings an hour"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_figure_is_the_measured_one(what: str, measured: object) -> None:
    page = (CHECKOUT / "docs/performance.md").read_text()
    row = re.search(rf"^\| {re.escape(what)} \| about ([\d .]+)", page, re.MULTILINE)
    assert row is not None
    assert callable(measured)
    assert float(row[1].replace(" ", "")) == pytest.approx(measured(), rel=ROUNDED)
