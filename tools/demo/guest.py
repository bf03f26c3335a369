"""Another subscriber of a private or presence channel, authorized by the official library."""

import asyncio
import json
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse

from tools.devserver import DevServer

_ANSWERS_WITHIN = 5


class Guest:
    """A subscriber of a channel for as long as the `async with` lasts; `member` is its id and its name.

    Raises ConnectionError when the server refuses, TimeoutError when it does not answer within 5 s.
    """

    def __init__(
        self, server: DevServer, channel: str, member: tuple[str, str] | None = None
    ) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._channel = channel
        self._member = member and {"user_id": member[0], "user_info": {"name": member[1]}}
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1000)
        self._session: ClientSession
        self._websocket: ClientWebSocketResponse
        self._reader: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        """Connect and subscribe the channel."""
        self._session = ClientSession()
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                self._websocket = await self._session.ws_connect(
                    f"{self._server.url}/app/{self._server.app.key}?protocol=7&client=guest&version=1.0.0"
                )
                await self._subscribe(self._websocket)
        except BaseException:
            await self._session.close()
            raise
        self._reader = asyncio.create_task(self._read_all(self._websocket))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        self._reader.cancel()
        await asyncio.wait([self._reader])
        await self._websocket.close()
        await self._session.close()

    async def received(self, event: str) -> dict[str, Any]:
        """Return the data of the next event of that name."""
        while True:
            frame = await self._events.get()
            if frame["event"] == event:
                data: dict[str, Any] = json.loads(frame["data"])
                return data

    async def _subscribe(self, websocket: ClientWebSocketResponse) -> None:
        established = await _read(websocket, "pusher:connection_established")
        socket_id = json.loads(established["data"])["socket_id"]
        auth = self._server.pusher().authenticate(self._channel, socket_id, self._member)
        data = {"channel": self._channel, **auth}
        await websocket.send_json({"event": "pusher:subscribe", "data": data})
        await _read(websocket, "pusher_internal:subscription_succeeded")

    async def _read_all(self, websocket: ClientWebSocketResponse) -> None:
        async for message in websocket:
            frame = message.json()
            if frame["event"] == "pusher:ping":
                await websocket.send_json({"event": "pusher:pong", "data": {}})
            elif not self._events.full():
                self._events.put_nowait(frame)


async def _read(websocket: ClientWebSocketResponse, event: str) -> dict[str, Any]:
    frame: dict[str, Any] = await websocket.receive_json()
    if frame["event"] != event:
        raise ConnectionError(f"The server answered {frame} instead of {event}.")
    return frame
