"""One websocket: handshake, liveness, reconnection, in one background task."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import WSMsgType
from orjson import JSONDecodeError, loads

from .close_codes import is_pusher_code
from .exceptions import ConnectionFailedError, FailureReason, ProtocolError
from .liveness import Liveness, Verdict
from .messages import ErrorReceived, Established, Event, FrameRejected, Message, Ping, Pong
from .protocol import PING_FRAME, PONG_FRAME, decode, redact_signatures
from .reconnection import CloseAction, close_action, reconnect_delay
from .resuming import noting_resumes
from .routes import Known

_LOGGER = logging.getLogger(__name__)

HEALTHY_AFTER = 30.0
CLOSE_TIMEOUT = 1.0
SHORTEST_ACTIVITY_TIMEOUT = 1.0
SLICE_EVENTS = 16
SLICE_SECONDS = 0.0005

TEXT = WSMsgType.TEXT

type WebSocket = aiohttp.ClientWebSocketResponse[bool]


class ConnectionState(StrEnum):
    """The five states of the official clients."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True, slots=True)
class StateChange:
    """The connection went from one state to another."""

    state: ConnectionState
    previous: ConnectionState


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the client waits, in seconds; no limit of attempts is 0.

    A server's own activity timeout is honoured where it is the shorter one.
    """

    activity_timeout: float = 120.0
    pong_timeout: float = 30.0
    connect_timeout: float = 10.0
    max_reconnect_gap: float = 60.0
    max_reconnect_attempts: int = 0


class Connection:
    """A connection that stays: it comes back by itself until told to go, or told not to return."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        timing: Timing,
        proxy: str | None,
        known: Mapping[str, Known],
        on_event: Callable[[Event], None],
        on_message: Callable[[Message], None],
        on_state: Callable[[StateChange], None],
        on_failure: Callable[[ConnectionFailedError], None],
    ) -> None:
        """Prepare; nothing is opened before `connect`.

        `known` says who may be handed an event of a channel and a name at once. `on_event` gets
        every other event, `on_message` what else concerns channels, the user
        or the app, `on_failure` why a try failed or a connection ended. None of them may raise.
        """
        self._session = session
        self._url = url
        self._timing = timing
        self._proxy = proxy
        self._known = known
        self._on_event = on_event
        self._on_message = on_message
        self._on_state = on_state
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._websocket: WebSocket | None = None
        self._liveness: Liveness | None = None
        self._told: ErrorReceived | None = None
        self.state = ConnectionState.DISCONNECTED
        self.socket_id: str | None = None
        self.last_error: ConnectionFailedError | None = None
        self.next_attempt: float | None = None

    @property
    def last_received(self) -> float | None:
        """When the last frame came, in the event loop's seconds."""
        return None if self._liveness is None else self._liveness.received

    def connect(self) -> None:
        """Start, unless it runs already."""
        if self._task is None:
            self._set_state(ConnectionState.CONNECTING)
            self._task = asyncio.create_task(self._run(), name="pusher_channels connection")

    async def disconnect(self) -> None:
        """Close and stay closed; returns when the socket is gone."""
        if self._task is not None:
            self._ending, self._task = self._task, None
            self._ending.add_done_callback(self._ended)
            self._ending.cancel()
            self.next_attempt = None
            self._forget_socket()
            self._set_state(ConnectionState.DISCONNECTING)
        if self._ending is not None:
            await asyncio.wait((self._ending,))

    async def send(self, frame: str) -> bool:
        """Send a frame; False when there is no connection to send it on."""
        websocket = self._websocket
        if websocket is None or self._liveness is None:
            return False
        self._liveness.sent = asyncio.get_running_loop().time()
        try:
            await websocket.send_str(frame)
        except aiohttp.ClientError, ConnectionError:
            return False
        return True

    def _set_state(self, state: ConnectionState) -> None:
        if state is not self.state:
            change = StateChange(state, self.state)
            self.state = state
            self._on_state(change)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Take note that a connection is closed, unless the next one is already under way."""
        if self._ending is task:
            self._ending = None
            if self._task is None:
                self._set_state(ConnectionState.DISCONNECTED)

    def _forget_socket(self) -> None:
        self._websocket = None
        self.socket_id = None

    async def _run(self) -> None:
        failures = 0
        while True:
            failure, lived = await self._attempt()
            if lived >= HEALTHY_AFTER:
                failures = 0
            action = _next_action(failure, established=lived > 0)
            delay = reconnect_delay(
                action,
                failures,
                max_delay=self._timing.max_reconnect_gap,
                chance=random.random(),
            )
            failures += 1
            gives_up = action is CloseAction.STOP or (
                0 < self._timing.max_reconnect_attempts < failures
            )
            self.last_error = failure
            self.next_attempt = None if gives_up else asyncio.get_running_loop().time() + delay
            self._forget_socket()
            self._on_failure(failure)
            if gives_up:
                self._task = None
                self._set_state(ConnectionState.DISCONNECTED)
                return
            if self.state is ConnectionState.CONNECTED:
                self._set_state(ConnectionState.RECONNECTING)
            _LOGGER.debug("%s; next attempt in %.1f s", failure, delay)
            await asyncio.sleep(delay)
            self.next_attempt = None

    async def _attempt(self) -> tuple[ConnectionFailedError, float]:
        """Connect and stay; return why it ended and how many seconds it had been established."""
        websocket: WebSocket | None = None
        self._told = None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timing.connect_timeout):
                websocket = await self._open()
                established = await _handshake(websocket)
            since = loop.time()
            self._websocket = websocket
            self.socket_id = established.socket_id
            self._liveness = Liveness(
                since,
                activity_timeout=min(
                    self._timing.activity_timeout,
                    max(established.activity_timeout, SHORTEST_ACTIVITY_TIMEOUT),
                ),
                pong_timeout=self._timing.pong_timeout,
            )
            self._set_state(ConnectionState.CONNECTED)
            failure = await self._stay(websocket, self._liveness)
            return failure, max(loop.time() - since, 1e-9)
        except TimeoutError:
            message = f"The server did not answer within {self._timing.connect_timeout:g} seconds"
            return ConnectionFailedError(FailureReason.TIMED_OUT, message), 0.0
        except ConnectionFailedError as failure:
            return failure, 0.0
        except Exception:
            _LOGGER.exception("The connection ended by something unexpected")
            message = "Something unexpected ended the connection; the log says more"
            return ConnectionFailedError(FailureReason.UNEXPECTED, message), 0.0
        finally:
            if websocket is not None:
                await _close(websocket)

    async def _open(self) -> WebSocket:
        try:
            return await self._session.ws_connect(
                self._url,
                proxy=self._proxy,
                decode_text=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as err:
            raise _open_failure(err) from None

    async def _stay(self, websocket: WebSocket, liveness: Liveness) -> ConnectionFailedError:
        """Receive until the connection ends, and see to it that silence ends it too."""
        loop = asyncio.get_running_loop()
        verdict = Verdict.WAIT

        def resumed() -> None:
            liveness.resumed = loop.time()

        while True:
            try:
                async with asyncio.timeout_at(liveness.due):
                    if verdict is Verdict.PING:
                        await self.send(PING_FRAME)
                    return await noting_resumes(self._receive(websocket, liveness), resumed)
            except TimeoutError:
                verdict = liveness.check(loop.time())
                if verdict is Verdict.DEAD:
                    message = "The server stopped answering"
                    return ConnectionFailedError(FailureReason.SILENT, message)

    async def _receive(self, websocket: WebSocket, liveness: Liveness) -> ConnectionFailedError:
        """Hand on each frame, and give way to others after a slice of time.

        This is the path that every event takes, so it is written for speed. What each trick gains
        is a share of the time that a frame of 100 bytes takes in a flood; docs/performance.md.
        """
        loop, known = asyncio.get_running_loop(), self._known
        # No `async for`, which awaits a coroutine more for each message: 13 %.
        receive = websocket.receive
        while True:
            # The clock is read once a slice, not once an event: 6 %.
            for _ in range(SLICE_EVENTS):
                message = await receive()
                if message.type is not TEXT:
                    if message.type is not WSMsgType.BINARY:
                        return _ending(websocket, message.extra, self._told)
                    self._on_message(FrameRejected("The frame is binary"))
                    continue
                # When this coroutine was last resumed, by `_stay`, is when the frame came: no clock
                # is read and no timer is set for it: 6 %.
                liveness.received = liveness.resumed
                # Who has heard such an event before is found by two look-ups, and called right
                # here: 40 %. Whatever is not found takes the long way.
                try:
                    frame = loads(message.data)
                    hear = known[frame["channel"]][frame["event"]]
                except KeyError, TypeError, AttributeError, JSONDecodeError:
                    await self._receive_slowly(message.data)
                    continue
                try:
                    hear(Event(frame))
                except Exception:
                    _LOGGER.exception("A listener of Event failed")
            if loop.time() - liveness.resumed > SLICE_SECONDS:
                await asyncio.sleep(0)

    async def _receive_slowly(self, frame: bytes) -> None:
        try:
            message = decode(frame)
        except ProtocolError as err:
            self._on_message(FrameRejected(str(err)))
            return
        match message:
            case Event():
                self._on_event(message)
            case Ping():
                await self.send(PONG_FRAME)
            case Pong():
                pass
            case ErrorReceived():
                self._told = message
                self._on_message(message)
            case _:
                self._on_message(message)


async def _handshake(websocket: WebSocket) -> Established:
    """Wait for the server's first frame; raise `ConnectionFailedError` unless it is a welcome."""
    frame = await websocket.receive()
    if frame.type is WSMsgType.BINARY:
        raise ConnectionFailedError(FailureReason.PROTOCOL, "The server's first frame is binary")
    if frame.type is not WSMsgType.TEXT:
        raise _ending(websocket, frame.extra)
    try:
        message = decode(frame.data)
    except ProtocolError as err:
        raise ConnectionFailedError(FailureReason.PROTOCOL, str(err)) from None
    match message:
        case Established():
            return message
        case ErrorReceived():
            raise ConnectionFailedError(FailureReason.REFUSED, message.message, message.code)
        case _:
            words = "The server's first frame is not pusher:connection_established"
            raise ConnectionFailedError(FailureReason.PROTOCOL, words)


