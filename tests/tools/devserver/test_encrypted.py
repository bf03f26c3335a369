"""Encrypted channels, opened here with nacl."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable

import pytest
from nacl.secret import SecretBox

from tools.devserver import App, DevServer

from .conftest import MASTER_KEY, Connect

CHANNEL = "private-encrypted-a"


def opened(frame: str) -> str:
    """The plain text of an encrypted event."""
    encrypted = json.loads(json.loads(frame)["data"])
    assert set(encrypted) == {"nonce", "ciphertext"}
    key = hashlib.sha256(CHANNEL.encode() + base64.b64decode(MASTER_KEY)).digest()
    return (
        SecretBox(key)
        .decrypt(base64.b64decode(encrypted["ciphertext"]), base64.b64decode(encrypted["nonce"]))
        .decode()
    )


async def by_publish(server: DevServer, data: object) -> None:
    await server.publish(CHANNEL, "order", data)


async def by_library(server: DevServer, data: object) -> None:
    await asyncio.to_thread(server.pusher().trigger, CHANNEL, "order", data)


async def by_flood(server: DevServer, data: object) -> None:
    await server.flood(CHANNEL, "order", data, 1)


@pytest.mark.parametrize("send", [by_publish, by_library, by_flood])
async def test_events_are_encrypted_with_the_channels_key(
    server: DevServer, connect: Connect, send: Callable[[DevServer, object], Awaitable[None]]
) -> None:
    peer = await connect()
    await peer.join(CHANNEL)
    await send(server, {"id": 7})
    assert json.loads(opened(await peer.read())) == {"id": 7}
    await send(server, "plain é")
    assert opened(await peer.read()) == "plain é"


async def test_sealing_needs_a_master_key() -> None:
    async with DevServer([App()]) as server:
        with pytest.raises(ValueError, match="master key"):
            await server.publish(CHANNEL, "order", "x")
