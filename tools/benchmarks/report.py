"""Puts figures into tables, for the terminal and for RESULTS.md."""

from collections.abc import Sequence
from pathlib import Path

from .figures import Figure

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- tables: scripts/bench --write -->", "<!-- end of tables -->"
HEAD = (
    "| load | what | median | min to max | goal |",
    "|---|---|---|---|---|",
)


def table(figures: Sequence[Figure]) -> list[str]:
    """Return the lines of one table; a load is named once."""
    lines = list(HEAD)
    load = None
    for figure in figures:
        lines.append(row(figure, "" if figure.load == load else figure.load))
        load = figure.load
    return lines


def row(figure: Figure, load: str) -> str:
    """Return the line of one figure."""
    median = f"**{number(figure.median)}** {figure.unit}"
    spread = f"{number(min(figure.values))} to {number(max(figure.values))}"
    if len(figure.values) == 1:
        spread = ""
    cells = (load, figure.name, median, spread, figure.verdict)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def number(value: float) -> str:
    """Write a value with three digits that count, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def section(title: str, figures: Sequence[Figure]) -> list[str]:
    """Return a heading and its table, or that nothing was measured."""
    body = table(figures) if figures else ["Not measured here: valgrind is missing."]
    return [f"### {title}", "", *body, ""]


def write(lines: Sequence[str]) -> None:
    """Put the sections into RESULTS.md."""
    text = RESULTS.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    body = "\n".join(lines)
    RESULTS.write_text(f"{before}{BEGIN}\n\n{body}\n{END}{after}")


def summary(figures: Sequence[Figure]) -> str:
    """Return how many goals are met, and which are missed."""
    held = [figure for figure in figures if figure.goal is not None]
    missed = [
        f"  {figure.load}: {figure.name} {number(figure.median)} {figure.unit} ({figure.verdict})"
        for figure in held
        if figure.goal is not None and not figure.goal.is_met(figure.median)
    ]
    return "\n".join([f"{len(held) - len(missed)} of {len(held)} goals met", *missed])
