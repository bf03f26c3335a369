"""An encrypted channel: payloads that only those with the shared secret can read.

Reference: "Encrypted channels", and pusher-websocket-swift's order of steps: a key that does not fit
is asked for anew, once, while the events that follow wait their turn.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import override

from .auth import ChannelAuth
from .channel import Channel, DecryptionFailure
from .crypto import decrypt, parse_encrypted
from .exceptions import AuthorizationError, DecryptionError
from .listeners import notify
from .messages import Event
from .routes import EventListener, Known, Routes, nobody

type KeySource = Callable[[str], Awaitable[bytes | None]]


class _Sealed(dict[str, EventListener]):
    """Sends events of every name to be decrypted, except those that are never sealed."""

    def __init__(self, deliver: EventListener) -> None:
        self._deliver = deliver

    def __missing__(self, name: str) -> EventListener:
        if name.startswith("pusher"):
            raise KeyError(name)
        return self._deliver


class EncryptedChannel(Channel):
    """A channel that decrypts what it delivers; events that nobody wants stay sealed."""

    __slots__ = ("_fetch", "_key", "_key_source", "_sealed", "_waiting")

    def __init__(self, name: str, everywhere: Routes, key_source: KeySource) -> None:
        """Start without a key; `key_source` asks the authorizer for the one of today."""
        super().__init__(name, everywhere)
        self._key_source = key_source
        self._key: bytes | None = None
        self._waiting: deque[tuple[Event, bytes, bytes]] = deque()
        self._fetch: asyncio.Task[None] | None = None
        self._sealed = _Sealed(self.deliver)

    @property
    @override
    def known(self) -> Known:
        return self._sealed

    @override
    def authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        self._key = auth.shared_secret

    @override
    def unsubscribed(self) -> None:
        self._key = None
        if self._fetch is not None:
            self._fetch.cancel()
            self._fetch = None
        waiting, self._waiting = self._waiting, deque()
        for event, _, _ in waiting:
            self._fail(event, "The connection ended before a new shared secret came")
        super().unsubscribed()

    @override
    def deliver(self, event: Event) -> None:
        if event.name.startswith("pusher:") or self._routes.of(event.name) is nobody:
            super().deliver(event)
            return
        if self._cached_until:
            event = self._cached(event)
        try:
            nonce, ciphertext = parse_encrypted(event.raw)
        except DecryptionError as err:
            self._fail(event, str(err))
            return
        if self._fetch is not None or not self._open(event, nonce, ciphertext):
            self._waiting.append((event, nonce, ciphertext))
            if self._fetch is None:
                self._fetch = asyncio.create_task(self._fetch_key(), name="pusher_channels key")

    def _open(self, event: Event, nonce: bytes, ciphertext: bytes) -> bool:
        """Decrypt and deliver; False when the key does not fit."""
        if self._key is None:
            return False
        try:
            plaintext = decrypt(self._key, nonce, ciphertext)
        except DecryptionError:
            return False
        notify((self._routes.of(event.name),), event.opened(plaintext))
        return True

    async def _fetch_key(self) -> None:
        """Ask for the key once, for all the events that wait for it."""
        reason = "The shared secret does not fit the data"
        try:
            self._key = await self._key_source(self.name)
        except AuthorizationError as err:
            reason = f"No new shared secret: {err}"
        self._fetch = None
        waiting, self._waiting = self._waiting, deque()
        for event, nonce, ciphertext in waiting:
            if not self._open(event, nonce, ciphertext):
                self._fail(event, reason)

    def _fail(self, event: Event, reason: str) -> None:
        self.tell(DecryptionFailure(self.name, event.name, reason))
