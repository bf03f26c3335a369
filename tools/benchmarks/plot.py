"""Draws how fast the receivers are, as a bar for each; SVG is text, so nothing else is needed."""

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from .figures import Figure

PLOT = Path(__file__).with_name("results.svg")
WIDTH, LEFT, RIGHT, TOP, ROW, BAR, GAP = 720, 210, 60, 16, 24, 16, 34
OURS, OTHERS, TEXT = "#03a9f4", "#9e9e9e", "#808080"


def bars(figures: Sequence[Figure]) -> dict[str, dict[str, float]]:
    """Return, for each flood reported beside b, the rate of each receiver as a multiple of b's."""
    found: dict[str, dict[str, float]] = {}
    for figure in figures:
        if figure.unit == "x b":
            found.setdefault(figure.load, {"b, the obvious limit": 1.0})[figure.name] = (
                figure.median
            )
    return found


def draw(figures: Sequence[Figure]) -> str:
    """Return the picture."""
    groups = bars(figures)
    longest = max(max(group.values()) for group in groups.values())
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts, y = [], TOP
    for title, group in groups.items():
        parts.append(_text(LEFT, y + 12, f"{title}, events a second as a multiple of b", "start"))
        y += ROW
        for name, value in sorted(group.items(), key=lambda item: -item[1]):
            color = OURS if name.startswith("this client") else OTHERS
            width = max(value * scale, 1)
            parts.append(_text(LEFT - 8, y + 13, name, "end"))
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{color}"/>'
            )
            parts.append(_text(LEFT + width + 6, y + 13, f"{value:.2f}", "start"))
            y += ROW
        y += GAP - ROW
    return "\n".join([_opening(y), *parts, "</svg>", ""])


def _opening(height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="{TEXT}">'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'
