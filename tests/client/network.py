"""Networks without the server: resolvers, a proxy that refuses, and listeners of other protocols."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from socket import AF_INET, AddressFamily
from typing import override

from aiohttp.abc import AbstractResolver, ResolveResult

type Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[int]:
    """Run a server that is not a Pusher server, and yield its port."""
    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Act as a proxy that refuses every request."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 407 No canary-word\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


class NoNames(AbstractResolver):
    """A resolver that finds no host."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        raise OSError("unknown")

    @override
    async def close(self) -> None:
        """Hold nothing."""


class LocalNames(NoNames):
    """A resolver that resolves every host to 127.0.0.1."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]
