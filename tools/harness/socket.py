"""Home Assistant's websocket API."""

import asyncio
import itertools
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse

from .errors import CallError
from .events import Event, Events

_ANSWERS_WITHIN = 30


class Socket:
    """One authenticated websocket; commands may be pending at the same time."""

    def __init__(self, websocket: ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: dict[int, Events] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, session: ClientSession, url: str, token: str) -> Self:
        """Connect and authenticate. Raises CallError when the token is refused."""
        websocket = await session.ws_connect(f"{url}/api/websocket", max_msg_size=0)
        await websocket.receive_json()
        await websocket.send_json({"type": "auth", "access_token": token})
        answer = await websocket.receive_json()
        if answer["type"] != "auth_ok":
            await websocket.close()
            raise CallError("auth", {"code": answer["type"], "message": answer.get("message", "")})
        return cls(websocket)

    async def close(self) -> None:
        """Close the websocket; what still waits gets a ConnectionError."""
        await self._websocket.close()
        await self._reader

    async def call(self, command: str, **fields: object) -> Any:
        """Send a command and return its result. Raises CallError when it is refused."""
        return await self._call(next(self._ids), command, fields)

    async def subscribe_events(self, event_type: str) -> Events:
        """Collect the events of one type from now on."""
        number = next(self._ids)
        events = self._events[number] = Events(event_type)
        await self._call(number, "subscribe_events", {"event_type": event_type})
        return events

    async def unsubscribe(self, events: Events) -> None:
        """Stop collecting."""
        number = next(number for number, known in self._events.items() if known is events)
        del self._events[number]
        await self.call("unsubscribe_events", subscription=number)

    async def _call(self, number: int, command: str, fields: dict[str, Any]) -> Any:
        if self._reader.done():
            raise ConnectionError("The websocket to Home Assistant is closed.")
        self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._websocket.send_json({"id": number, "type": command, **fields})
            async with asyncio.timeout(_ANSWERS_WITHIN):
                answer = await self._answers[number]
        finally:
            del self._answers[number]
        if not answer["success"]:
            raise CallError(command, answer["error"])
        return answer["result"]

    async def _read(self) -> None:
        async for message in self._websocket:
            self._receive(message.json())
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("The websocket to Home Assistant is closed."))
        for events in self._events.values():
            events.end()

    def _receive(self, message: Event) -> None:
        number = message["id"]
        if message["type"] == "result" and number in self._answers:
            self._answers[number].set_result(message)
        elif message["type"] == "event" and number in self._events:
            self._events[number].add(message["event"]["data"])
