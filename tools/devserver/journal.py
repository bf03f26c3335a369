"""What happened on the server, and waiting for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .connection import Attempt, Connection
from .frames import decode_object


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a client; `frame` is its JSON object, or None where it has none. `time` is a loop time."""

    time: float
    connection: Connection
    text: str | bytes
    frame: dict[str, object] | None

    @property
    def event(self) -> object:
        """The frame's event."""
        return self.frame.get("event") if self.frame else None

    @property
    def data(self) -> object:
        """The frame's data, as sent."""
        return self.frame.get("data") if self.frame else None

    @property
    def channel(self) -> object:
        """The channel of the frame or, for subscribe and unsubscribe, of its data."""
        if self.frame and "channel" in self.frame:
            return self.frame["channel"]
        return self.data.get("channel") if isinstance(self.data, dict) else None


@dataclass(frozen=True, slots=True)
class Published:
    """An event of the HTTP API or `DevServer.publish`; `dropped` when a fault swallowed it."""

    app_key: str
    channel: str
    event: str
    data: str
    socket_id: str | None
    dropped: bool


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """A request to an authorizing endpoint; `kind` is "channel" or "user", `time` a loop time."""

    time: float
    kind: str
    headers: Mapping[str, str]
    content_type: str
    body: str
    form: Mapping[str, str]

    @property
    def socket_id(self) -> str:
        """The form's socket id, or ""."""
        return self.form.get("socket_id", "")

    @property
    def channel_name(self) -> str:
        """The form's channel name, or ""."""
        return self.form.get("channel_name", "")


@dataclass(slots=True)
class Journal:
    """Lists of what happened, oldest first, and waiters that are checked after each change."""

    on_publish: Callable[[Published], None] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    auth_requests: list[AuthRequest] = field(default_factory=list)
    _waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def add_attempt(self, attempt: Attempt) -> None:
        """Note a websocket request."""
        self.attempts.append(attempt)
        self.changed()

    def add_received(self, connection: Connection, text: str | bytes) -> Received:
        """Note a message of a client and return it, decoded."""
        now = asyncio.get_running_loop().time()
        received = Received(
            now, connection, text, decode_object(text) if isinstance(text, str) else None
        )
        self.received.append(received)
        self.changed()
        return received

    def add_published(self, published: Published) -> None:
        """Record an event and notify the listener."""
        self.published.append(published)
        if self.on_publish:
            self.on_publish(published)
        self.changed()

    def add_auth_request(self, request: AuthRequest) -> None:
        """Note a request to an authorizing endpoint."""
        self.auth_requests.append(request)
        self.changed()

    def changed(self) -> None:
        """Check the waiters."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for[T](self, find: Callable[[], T | None], timeout: float) -> T:
        """Return what `find` finds, now or after a change. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while (found := find()) is None:
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter
            return found
