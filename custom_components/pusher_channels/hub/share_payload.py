"""What a share sends: rows of states, split into messages that fit into a request. Sans I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

import orjson
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import State
from homeassistant.helpers.json import json_bytes

MAX_BODY_BYTES: Final = 9_000
LEAST_BODY_BYTES: Final = 1_000
# Length of the base64 text of a nonce, and bytes that secretbox adds to the plaintext.
_NONCE_TEXT: Final = "A" * 32
_MAC_BYTES: Final = 16
_MOST_PARTS: Final = 99_999
_SHORT_TEXT: Final = 50


class Encoding(Enum):
    """How the data is encoded in the finished request."""

    OBJECT = auto()
    TEXT = auto()
    ENCRYPTED = auto()


class TooLargeError(Exception):
    """A row, or a snapshot that has to be in one message, does not fit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entity as it is sent; `content` is its JSON without the time of the change."""

    entity_id: str
    name: str
    content: bytes
    changed: str
    is_removed: bool = False

    @property
    def text(self) -> bytes:
        """The finished JSON."""
        return self.content[:-1] + b',"changed":' + orjson.dumps(self.changed) + b"}"


@dataclass(frozen=True, slots=True)
class Budget:
    """The size of a request: the largest body, and what is in it besides the data."""

    encoding: Encoding
    limit: int
    overhead: int

    @classmethod
    def of_request(
        cls, channel: str, event: str, *, encrypted: bool, socket_id: str, limit: int
    ) -> Budget:
        """Return the budget of a request to the server API."""
        text = ""
        if encrypted:
            text = orjson.dumps({"nonce": _NONCE_TEXT, "ciphertext": ""}).decode()
        body = {"name": event, "data": text, "channels": [channel], "socket_id": socket_id}
        encoding = Encoding.ENCRYPTED if encrypted else Encoding.TEXT
        return cls(encoding, limit, len(orjson.dumps(body)))

    @classmethod
    def of_client_event(cls, channel: str, event: str, *, limit: int) -> Budget:
        """Return the budget of a client event's frame."""
        frame = {"event": event, "channel": channel, "data": ""}
        return cls(Encoding.OBJECT, limit, len(orjson.dumps(frame)) - len('""'))

    def cost(self, text: bytes) -> int:
        """Return how many bytes a part of the data takes before encryption."""
        if self.encoding is Encoding.TEXT:
            return len(orjson.dumps(text.decode())) - len('""')
        return len(text)

    def fits(self, cost: int) -> bool:
        """Return whether data of this cost makes a body that is small enough."""
        if self.encoding is Encoding.ENCRYPTED:
            cost = -(-(cost + _MAC_BYTES) // 3) * 4
        return self.overhead + cost <= self.limit


def make_row(state: State, attributes: Sequence[str]) -> Row:
    """Return what is sent of a state; of its attributes those that are listed and JSON can hold."""
    listed = {name: state.attributes[name] for name in attributes if name in state.attributes}
    return _row(
        state.entity_id,
        _text(state.name),
        _text(state.state),
        state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
        {name: value for name, value in listed.items() if _is_json(value)},
        state.last_changed.isoformat(),
    )


def make_removed_row(entity_id: str, name: str, changed: str) -> Row:
    """Return the row of an entity that is not shared any more."""
    return replace(_row(entity_id, name, None, None, {}, changed), is_removed=True)


def _shortened(row: Row) -> Iterator[Row]:
    """Return the row, then the same with less and less in it."""
    yield row
    content = orjson.loads(row.content) | {"attributes": {}}
    yield replace(row, content=orjson.dumps(content))
    content["name"] = row.name[:_SHORT_TEXT]
    if content["unit"] is not None:
        content["unit"] = content["unit"][:_SHORT_TEXT]
    yield replace(row, content=orjson.dumps(content))


@dataclass(frozen=True, slots=True)
class Message:
    """The data of one event as JSON, and the rows that are in it."""

    text: str
    rows: Sequence[Row]


class Parts:
    """Distributes rows over as few messages as have room for them."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._envelope = budget.cost(
            _message([], snapshot=False, part=_MOST_PARTS, parts=_MOST_PARTS)
        )
        self._parts: list[list[tuple[bytes, Row]]] = []
        self._cost = 0

    def __len__(self) -> int:
        """Return the number of messages so far."""
        return len(self._parts)

    def add(self, row: Row) -> None:
        """Add a row; one that is too large loses its attributes, then the ends of name and unit.

        Raises `TooLargeError` where that is not enough.
        """
        for shorter in _shortened(row):
            text = shorter.text
            cost = self._budget.cost(text) + len(",")
            if self._budget.fits(self._envelope + cost):
                break
        else:
            raise TooLargeError(row.entity_id)
        if not self._parts or not self._budget.fits(self._cost + cost):
            self._parts.append([])
            self._cost = self._envelope
        self._parts[-1].append((text, row))
        self._cost += cost

    def messages(self, *, snapshot: bool) -> list[Message]:
        """Return the messages; always at least one for a snapshot."""
        parts = self._parts or [[]] * snapshot
        return [
            Message(
                _message(
                    [text for text, _ in part], snapshot=snapshot, part=number, parts=len(parts)
                ).decode(),
                [row for _, row in part],
            )
            for number, part in enumerate(parts, 1)
        ]


def _message(texts: Sequence[bytes], *, snapshot: bool, part: int, parts: int) -> bytes:
    rest = orjson.dumps({"snapshot": snapshot, "part": part, "parts": parts})
    return b'{"states":[' + b",".join(texts) + b"]," + rest[1:]


def _row(
    entity_id: str,
    name: str,
    state: str | None,
    unit: object,
    attributes: Mapping[str, object],
    changed: str,
) -> Row:
    content = {
        "entity_id": entity_id,
        "name": name,
        "state": state,
        "unit": None if unit is None else _text(unit),
        "attributes": attributes,
    }
    return Row(entity_id, name, json_bytes(content), changed)


def _text(value: object) -> str:
    """Return a value as text that is valid Unicode; an entity may have set anything."""
    return str(value).encode(errors="replace").decode()


def _is_json(value: object) -> bool:
    # In a message it is nested deeper, and JSON is written to a limited depth.
    nested = [[[[[[value]]]]]]
    try:
        json_bytes(nested)
    except TypeError, ValueError, RecursionError:
        return False
    return True
