"""An encrypted channel: only those with the shared secret can read its events.

Reference: https://pusher.com/docs/channels/using_channels/encrypted-channels/ and the order of
steps in pusher-websocket-swift: if the key does not fit, the authorizer is asked once for the
present key, while later events wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import override

from .auth_answers import ChannelAuth
from .channel import CACHE_MISS, Channel, DecryptionFailure
from .crypto import WRONG_KEY, decrypt, parse_encrypted
from .dispatch import ChannelDispatcher, EventListener, ignore_event
from .exceptions import AuthorizationError, DecryptionError
from .listeners import notify
from .messages import Event

MAX_WAITING_EVENTS = 1000
MAX_WAITING_BYTES = 8 * 1024 * 1024
KEY_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Seconds between requests for a key, by how many in a row did not help."""

type KeySource = Callable[[str], Awaitable[bytes | None]]
type Encrypted = tuple[Event, bytes, bytes]
"""An event, its nonce and its ciphertext."""


class EncryptedChannel(Channel):
    """A channel that decrypts its events; events without listeners are not decrypted."""

    __slots__ = (
        "_fetching",
        "_key",
        "_key_source",
        "_next_fetch",
        "_useless_keys",
        "_waiting",
        "_waiting_bytes",
    )

    def __init__(self, name: str, dispatcher: ChannelDispatcher, key_source: KeySource) -> None:
        """`key_source` asks the authorizer for the present key."""
        super().__init__(name, dispatcher)
        self._key_source = key_source
        self._key: bytes | None = None
        self._waiting: deque[Encrypted] = deque()
        self._waiting_bytes = 0
        self._fetching: asyncio.Task[None] | None = None
        self._next_fetch = 0.0
        self._useless_keys = 0
        dispatcher.intercept(self._interceptor)

    @property
    @override
    def _interceptor(self) -> EventListener:
        return self._decrypt_and_dispatch

    @override
    def _on_authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        self._key = auth.shared_secret

    @override
    def _on_unsubscribed(self) -> None:
        self._key = None
        self._next_fetch = 0.0
        self._useless_keys = 0
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None
        for event, _, _ in self._take_waiting():
            self._fail(event, "The connection ended before a new shared secret arrived")
        super()._on_unsubscribed()

    def _decrypt_and_dispatch(self, event: Event) -> None:
        listener = self._dispatcher.find(event.name)
        if listener is ignore_event:
            return
        if event.name == CACHE_MISS:
            # The only event that servers do not encrypt; data in it cannot be trusted.
            notify((listener,), event.with_data(None))
            return
        try:
            nonce, ciphertext = parse_encrypted(event.raw)
        except DecryptionError as err:
            self._fail(event, str(err))
            return
        if self._fetching is not None:
            self._wait(event, nonce, ciphertext)
        elif not self._decrypt(event, nonce, ciphertext):
            self._wait_for_key(event, nonce, ciphertext)

    def _decrypt(self, event: Event, nonce: bytes, ciphertext: bytes) -> bool:
        """Decrypt and dispatch an event; False if the key does not fit."""
        if self._key is None:
            return False
        try:
            plaintext = decrypt(self._key, nonce, ciphertext)
        except DecryptionError:
            return False
        notify((self._dispatcher.find(event.name),), event.with_data(plaintext))
        return True

    def _wait_for_key(self, event: Event, nonce: bytes, ciphertext: bytes) -> None:
        """Ask for the present key, unless it was asked for a short time ago."""
        if asyncio.get_running_loop().time() < self._next_fetch:
            self._fail(event, WRONG_KEY)
            return
        self._wait(event, nonce, ciphertext)
        self._fetching = asyncio.create_task(self._fetch_key(), name="pusher_channels key")

    def _wait(self, event: Event, nonce: bytes, ciphertext: bytes) -> None:
        """Queue an event until the key arrives; drop the oldest ones when there are too many."""
        self._waiting.append((event, nonce, ciphertext))
        self._waiting_bytes += len(ciphertext)
        while len(self._waiting) > MAX_WAITING_EVENTS or self._waiting_bytes > MAX_WAITING_BYTES:
            oldest, _, dropped = self._waiting.popleft()
            self._waiting_bytes -= len(dropped)
            self._fail(oldest, "Too many events wait for a new shared secret")

    def _take_waiting(self) -> deque[Encrypted]:
        waiting, self._waiting = self._waiting, deque()
        self._waiting_bytes = 0
        return waiting

    async def _fetch_key(self) -> None:
        """Ask for the key once, for all the events that wait for it."""
        reason = WRONG_KEY
        try:
            self._key = await self._key_source(self.name)
        except AuthorizationError as err:
            reason = f"No new shared secret: {err}"
        self._fetching = None
        failed = False
        for event, nonce, ciphertext in self._take_waiting():
            if not self._decrypt(event, nonce, ciphertext):
                failed = True
                self._fail(event, reason)
        if failed:
            pause = KEY_PAUSES[min(self._useless_keys, len(KEY_PAUSES) - 1)]
            self._next_fetch = asyncio.get_running_loop().time() + pause
            self._useless_keys += 1
        else:
            self._useless_keys = 0

    def _fail(self, event: Event, reason: str) -> None:
        self._notify(DecryptionFailure(self.name, event.name, reason))
