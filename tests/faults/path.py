"""A TCP path between a client and a server that can be slow, broken, silent or frozen."""

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self


class Path:
    """Forwards bytes in both directions, `piece` at once."""

    def __init__(self, host: str, port: int) -> None:
        """Forward to the server at host and port."""
        self._target = (host, port)
        self._ends: list[asyncio.StreamWriter] = []
        self._open = asyncio.Event()
        self._open.set()
        self.piece = 65536
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.thaw()
        self.reset()

    def freeze(self) -> None:
        """Hold every byte, in both directions."""
        self._open.clear()

    def thaw(self) -> None:
        """Forward the held bytes, and all later ones."""
        self._open.set()

    def reset(self) -> None:
        """Answer both ends with a TCP RST."""
        for end in self._ends:
            raw: socket.socket = end.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.transport.abort()
        self._ends.clear()

    def finish(self) -> None:
        """Close both ends with a TCP FIN, between frames."""
        for end in self._ends:
            end.close()
        self._ends.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._ends += [writer, far_writer]
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(self.piece):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
