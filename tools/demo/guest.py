"""Someone else on a presence channel: a websocket of their own, signed for by the official library."""

import asyncio
import json
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse

from tools.devserver import DevServer

_ANSWERS_WITHIN = 5


class Guest:
    """A member of a presence channel for as long as the `async with` lasts.

    Raises ConnectionError when the server refuses, TimeoutError when it says nothing for 5 s.
    """

    def __init__(self, server: DevServer, channel: str, user_id: str, name: str) -> None:
        """Prepare; nobody has come yet."""
        self._server = server
        self._channel = channel
        self._member = {"user_id": user_id, "user_info": {"name": name}}
        self._session: ClientSession
        self._reader: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        """Connect and join the channel."""
        self._session = ClientSession()
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                websocket = await self._session.ws_connect(
                    f"{self._server.url}/app/{self._server.app.key}?protocol=7&client=guest&version=1.0.0"
                )
                await self._join(websocket)
        except BaseException:
            await self._session.close()
            raise
        self._reader = asyncio.create_task(_answer_pings(websocket))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Go."""
        self._reader.cancel()
        await asyncio.wait([self._reader])
        await self._session.close()

    async def _join(self, websocket: ClientWebSocketResponse) -> None:
        established = await _read(websocket, "pusher:connection_established")
        socket_id = json.loads(established["data"])["socket_id"]
        auth = self._server.pusher().authenticate(self._channel, socket_id, self._member)
        data = {"channel": self._channel, **auth}
        await websocket.send_json({"event": "pusher:subscribe", "data": data})
        await _read(websocket, "pusher_internal:subscription_succeeded")


async def _read(websocket: ClientWebSocketResponse, event: str) -> dict[str, Any]:
    frame: dict[str, Any] = await websocket.receive_json()
    if frame["event"] != event:
        raise ConnectionError(f"The server answered {frame} instead of {event}.")
    return frame


async def _answer_pings(websocket: ClientWebSocketResponse) -> None:
    async for message in websocket:
        if message.json()["event"] == "pusher:ping":
            await websocket.send_json({"event": "pusher:pong", "data": {}})