def _ending(
    websocket: WebSocket, words: str | None, told: ErrorReceived | None = None
) -> ConnectionFailedError:
    """Say why a websocket ended: by the close's own words, or by the error that announced it."""
    code = websocket.close_code
    if not words and told is not None and told.code == code:
        words = told.message
    words = redact_signatures(words or "The connection was closed")
    return ConnectionFailedError(FailureReason.CLOSED, words, code)


def _next_action(failure: ConnectionFailedError, *, established: bool) -> CloseAction:
    """Decide by the code; what fails without one, before any welcome, is tried again with patience."""
    if established or (failure.code is not None and is_pusher_code(failure.code)):
        return close_action(failure.code)
    return CloseAction.BACK_OFF


def _open_failure(err: Exception) -> ConnectionFailedError:
    """Say why no websocket could be opened; URLs and what a proxy said stay out of the words."""
    match err:
        case aiohttp.ClientConnectorCertificateError():
            reason, words = (
                FailureReason.CERTIFICATE_INVALID,
                "The server's certificate is not valid",
            )
        case aiohttp.ClientSSLError() | ssl.SSLError():
            reason, words = FailureReason.TLS_FAILED, "No secure connection could be made"
        case (
            aiohttp.ClientHttpProxyError()
            | aiohttp.ClientProxyConnectionError()
            | aiohttp.WSServerHandshakeError(status=407)
        ):
            reason, words = FailureReason.UNREACHABLE, "The proxy refused or could not be reached"
        case aiohttp.WSServerHandshakeError():
            reason = FailureReason.UNREACHABLE
            words = f"The server answered {err.status} instead of opening a websocket"
        case aiohttp.InvalidURL() | ValueError():
            reason, words = FailureReason.INVALID_ADDRESS, "The address is not valid"
        case aiohttp.ClientConnectorDNSError():
            reason, words = FailureReason.UNREACHABLE, "The host name could not be resolved"
        case _:
            reason, words = FailureReason.UNREACHABLE, "The server could not be reached"
    return ConnectionFailedError(reason, words)


async def _close(websocket: WebSocket) -> None:
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
        async with asyncio.timeout(2 * CLOSE_TIMEOUT):
            await websocket.close()
