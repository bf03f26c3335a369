"""Reads the body of a request that anybody may send."""

from typing import Protocol


class Stream(Protocol):
    """What a request's body comes from."""

    async def read(self, n: int, /) -> bytes:
        """Return up to `n` bytes; none at the end."""


class BodyTooLongError(Exception):
    """A body has more bytes than anybody with good intent would send."""


async def read_body(stream: Stream, limit: int) -> bytes:
    """Return a body of up to `limit` bytes; raises `BodyTooLongError` without reading on."""
    body = bytearray()
    while chunk := await stream.read(limit + 1 - len(body)):
        body += chunk
        if len(body) > limit:
            raise BodyTooLongError
    return bytes(body)
