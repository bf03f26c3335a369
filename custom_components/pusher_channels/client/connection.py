"""One websocket connection in a background task: handshake, liveness, reconnection."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import WSMsgType
from aiohttp.http_websocket import WSMessageTextBytes
from orjson import JSONDecodeError, loads

from .clock import WallClock
from .debug_log import log_frame
from .dispatch import Dispatcher
from .exceptions import ConnectionFailedError, FailureReason, ProtocolError
from .handshake import Endpoint, WebSocket, closing_failure, open_websocket, welcome
from .limits import MAX_EVENT_DATA_BYTES
from .liveness import Liveness, Verdict
from .messages import ErrorReceived, Established, Event, FrameRejected, Message, Ping, Pong
from .protocol import PING_FRAME, PONG_FRAME, decode
from .reconnection import Backoff, CloseAction, next_action
from .redaction import redact

_LOGGER = logging.getLogger(__name__)

SHORTEST_TIMEOUT = 1.0
PING_MARGIN = 0.5
SLICE_EVENTS = 32
SLICE_SECONDS = 0.0005
CLOCK_INTERVAL = 4.0
"""How often the two clocks are compared, to notice that the computer was suspended."""
SUSPENDED_AFTER = 5.0
LATE = 0.5
"""A check that runs this late was blocked; what has arrived until then is read first."""
ERROR_EXPLAINS_CLOSE = 5.0
GAP_MARGIN = 1.0

type _WSMessage = aiohttp.WSMessage | WSMessageTextBytes

NO_HANDLERS: Mapping[str, Mapping[str, Callable[[Event], None]]] = {}


class ConnectionState(StrEnum):
    """The states of the official clients."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True, slots=True)
