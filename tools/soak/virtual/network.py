"""A server behind a network that exists in memory only; both misbehave on request."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, override

import aiohttp
from aiohttp import WSMessage, WSMsgType
from aiohttp.http_websocket import WSMessageTextBytes
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tools.devserver import App, Attempt, Connection, Faults, frames
from tools.devserver.broker import Broker
from tools.devserver.journal import Journal
from tools.devserver.profile import Profile
from tools.devserver.session import Session

USUAL_LATENCY = 0.02
SERVER_NOTICES_AFTER = 90.0
"""How long a server counts a connection after its path broke."""


class Path:
    """One direction of a connection: keeps the order, takes its time, and may be dead."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._arrival = 0.0
        self._on_the_way: deque[Callable[[], None]] = deque()
        self.is_dead = False

    def deliver(self, arrive: Callable[[], None]) -> None:
        """Let something arrive after the present latency, unless the path is dead then."""
        loop = asyncio.get_running_loop()
        self._arrival = max(self._arrival, loop.time() + self._network.latency)
        self._on_the_way.append(arrive)
        loop.call_at(self._arrival, self._arrive)

    def _arrive(self) -> None:
        arrive = self._on_the_way.popleft()  # timers of the same moment have no order
        if not self.is_dead:
            arrive()


class ClientWebSocket:
    """The client's end, with what the client uses of aiohttp's class."""

    def __init__(self, network: Network, connection: SimulatedConnection) -> None:
        self._network = network
        self._connection = connection
        self._messages: deque[WSMessage | WSMessageTextBytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.close_code: int | None = None
        self.closed = False

    async def receive(self) -> WSMessage | WSMessageTextBytes:
        """Return the next message."""
        while not self._messages:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._messages.popleft()

    async def send_str(self, text: str) -> None:
        """Send a text frame. Raises ConnectionResetError once it is closed."""
        if self.closed:
            raise ConnectionResetError
        self._connection.upward.deliver(lambda: self._connection.receive_frame(text))

    async def close(self) -> None:
        """Close; the server learns it if the path is good."""
        if not self.closed:
            self.closed = True
            self._connection.upward.deliver(self._connection.disconnect)

    def add_text(self, text: str) -> None:
        """Take a frame that has arrived."""
        self._add(WSMessageTextBytes(WSMsgType.TEXT, text.encode(), None))

    def end(self, code: int | None, reason: str) -> None:
        """Take the end of the connection; without a code it was cut."""
        if not self.closed:
            self.closed = True
            self.close_code = code or 1006
            kind = WSMsgType.CLOSED if code is None else WSMsgType.CLOSE
            self._add(WSMessage(kind, code, reason))

    def _add(self, message: WSMessage | WSMessageTextBytes) -> None:
        self._messages.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class SimulatedConnection(Connection):
    """The server's end of a connection without a socket."""

    def __init__(self, network: Network, app: App, attempt: Attempt, number: int) -> None:
        self.app = app
        self.attempt = attempt
        self.socket_id = f"1.{number}"
        self.channels = set()
        self.user = None
        self.watchlist = frozenset()
        self.silent = False
        self.upward = Path(network)
        self.downward = Path(network)
        self.websocket = ClientWebSocket(network, self)
        self._network = network
        self._session: Session | None = None

    def establish(self) -> None:
        """Count the connection, and welcome it."""
        broker = self._network.broker
        self._session = Session(self, broker, self._network.faults)
        broker.connect(self)
        self.send(frames.established(self.socket_id, broker.profile.activity_timeout))

    @override
    def send(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode()
        self.downward.deliver(lambda: self.websocket.add_text(text))

    @override
    def start_close(self, code: int, reason: str = "") -> None:
        self.downward.deliver(lambda: self.websocket.end(code, reason))
        self.disconnect()

    @override
    def end_without_close_frame(self) -> None:
        self.downward.deliver(lambda: self.websocket.end(None, ""))
        self.disconnect()

    def receive_frame(self, text: str) -> None:
        """Act on a frame of the client."""
        if self._session is not None:
            self._session.handle(frames.decode_object(text))

    def disconnect(self) -> None:
        """Count the connection no longer."""
        if self._session is not None:
            self._session.end()
            self._session = None
            self._network.broker.disconnect(self)

    def die(self) -> None:
        """Become half-open; the server notices later."""
        self.upward.is_dead = self.downward.is_dead = True
        asyncio.get_running_loop().call_later(SERVER_NOTICES_AFTER, self.disconnect)


@dataclass
class Network:
    """The network path to the server, and the server."""

    app: App
    profile: Profile
    latency: float = USUAL_LATENCY
    is_up: bool = True
    is_black_hole: bool = False
    status: int | None = None
    faults: Faults = field(default_factory=Faults)
    attempts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = Journal()
        self.broker = Broker(self.app, self.profile, self.faults, self.journal)
        self._numbers = 0

    @property
    def connections(self) -> list[SimulatedConnection]:
        """The connections that the server counts."""
        return [
            it for it in self.broker.connections.values() if isinstance(it, SimulatedConnection)
        ]

    async def open(self, url: str) -> ClientWebSocket:
        """Open a websocket as aiohttp does. Raises what aiohttp raises."""
        loop = asyncio.get_running_loop()
        self.attempts.append(loop.time())
        await asyncio.sleep(2 * self.latency)
        if self.is_black_hole:
            await loop.create_future()
        if not self.is_up:
            raise ConnectionRefusedError
        if self.status is not None:
            headers = CIMultiDictProxy(CIMultiDict[str]())
            request = aiohttp.RequestInfo(URL(url), "GET", headers)
            raise aiohttp.WSServerHandshakeError(request, (), status=self.status)
        self._numbers += 1
        attempt = Attempt(loop.time(), URL(url).path, {}, {})
        connection = SimulatedConnection(self, self.app, attempt, self._numbers)
        connection.establish()
        return connection.websocket

    def cut(self) -> None:
        """Cut all connections without a close frame."""
        for connection in self.connections:
            connection.end_without_close_frame()

    def die(self) -> None:
        """Make all present connections half-open."""
        for connection in self.connections:
            connection.die()

    def close(self, code: int) -> None:
        """Close all connections with a code."""
        for connection in self.connections:
            connection.start_close(code, "Going")

    async def publish(self, channel: str, number: int) -> None:
        """Publish a numbered event."""
        data = {"number": number}
        self.broker.publish(self.broker.official.render(channel, "shipped", data, None))
        self.journal.published.clear()


def number_of(data: Any) -> int:
    """Return the number that an event's data carries, 0 if none."""
    found = data.get("number", 0) if isinstance(data, dict) else 0
    return found if isinstance(found, int) else 0
