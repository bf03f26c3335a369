"""The project's texts use plain English: comments, docstrings, pages and translations."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import CHECKOUT, COMPONENT
from .pages import PAGES

type Line = tuple[int, str]

BETTER = {
    "anew": "again",
    "anybody": "anyone, or name the role",
    "hand on": "dispatch, forward",
    "heard": "received",
    "hears": "receives",
    "let in": "accept, authorize",
    "meanwhile": "until then, during",
    "newest": "latest",
    "no more": "no longer, stop",
    "nobody": "no one, or name the role",
    "of late": "recently",
    "of its own": "its own, separate",
    "seal": "encrypt",
    "sealed": "encrypted",
    "shall": "must, is to",
    "somebody": "someone, or name the role",
    "take note": "record, store",
    "unseal": "decrypt",
    "unsealed": "decrypted",
    "vouch": "authorize",
    "vouches": "authorizes",
    "want no more": "unsubscribe",
    "whoever": "name the role",
    "whom": "name the role",
    "whose": "with, of which",
}
_WORDS = re.compile(
    rf"\b({'|'.join(sorted(BETTER, key=len, reverse=True))})\b".replace(" ", r"\s+"), re.IGNORECASE
)


def _python(source: str) -> Iterator[Line]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text
            case _:
                pass


def _translations(text: str) -> Iterator[Line]:
    """Yield the texts, without keys."""
    values: list[object] = [json.loads(text)]
    for value in values:
        match value:
            case dict():
                values += value.values()
            case str():
                number = text[: text.index(json.dumps(value, ensure_ascii=False))].count("\n") + 1
                yield number, value
            case _:
                pass


def _page(text: str) -> Iterator[Line]:
    yield 1, text


@pytest.mark.parametrize(
    ("files", "texts"),
    [
        pytest.param(sorted(COMPONENT.rglob("*.py")), _python, id="component"),
        pytest.param(sorted((CHECKOUT / "tests").rglob("*.py")), _python, id="tests"),
        pytest.param(sorted((CHECKOUT / "tools").rglob("*.py")), _python, id="tools"),
        pytest.param(sorted((CHECKOUT / "scripts").rglob("*.py")), _python, id="scripts"),
        pytest.param(PAGES, _page, id="pages"),
        pytest.param([COMPONENT / "translations/en.json"], _translations, id="translations"),
    ],
)
def test_texts_use_plain_words(files: list[Path], texts: Callable[[str], Iterator[Line]]) -> None:
    scanned = [(file, line) for file in files for line in texts(file.read_text())]
    found = [
        f"{file.relative_to(CHECKOUT)}:{start + text[: hit.start()].count('\n')}: "
        f'"{hit[0]}" (better: {BETTER[" ".join(hit[0].lower().split())]})'
        for file, (start, text) in scanned
        for hit in _WORDS.finditer(text)
    ]
    assert scanned
    assert not found, "\n".join(found)
