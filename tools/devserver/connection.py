"""One websocket: an ordered outbox, and its faults."""

import asyncio
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from .app import App

_CHUNK_BYTES = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A websocket request, accepted or not; `time` is a loop time."""

    time: float
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Connection:
    """One client's connection.

    Frames leave in the order they were sent, through one task per connection, so that a client which reads slowly does
    not delay the others.
    """

    def __init__(
        self,
        app: App,
        attempt: Attempt,
        websocket: web.WebSocketResponse,
        writer: AbstractStreamWriter,
        transport: asyncio.Transport,
    ) -> None:
        self.app = app
        self.attempt = attempt
        self.socket_id = f"{secrets.randbelow(10**9)}.{secrets.randbelow(10**9)}"
        self.channels: set[str] = set()
        self.user: dict[str, object] | None = None
        self.watchlist: frozenset[str] = frozenset()
        self.silent = False
        self._websocket = websocket
        self._writer = writer
        self._transport = transport
        self._outbox: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._closing = False
        self._writing = asyncio.create_task(
            self._write(), name=f"devserver writer {self.socket_id}"
        )

    @property
    def user_id(self) -> str | None:
        """The id of the signed-in user, or None."""
        return str(self.user["id"]) if self.user else None

    def send(self, frame: str | bytes) -> None:
        """Send a text or, given bytes, a binary frame; does nothing once the connection is over or silent."""
        send = self._websocket.send_str if isinstance(frame, str) else self._websocket.send_bytes
        self._put(partial(send, frame))  # type: ignore[arg-type]

    def repeat(self, text: str, count: int) -> None:
        """Send the same text frame `count` times, rendered once."""
        self._put(partial(self._write_repeatedly, _text_frame(text), count))

    async def drain(self) -> None:
        """Wait until all that was sent is written to the socket, or the connection is over."""
        await self._outbox.join()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with any code after all that was sent, and wait for the client's own close frame (10 seconds)."""
        self.start_close(code, reason)
        await self.drain()

    def start_close(self, code: int, reason: str = "") -> None:
        """Close as `close` does, without waiting."""
        self._closing = True
        self._put(partial(self._websocket.close, code=code, message=reason.encode()))

    def end_without_close_frame(self) -> None:
        """End the TCP connection after all that was sent."""
        self._closing = True
        self._put(self._end)

    def abort(self, *, reset: bool = True) -> None:
        """Cut the TCP connection: with a RST or, without `reset`, a FIN; the client gets no close frame.

        Does nothing when it is cut already.
        """
        transport_socket = self._transport.get_extra_info("socket")
        if reset and transport_socket is not None:
            with suppress(OSError):
                transport_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def silence(self) -> None:
        """Be half-open from now on: read nothing, send nothing; the server still counts the connection."""
        self.silent = True
        self._transport.pause_reading()

    def freeze(self) -> None:
        """Read and send nothing until `thaw`; what is sent until then waits."""
        self._thawed.clear()
        self._transport.pause_reading()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._thawed.set()
        if not self.silent:
            self._transport.resume_reading()

    async def receive(self) -> str | bytes | None:
        """The next text or binary message, or None when the connection is over."""
        message = await self._websocket.receive()
        await self._thawed.wait()
        data = message.data
        return data if message.type in {web.WSMsgType.TEXT, web.WSMsgType.BINARY} else None

    async def discard_received(self) -> None:
        """Drop the messages that have arrived already."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                while await self.receive() is not None:
                    pass

    async def finish(self) -> None:
        """End the writer, after a close that is under way."""
        self._thawed.set()
        if self._closing:
            await self.drain()
        self._outbox.shutdown(immediate=True)
        await self._writing

    async def _end(self) -> None:
        self._transport.close()

    def _put(self, step: Callable[[], Awaitable[object]]) -> None:
        if not self.silent:
            with suppress(asyncio.QueueShutDown):
                self._outbox.put_nowait(step)

    async def _write(self) -> None:
        while True:
            try:
                step = await self._outbox.get()
            except asyncio.QueueShutDown:
                return
            await self._thawed.wait()
            await self._run(step)

    async def _run(self, step: Callable[[], Awaitable[object]]) -> None:
        try:
            if not self.silent:
                await step()
        except ConnectionError:
            self._outbox.shutdown(immediate=True)
        finally:
            self._outbox.task_done()

    async def _write_repeatedly(self, frame: bytes, count: int) -> None:
        at_once = max(1, _CHUNK_BYTES // len(frame))
        while count and not self._transport.is_closing():
            now = min(at_once, count)
            self._transport.write(frame * now)
            await self._writer.drain()
            count -= now


def _text_frame(text: str) -> bytes:
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload
