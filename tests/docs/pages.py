"""Reads the documentation: its pages, what they link to, and the code in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import override

from . import CHECKOUT

PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *CHECKOUT.glob("docs/**/*.md"),
        *CHECKOUT.glob("tools/benchmarks/*.md"),
    ]
)

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """Code in a page; `line` is where its fence starts."""

    page: str
    line: int
    heading: str
    language: str
    text: str

    @override
    def __str__(self) -> str:
        """Name it for a test's id."""
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the code of all pages in these languages, or in all if none is given."""
    found = [block for page in PAGES for block in _blocks_of(page)]
    return [block for block in found if not languages or block.language in languages]


def block_after(page: str, text: str) -> Block:
    """Return the first code after a text on a page."""
    line = (CHECKOUT / page).read_text().partition(text)[0].count("\n") + 1
    return next(block for block in _blocks_of(CHECKOUT / page) if block.line > line)


def prose(page: Path) -> str:
    """Return a page without its code."""
    return _FENCE.sub("", page.read_text())


def section(page: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of its level or above."""
    text = (CHECKOUT / page).read_text()
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found is not None, f"{page} has no section {heading}"
    below = text[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", below, re.MULTILINE)
    return below if following is None else below[: following.start()]


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and images."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    titles = [title.lower().replace("`", "") for title in _HEADING.findall(prose(page))]
    return {_NOT_IN_ANCHORS.sub("", title).replace(" ", "-") for title in titles}


def _blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        yield Block(
            str(page.relative_to(CHECKOUT)),
            before.count("\n") + 1,
            _HEADING.findall(_FENCE.sub("", before))[-1],
            match["language"],
            dedent(match["text"]),
        )
