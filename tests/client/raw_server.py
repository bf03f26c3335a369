"""An HTTP server that says exactly what a test wants, however wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .conftest import settle


@dataclass
class RawServer:
    """Where it listens, and the heads and bodies of the requests that came."""

    url: str
    requests: list[str] = field(default_factory=list)


def answer(status: int, body: str | bytes = "", *, length: int | None = None) -> bytes:
    """Return an HTTP answer; `length` is the length it claims to have."""
    content = body if isinstance(body, bytes) else body.encode()
    size = len(content) if length is None else length
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {size}\r\nLocation: /elsewhere\r\n\r\n"
    return head.encode() + content


@asynccontextmanager
async def raw_server(*parts: bytes, stay: bool = False) -> AsyncIterator[RawServer]:
    """Answer each request so, part by part, and hang up; or `stay` until the client does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.requests.append((await reader.read(65_536)).decode())
        for part in parts:
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