class StateChange:
    """The connection has a new state."""

    state: ConnectionState
    previous: ConnectionState


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds, and the number of attempts in a row (0: no limit).

    If the server asks for a shorter activity timeout, that is used. Activity timeout, pong timeout
    and longest gap are at least 1 s: less counts as 1 s.
    """

    activity_timeout: float = 120.0
    pong_timeout: float = 30.0
    connect_timeout: float = 10.0
    max_reconnect_gap: float = 60.0
    max_reconnect_attempts: int = 0


class Connection:
    """A websocket connection that reconnects automatically."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: Endpoint,
        *,
        timing: Timing,
        clock: WallClock,
        dispatcher: Dispatcher,
        on_message: Callable[[Message], None],
        on_state: Callable[[StateChange], None],
        review: Callable[[ConnectionFailedError], ConnectionFailedError],
        on_failure: Callable[[ConnectionFailedError], None],
    ) -> None:
        """Prepare; `connect` opens the connection.

        Events go to the dispatcher, other messages about channels, the user or the app to
        `on_message`, and why an attempt failed or the connection ended to `on_failure`, after
        `review` has completed it. None of them may raise.
        """
        self._session = session
        self._endpoint = endpoint
        self._secrets = endpoint.secrets
        self._timing = timing
        self._clock = clock
        self._dispatcher = dispatcher
        self._on_message = on_message
        self._on_state = on_state
        self._review = review
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._websocket: WebSocket | None = None
        self._liveness: Liveness | None = None
        self._last_server_error: tuple[float, ErrorReceived] | None = None
        self._established_at = 0.0
        self.has_given_up = False
        self.state = ConnectionState.DISCONNECTED
        self.socket_id: str | None = None
        self.last_error: ConnectionFailedError | None = None
        self.next_attempt: float | None = None

    @property
    def missed_since(self) -> float:
        """The time since when events may be missed if the connection ends, in seconds since 1970.

        An event can be on its way when the latest frame arrives.
        """
        if self._liveness is None:
            return 0.0
        received = self._clock.at(self._liveness.received)
        return max(received - GAP_MARGIN, self._clock.at(self._established_at))

    @property
    def last_received(self) -> float | None:
        """A time at most 4 s before the last frame, in the event loop's seconds."""
        return None if self._liveness is None else self._liveness.received

    def connect(self) -> None:
        """Start, unless it is running."""
        self.has_given_up = False
        if self._task is None:
            name = "pusher_channels connection"
            self._task = asyncio.create_task(self._run(), name=name, eager_start=False)
            self._set_state(ConnectionState.CONNECTING)

    async def disconnect(self) -> None:
        """Close the connection and do not reconnect; returns when the socket is closed."""
        self.has_given_up = False
        if self._task is not None:
            self._ending, self._task = self._task, None
            self._ending.add_done_callback(self._on_ended)
            self._ending.cancel()
            self._clear_socket()
            self._set_state(ConnectionState.DISCONNECTING)
        if self._ending is not None:
            await asyncio.wait((self._ending,))

    async def send(self, frame: str) -> bool:
        """Send a frame; False if there is no connection."""
        websocket = self._websocket
        if websocket is None or self._liveness is None:
            return False
        if _LOGGER.isEnabledFor(logging.DEBUG):
            log_frame("Sent", frame)
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

    def _on_ended(self, task: asyncio.Task[None]) -> None:
        """Set the final state, unless the next connection has been started."""
        if self._ending is task:
            self._ending = None
            if self._task is None:
                self._set_state(ConnectionState.DISCONNECTED)

    def _clear_socket(self) -> None:
        self._websocket = None
        self.socket_id = None
        self.next_attempt = None

    async def _run(self) -> None:
        timing = self._timing
        backoff = Backoff(timing.max_reconnect_gap)
        while True:
            failure, uptime = await self._attempt()
            self.last_error = failure = self._review(failure)
            action = next_action(failure, established=uptime is not None)
            delay = backoff.next_delay(action, uptime or 0.0, random.random())
            gives_up = 0 < timing.max_reconnect_attempts < backoff.failures
            stops = action is CloseAction.STOP or gives_up
            self._clear_socket()
            self.next_attempt = None if stops else asyncio.get_running_loop().time() + delay
            self._on_failure(failure)
            if self._task is not asyncio.current_task():
                return  # A listener has disconnected.
            if stops:
                _LOGGER.debug("%s; no further attempt", failure)
                self._task = None
                self.has_given_up = True
                self._set_state(ConnectionState.DISCONNECTED)
                return
            if self.state is ConnectionState.CONNECTED:
                self._set_state(ConnectionState.RECONNECTING)
            _LOGGER.debug("%s; next attempt in %.1f s", failure, delay)
            await asyncio.sleep(delay)

    async def _attempt(self) -> tuple[ConnectionFailedError, float | None]:
        """Connect and stay connected; return why it ended, and how long it was established."""
        self._last_server_error = None
        self.next_attempt = None
        uptime: float | None = None
        _LOGGER.debug("Connecting to %s", self._endpoint.address)
        try:
            deadline = asyncio.timeout(self._timing.connect_timeout)
            async with deadline, open_websocket(self._session, self._endpoint) as websocket:
                established = await welcome(websocket, self._secrets)
                deadline.reschedule(None)
                failure = await self._stay(websocket, self._establish(websocket, established))
                uptime = asyncio.get_running_loop().time() - self._established_at
        except TimeoutError:
            message = f"The server did not answer within {self._timing.connect_timeout:g} seconds"
            failure = ConnectionFailedError(FailureReason.TIMED_OUT, message)
        except ConnectionFailedError as err:
            failure = err
        except Exception:
            _LOGGER.exception("The connection ended because of an unexpected error")
            message = "An unexpected error ended the connection; check the log for details"
            failure = ConnectionFailedError(FailureReason.UNEXPECTED, message)
        return failure, uptime

    def _establish(self, websocket: WebSocket, established: Established) -> Liveness:
        """Set the state to connected; return the connection's liveness."""
        _LOGGER.debug(
            "Connected as %s, activity timeout %g s",
            established.socket_id,
            established.activity_timeout,
        )
        now = asyncio.get_running_loop().time()
        self._clock.update()
        self._established_at = now
        self._websocket = websocket
        self.socket_id = established.socket_id
        interval = _ping_interval(established.activity_timeout)
        self._liveness = liveness = Liveness(
            now,
            activity_timeout=min(max(self._timing.activity_timeout, SHORTEST_TIMEOUT), interval),
            pong_timeout=max(self._timing.pong_timeout, SHORTEST_TIMEOUT),
        )
        self._set_state(ConnectionState.CONNECTED)
        return liveness

    async def _stay(self, websocket: WebSocket, liveness: Liveness) -> ConnectionFailedError:
        """Receive until the connection ends; send pings, and end it when none is answered."""
        loop = asyncio.get_running_loop()
        receive = self._receive
        verdict = Verdict.WAIT
        check_at = min(liveness.due, loop.time() + CLOCK_INTERVAL)
        while True:
            try:
                async with asyncio.timeout_at(check_at):
                    if verdict is Verdict.PING:
                        await self.send(PING_FRAME)
                    return await receive(websocket, liveness)
            except TimeoutError:
                suspended = self._clock.update()
                # Read after the update, so that later frames count as received after a suspend.
                now = loop.time()
                is_late = now > check_at + LATE
                if suspended > SUSPENDED_AFTER:
                    liveness.start_ping(now)
                    verdict = Verdict.PING
                else:
                    verdict = liveness.check(now)
                if verdict is Verdict.DEAD:
                    if not is_late:
                        message = "The server stopped answering"
                        return ConnectionFailedError(FailureReason.SILENT, message)
                    # A pong may be waiting in the buffer.
                    check_at = now + LATE
                else:
                    check_at = min(liveness.due, now + CLOCK_INTERVAL)

    async def _receive(self, websocket: WebSocket, liveness: Liveness) -> ConnectionFailedError:
        """Dispatch each frame, and let other tasks run after a slice of time.

        Every event takes this path, so it is written for speed. The percentages are shares of the
        time that a frame of 100 bytes takes in a flood; tools/benchmarks measures them.
        """
        clock = asyncio.get_running_loop().time
        # No `async for`, which awaits one more coroutine for each message: 13 %.
        receive, max_bytes = websocket.receive, MAX_EVENT_DATA_BYTES
        slice_end = clock() + SLICE_SECONDS
        while True:
            # With debug logging on, no handler is found, so that each frame takes the slow path.
            handlers = (
                NO_HANDLERS if _LOGGER.isEnabledFor(logging.DEBUG) else self._dispatcher.handlers
            )
            # The slice ends after a number of events at the earliest: 6 %.
            for _ in range(SLICE_EVENTS):
                message = await receive()
                if type(message) is not WSMessageTextBytes:
                    if message.type is WSMsgType.BINARY:
                        liveness.has_received = True
                        self._on_message(FrameRejected("The frame is binary"))
                        continue
                    return self._explain(websocket, message)
                # No reading of the clock for each frame: 3 %.
                liveness.has_received = True
                data = message.data
                if len(data) > max_bytes:
                    await self._receive_slowly(data)
                    continue
                # Recent events are dispatched by two look-ups and one call: 40 %.
                try:
                    frame = loads(data)
                    channel, name = frame["channel"], frame["event"]
                    handle = handlers[channel][name]
                except KeyError, TypeError, AttributeError, JSONDecodeError:
                    await self._receive_slowly(data)
                    continue
                try:
                    handle(Event(channel, name, frame))
                except Exception, asyncio.CancelledError:
                    _LOGGER.exception("A listener of Event failed")
            if clock() > slice_end:
                await asyncio.sleep(0)
                slice_end = clock() + SLICE_SECONDS

    async def _receive_slowly(self, frame: bytes) -> None:
        if _LOGGER.isEnabledFor(logging.DEBUG):
            log_frame("Received", frame)
        try:
            message = decode(frame, self._secrets)
        except ProtocolError as err:
            self._on_message(FrameRejected(str(err)))
            return
        match message:
            case Event():
                self._dispatcher.dispatch(message)
            case Ping():
                await self.send(PONG_FRAME)
            case Pong():
                pass
            case ErrorReceived():
                self._last_server_error = (asyncio.get_running_loop().time(), message)
                self._on_message(message)
            case _:
                self._on_message(message)

    def _explain(self, websocket: WebSocket, message: _WSMessage) -> ConnectionFailedError:
        server_error = None
        if self._last_server_error is not None:
            at, error = self._last_server_error
            if asyncio.get_running_loop().time() - at <= ERROR_EXPLAINS_CLOSE:
                server_error = error
        failure = closing_failure(
            websocket.close_code,
            redact(message.extra or "", self._secrets),
            server_error,
            by_client=message.type is WSMsgType.ERROR,
        )
        _LOGGER.debug("The websocket ended: %s, code %s", message.type.name, websocket.close_code)
        return failure


def _ping_interval(activity_timeout: float) -> float:
    """Return the interval for a server's activity timeout: Poxa closes at exactly that time."""
    timeout = max(activity_timeout, SHORTEST_TIMEOUT)
    return timeout - min(PING_MARGIN, timeout / 10)
