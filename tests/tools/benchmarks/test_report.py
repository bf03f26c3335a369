"""Figures become tables, a picture, and a word about each goal."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tools.benchmarks import plot, report
from tools.benchmarks.figures import Figure, at_least, at_most, ratios

RATES = Figure("100 bytes", "b, the obvious limit", "events/s", [400_000, 500_000, 450_000])
SLOWER = Figure("100 bytes", "this client", "x b", [0.9, 1.2, 1.0], at_least(1.05))
PEER = Figure("100 bytes", "pusher-js", "x b", [0.5])
QUICK = Figure("1000 channels", "beyond the round trip", "ms", [21.04], at_most(30))


def test_a_table_shows_median_spread_and_goal() -> None:
    assert report.table([RATES, SLOWER, QUICK])[2:] == [
        "| 100 bytes | b, the obvious limit | **450 000** events/s | 400 000 to 500 000 | |",
        "| | this client | **1.00** x b | 0.90 to 1.20 | ≥ 1.05: **missed**, not settled |",
        "| 1000 channels | beyond the round trip | **21.0** ms | | ≤ 30: met |",
    ]


def test_what_was_missed_is_named_in_the_end() -> None:
    assert report.summary([RATES, SLOWER, QUICK]).splitlines() == [
        "1 of 2 goals met",
        "  100 bytes: this client 1.00 x b (≥ 1.05: **missed**, not settled)",
    ]


def test_tables_replace_what_stood_between_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text(f"Before\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter\n")
    monkeypatch.setattr(report, "RESULTS", page)
    report.write(report.section("Floods", [PEER]))
    text = page.read_text()
    assert "old" not in text
    assert "### Floods" in text
    assert text.startswith("Before\n\n")
    assert text.endswith("\n\nAfter\n")


def test_the_page_has_the_marks() -> None:
    text = report.RESULTS.read_text()
    assert text.index(report.BEGIN) < text.index(report.END)


def test_the_plot_has_a_bar_for_each_receiver() -> None:
    picture = ET.fromstring(plot.draw([RATES, SLOWER, PEER]))
    bars = [float(bar.get("width", 0)) for bar in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == 3
    assert bars[0] == bars[1] == 2 * bars[2]


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios([2, 9], [1, 3]) == [2, 3]
