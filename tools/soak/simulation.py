"""A client, its server and three guests on a separate event loop, moved step by step."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import Final, override

from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import (
    Authorizer,
    EndpointAuthorizer,
    SecretAuthorizer,
    User,
)
from custom_components.pusher_channels.client.channel import Channel, ChannelNotice
from custom_components.pusher_channels.client.client import ClientNotice, PusherClient
from custom_components.pusher_channels.client.connection import Timing
from custom_components.pusher_channels.client.exceptions import InvalidUseError, SubscriptionError
from custom_components.pusher_channels.client.gaps import Gap
from custom_components.pusher_channels.client.listeners import Unlisten
from custom_components.pusher_channels.client.messages import Event, SubscriptionSucceeded
from tools.devserver import App, AuthEndpoints, Connection, DevServer
from tools.soak.ledger import Ledger, Place, Sent

from .clock import Clock, address, leftovers, settle
from .home import MASTER_KEY

LOBBY: Final = "presence-lobby"
ROOM: Final = "private-room"
CHANNELS: Final = (
    "news", "cache-news", ROOM, "private-cache-room", LOBBY, "private-encrypted-room",
)  # fmt: skip
GUESTS: Final = ("ada", "bob", "bob")
APP: Final = App(master_key=MASTER_KEY, client_events_per_second=10_000)
USER_CHANNEL: Final = "#server-to-user-me"
REFUSALS: Final = (401, 403)
RETURNS_WITHIN: Final = 400.0
COMES_WITHIN: Final = 2.0


class StoppableClock(Clock):
    """A clock to skip, and to hold while all that is due comes to its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._moment: float | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop the clock; within the block the event loop must not wait for a timer."""
        since = super().time()
        self._moment = since
        yield
        self._moment = None
        self.skip(since - super().time())

    @override
    def time(self) -> float:
        return self._moment or super().time()


class Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()} {record.exc_info}")


@dataclass(eq=False)
class BoundListener:
    """A listener of one channel: what it received, and what it should have."""

    unlisten: Unlisten = lambda: None
    received: list[int] = field(default_factory=list)
    due: list[int] = field(default_factory=list)


class Simulation:
    """All that takes part, and what is known of it from outside."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = StoppableClock(self.loop)
        self.loop.time = self.clock.time  # type: ignore[method-assign]
        self.loop.slow_callback_duration = inf
        self.errors = Errors()
        logging.getLogger().addHandler(self.errors)
        member = {"user_id": "me", "user_info": {"name": "Me"}}
        self.server = DevServer([APP], auth=AuthEndpoints(member=member, user={"id": "me"}))
        self.ledger = Ledger(slack=0)
        self.users = Counter[str]()
        self.listeners: dict[str, list[BoundListener]] = {name: [] for name in CHANNELS}
        self.for_user: list[Event] = []
        self.last: dict[tuple[str | None, str], int] = {}
        self.sending: dict[int, asyncio.Task[None]] = {}
        self.received = Counter[int]()
        self.is_up = True
        self.is_frozen = False
        self.signs_in = False
        self.silenced: set[Connection] = set()
        self.do(self._open())

    def do[T](self, move: Coroutine[None, None, T]) -> T:
        """Run a step, and wait for its effects."""

        async def act() -> T:
            result = await move
            await settle()
            self._note_client_events()
            return result

        return self.loop.run_until_complete(act())

    def comes(self, predicate: Callable[[], object]) -> bool:
        """Whether something becomes so while the event loop's clock stands still."""

        async def wait() -> bool:
            end = time.monotonic() + COMES_WITHIN
            while not predicate() and time.monotonic() < end:
                await asyncio.sleep(0)
                self._note_client_events()
            return bool(predicate())

        with self.clock.held():
            return self.loop.run_until_complete(wait())

    async def _open(self) -> None:
        await self.server.start()
        self.session = ClientSession()
        server = self.server
        endpoint = EndpointAuthorizer(self.session, server.auth_url, server.user_auth_url)
        self.client = self._make_client(endpoint)
        self.guests = [
            self._make_client(SecretAuthorizer(APP.key, APP.secret, User(name))) for name in GUESTS
        ]
        self.ledger.leave([place(name) for name in CHANNELS], 0)
        self.client.bind(self._record)
        self.client.user.bind(self.for_user.append)
        self.client.listen(self._note)
        for client in (self.client, *self.guests):
            client.connect()

    def _make_client(self, authorizer: Authorizer) -> PusherClient:
        timing = Timing(activity_timeout=30, pong_timeout=10, max_reconnect_gap=8)
        return PusherClient(
            self.session,
            APP.key,
            address(self.server),
            authorizer=authorizer,
            timing=timing,
            wall_clock=self.clock.time,
        )

    def close(self) -> None:
        """End everything, and check that nothing is left."""
        try:
            assert self.do(self._close()) == []
            assert self.errors.lines == []
        finally:
            logging.getLogger().removeHandler(self.errors)
            self.loop.close()

    async def _close(self) -> list[str]:
        if self.is_frozen:
            self.server.thaw()
        for client in (self.client, *self.guests):
            await client.disconnect()
        await self.session.close()
        await self.server.stop()
        await asyncio.gather(*self.sending.values())
        await settle()
        return leftovers()

    @property
    def connection(self) -> Connection | None:
        """The client's connection, on the server's side; None unless frames pass in both directions."""
        socket_id = self.client.socket_id
        if socket_id is None or self.is_frozen:
            return None
        found = [it for it in self.server.connections if it.socket_id == socket_id]
        return found[0] if found and found[0] not in self.silenced else None

    @property
    def subscribed(self) -> dict[str, Channel]:
        """The client's channels that the state machine subscribed to."""
        return {name: it for name, it in self.client.channels.items() if name != USER_CHANNEL}

    def cut(self, connections: Iterable[Connection], *, reset: bool = True) -> None:
        """Cut TCP connections, some of which may be cut already."""
        for connection in connections:
            with suppress(OSError):
                connection.abort(reset=reset)

    def subscribe(self, name: str) -> None:
        """Add a reference to a channel."""
        self.users[name] += 1
        channel = self.client.subscribe(name)
        if self.users[name] == 1:
            channel.listen(self._note_channel)

    def unsubscribe(self, name: str) -> None:
        """Drop a reference to a channel; events that were sent already are no longer expected."""
        if self.users[name] == 1:
            for listener in [*self.listeners[name]]:
                self.remove_listener(name, listener)
            is_subscribed = self.client.channels[name].is_subscribed
            since = (self.client.last_received if is_subscribed else None) or 0
            self.ledger.leave([place(name)], since)
        self.users[name] -= self.users[name] > 0
        self.client.unsubscribe(name)

    def add_listener(self, name: str) -> None:
        """Listen to a subscribed channel."""
        listener = BoundListener()

        def record(event: Event) -> None:
            if not event.cached and (number := number_of(event)):
                listener.received.append(number)

        listener.unlisten = self.client.channels[name].bind(record)
        self.listeners[name].append(listener)

    def remove_listener(self, name: str, listener: BoundListener) -> None:
        """Remove a listener."""
        listener.unlisten()
        assert listener.received == listener.due
        self.listeners[name].remove(listener)

    async def publish(self, name: str) -> int:
        """Publish an event and return its number; one that the server drops was never sent."""
        number, now = self.ledger.number(), self.clock.time()
        await self.server.publish(name, "shipped", {"number": number})
        if not self.server.published.pop().dropped:
            self.ledger.note_sent(Sent(number, place(name), now, now))
        return number

    async def trigger(self) -> int:
        """Start to send a client event, however long it takes; return its number."""
        number = self.ledger.number()
        self.sending[number] = self.loop.create_task(self._trigger(number))
        return number

    async def _trigger(self, number: int) -> None:
        try:
            await self.client.trigger(ROOM, "client-by-me", {"number": number})
        except InvalidUseError, SubscriptionError:
            del self.sending[number]

    async def trigger_by(self, guest: PusherClient, name: str) -> None:
        """Let a guest that is on a channel send a client event."""
        channel = guest.channels.get(name)
        if channel is not None and channel.is_subscribed:
            await guest.trigger(name, "client-by-guest", {"number": self.ledger.number()})

    def _note_client_events(self) -> None:
        for frame in self.server.received:
            if isinstance(frame.data, dict) and isinstance(number := frame.data.get("number"), int):
                if frame.event == "client-by-me":
                    self.received[number] += 1
                else:
                    at = place(str(frame.channel))
                    self.ledger.note_sent(Sent(number, at, frame.time, frame.time))
        self.server.received.clear()

    def _record(self, event: Event) -> None:
        number = number_of(event)
        if event.cached or not number or event.channel is None:
            return
        source = event.channel, event.name
        assert number > self.last.get(source, 0), "events of one sender came out of order"
        self.last[source] = number
        self.ledger.note_received(number, place(event.channel))
        for listener in self.listeners[event.channel]:
            listener.due.append(number)

    def _note(self, notice: ClientNotice) -> None:
        if isinstance(notice, Gap):
            for name in notice.channels:
                self.ledger.note_gap(place(name), notice.since, notice.until)

    def _note_channel(self, notice: ChannelNotice) -> None:
        if isinstance(notice, SubscriptionSucceeded):
            self.ledger.join(place(notice.channel), self.clock.time())


def place(name: str) -> Place:
    """Return a channel's place in the ledger."""
    return Place("", name)


def number_of(event: Event) -> int:
    """Return the number that an event carries, 0 if none."""
    number = event.data.get("number") if isinstance(event.data, dict) else None
    return number if isinstance(number, int) else 0
