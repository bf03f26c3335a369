"""Renders what the load server sends, before any clock runs."""

import struct
from functools import lru_cache
from itertools import batched
from typing import Final

from tools.devserver import frames
from tools.devserver.official import Official

EVENT: Final = "measured"

DISTINCT_EVENTS: Final = 1000
RECORD_BYTES: Final = 60
AROUND_BYTES: Final = 100
WRITE_BYTES: Final = 262_144

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def websocket_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return one unmasked websocket frame."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def text_frame(text: str) -> bytes:
    """Return one websocket frame of text."""
    return websocket_frame(text.encode())


def payload(size: int, number: int) -> dict[str, object]:
    """Return the data of an event with a frame of about `size` bytes; `n` is 1, for listeners to sum.

    What goes over 100 bytes is a list of small records, since that is what JSON on the wire is.
    """
    data: dict[str, object] = {"n": 1, "id": number, "text": "hello"}
    if size > 2 * AROUND_BYTES:
        count = (size - AROUND_BYTES) // RECORD_BYTES
        data["lines"] = [
            {"id": i, "name": f"item {i}", "ok": True, "price": i * 0.5} for i in range(count)
        ]
    return data


@lru_cache(maxsize=8)
def events(official: Official, channel: str, size: int) -> tuple[bytes, ...]:
    """Return frames of different events, encrypted where the channel is encrypted."""
    rendered = [
        official.render(channel, EVENT, frames.encode(payload(size, number)), None).data
        for number in range(DISTINCT_EVENTS)
    ]
    return tuple(text_frame(frames.event(channel, EVENT, data)) for data in rendered)


@lru_cache(maxsize=8)
def comings_and_goings(channel: str) -> tuple[bytes, ...]:
    """Return frames in which a member is added to a presence channel and removed, again and again."""
    user_ids = [f"guest-{number}" for number in range(DISTINCT_EVENTS // 2)]
    return tuple(
        text_frame(text)
        for user_id in user_ids
        for text in (
            frames.member_added(channel, {"user_id": user_id, "user_info": {"name": "Guest"}}),
            frames.member_removed(channel, user_id),
        )
    )


@lru_cache(maxsize=8)
def writes(some: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the frames combined into pieces that are each given to the socket in one call."""
    at_once = max(1, WRITE_BYTES // len(some[0]))
    return tuple(b"".join(piece) for piece in batched(some, at_once, strict=False))


def stamped(channel: str, nanoseconds: int) -> bytes:
    """Return an event that carries the time of the monotonic clock."""
    return text_frame(frames.event(channel, EVENT, frames.encode({"n": 1, "t": nanoseconds})))


def subscribed(channel: str, members: int) -> bytes:
    """Return the answer to a subscription; a presence channel has that many members, this one first."""
    if not channel.startswith("presence-"):
        return text_frame(frames.subscription_succeeded(channel))
    ids = ["bench", *(f"member-{number}" for number in range(1, members))]
    infos = {user_id: {"name": user_id} for user_id in ids}
    presence = {"ids": ids, "hash": infos, "count": members}
    return text_frame(frames.subscription_succeeded(channel, presence))
