"""An HTTP server that sends the given bytes, however wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .conftest import settle


@dataclass
class RawServer:
    """The address, and the requests (head and body) that were received."""

    url: str
    requests: list[str] = field(default_factory=list)


def answer(
    status: int, body: str | bytes = "", *, length: int | None = None, headers: str = ""
) -> bytes:
    """Return an HTTP response; `length` is the `Content-Length`, `headers` are header lines."""
    content = body if isinstance(body, bytes) else body.encode()
    size = len(content) if length is None else length
    lines = f"Content-Length: {size}\r\nLocation: /elsewhere\r\nConnection: close\r\n{headers}"
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


@asynccontextmanager
async def raw_server(
    *parts: bytes, stay: bool = False, one_each: bool = False
) -> AsyncIterator[RawServer]:
    """Send all parts to each request (`one_each`: one part to each) and close the connection.

    With `stay` the client has to close it.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.requests.append((await reader.read(65_536)).decode())
        for part in [parts[len(running.requests) - 1]] if one_each else parts:
            writer.write(part)
            await writer.drain()
            await settle()
        if stay:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    port: int = server.sockets[0].getsockname()[1]
    running = RawServer(f"http://127.0.0.1:{port}")
    async with server:
        yield running
