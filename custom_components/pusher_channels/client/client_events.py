"""Learns how large a client event may be: servers only close the connection."""

import asyncio

from .exceptions import InvalidUseError, Misuse

REACTION_TIME = 5.0
"""A server closes the connection within this time after an event that is too large."""


class ClientEventSize:
    """The size limit of a server's frames, as far as it is known in this session."""

    def __init__(self) -> None:
        self._limit: int | None = None
        self._largest = 0
        self._sent_at = 0.0

    def check(self, frame: str) -> None:
        """Raise `InvalidUseError` if a frame is as large as one that the server refused."""
        if self._limit is not None and len(frame.encode()) > self._limit:
            raise InvalidUseError(
                Misuse.DATA_SIZE,
                f"The event is too large: the server closed the connection because of a message "
                f"of {self._limit + 1} bytes",
            )

    def on_sent(self, frame: str) -> None:
        """Remember the largest recent frame."""
        now, size = asyncio.get_running_loop().time(), len(frame.encode())
        if size >= self._largest or now - self._sent_at > REACTION_TIME:
            self._largest, self._sent_at = size, now

    def on_too_large(self) -> None:
        """Learn from a connection that the server closed because of the size."""
        recent = asyncio.get_running_loop().time() - self._sent_at <= REACTION_TIME
        if self._largest and recent:
            self._limit = self._largest - 1
            self._largest = 0
