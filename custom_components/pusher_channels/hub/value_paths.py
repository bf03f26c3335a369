"""Paths such as `items[0].price` that point into the data of an event."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ..client import Json

WHOLE: Final = "$"
MAX_PATH_LENGTH: Final = 500
MAX_LISTED_ITEMS: Final = 10
MAX_LISTED_DEPTH: Final = 20

_NAME: Final = r"""[^\s.\[\]{}"](?:[^.\[\]{}"]*[^\s.\[\]{}"])?"""
_INDEX: Final = r"\[(\d{1,9})\]"
_QUOTED: Final = r'\[("(?:[^"\\]|\\.)*")\]'
_FIRST: Final = re.compile(rf"({_NAME})|{_INDEX}|{_QUOTED}")
_NEXT: Final = re.compile(rf"\.({_NAME})|{_INDEX}|{_QUOTED}")
_PLAIN_NAME: Final = re.compile(_NAME)

type Keys = tuple[str | int, ...]
type Scalar = str | int | float | bool | None


class PathError(ValueError):
    """A text that is not a path."""


class MissingDataError(Exception):
    """An event does not have what a value shows."""


def compile_path(text: str) -> Keys:
    """Return the keys of a path; none for `$`, the data itself. Raises `PathError`."""
    text = text.strip()
    if not text or len(text) > MAX_PATH_LENGTH:
        raise PathError(text)
    keys: list[str | int] = []
    at, pattern = 0, _FIRST
    if text == WHOLE or text.startswith((f"{WHOLE}.", f"{WHOLE}[")):
        at, pattern = len(WHOLE), _NEXT
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise PathError(text)
        try:
            keys.append(_key(match))
        except ValueError:
            raise PathError(text) from None
        at, pattern = match.end(), _NEXT
    return tuple(keys)


def find(data: Json, keys: Keys) -> Json:
    """Return what is at the keys. Raises `MissingDataError` where the data has no such path."""
    found: Any = data
    try:
        for key in keys:
            if isinstance(found, str):  # which has indexes, but nothing to point at
                raise MissingDataError
            found = found[key]
    except LookupError, TypeError:
        raise MissingDataError from None
    result: Json = found
    return result


def list_paths(data: Json) -> Iterator[tuple[str, Scalar]]:
    """Yield the path and the value of everything in the data that is no object and no list.

    Of a list only the first 10 items are listed, and nothing below 20 levels.
    """
    return _list_paths(data, "", MAX_LISTED_DEPTH)


def _list_paths(data: Json, path: str, depth: int) -> Iterator[tuple[str, Scalar]]:
    match data:
        case dict() if depth:
            for key, value in data.items():
                yield from _list_paths(value, _join(path, key), depth - 1)
        case list() if depth:
            for index, value in enumerate(data[:MAX_LISTED_ITEMS]):
                yield from _list_paths(value, f"{path}[{index}]", depth - 1)
        case dict() | list():
            pass
        case _ if len(path) <= MAX_PATH_LENGTH:
            yield path or WHOLE, data
        case _:
            pass


def _join(path: str, key: str) -> str:
    if _PLAIN_NAME.fullmatch(key) and (path or key != WHOLE):
        return f"{path}.{key}" if path else key
    # Braces would make it a template.
    quoted = json.dumps(key, ensure_ascii=False).replace("{", "\\u007b")
    return f"{path}[{quoted}]"


def _key(match: re.Match[str]) -> str | int:
    """Return a key. Raises `ValueError` for a quoted one that is not JSON."""
    name, index, quoted = match.groups()
    if name is not None:
        return name
    if index is not None:
        return int(index)
    key: str = json.loads(quoted)
    return key
