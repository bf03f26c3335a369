"""A plain websocket client that speaks in literal frames."""

import json
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tools.devserver import App, DevServer

QUERY = "?protocol=7&client=test&version=1.0.0"
PONG = '{"event":"pusher:pong","data":{}}'
UNAUTHORIZED = (
    '{"event":"pusher:subscription_error","channel":"%s",'
    '"data":{"type":"AuthError","error":"The connection is unauthorized.","status":401}}'
)


def succeeded(channel: str) -> str:
    """The answer to a subscribe on any channel without members."""
    return f'{{"event":"pusher_internal:subscription_succeeded","channel":"{channel}"}}'


class Peer:
    """One websocket. Every read gives up after 5 seconds."""

    def __init__(self, server: DevServer, websocket: ClientWebSocketResponse, app: App) -> None:
        self._server = server
        self.websocket = websocket
        self.app = app
        self.socket_id = ""

    @classmethod
    async def open(
        cls, server: DevServer, session: ClientSession, app: App | None = None, path: str = ""
    ) -> Peer:
        """Connect without reading anything."""
        app = app or server.app
        return cls(
            server, await session.ws_connect(f"{server.url}{path}/app/{app.key}{QUERY}"), app
        )

    async def greet(self) -> None:
        """Read connection_established."""
        frame = json.loads(await self.read())
        assert frame["event"] == "pusher:connection_established"
        self.socket_id = json.loads(frame["data"])["socket_id"]

    async def read(self) -> str:
        """The next frame's text."""
        text = await self.websocket.receive_str(timeout=5)
        assert isinstance(text, str)
        return text

    async def read_close(self) -> tuple[int | None, str]:
        """Code and reason of the next frame, a close frame."""
        message = await self.websocket.receive(timeout=5)
        assert message.type is WSMsgType.CLOSE, message
        return self.websocket.close_code, str(message.extra)

    async def read_end(self) -> None:
        """Check that the connection ends without a close frame."""
        message = await self.websocket.receive(timeout=5)
        assert message.type in {WSMsgType.ERROR, WSMsgType.CLOSED}, message

    async def send(self, event: str, data: object = None, channel: str | None = None) -> None:
        """Send one frame."""
        frame = {"event": event, "data": data} | ({"channel": channel} if channel else {})
        await self.websocket.send_str(json.dumps(frame))

    async def ask(self, event: str, data: object = None, channel: str | None = None) -> str:
        """Send one frame and read the next."""
        await self.send(event, data, channel)
        return await self.read()

    async def subscribe(self, channel: str, **data: object) -> str:
        """Subscribe and read the answer."""
        return await self.ask("pusher:subscribe", {"channel": channel, **data})

    async def join(self, channel: str, member: Mapping[str, object] | None = None) -> str:
        """Subscribe with what the official library signs, and read the answer."""
        signed = self._server.pusher(app=self.app).authenticate(channel, self.socket_id, member)
        return await self.subscribe(
            channel, **{key: signed[key] for key in signed if key != "shared_secret"}
        )

    async def sign_in(self, user: Mapping[str, object]) -> str:
        """Sign in with what the official library signs, and read the answer."""
        signed = self._server.pusher(app=self.app).authenticate_user(self.socket_id, user)
        return await self.ask("pusher:signin", signed)

    async def receives_nothing(self) -> None:
        """Check that no frame is pending: the next one answers a ping."""
        assert await self.ask("pusher:ping", {}) == PONG

    async def receives_no_byte(self) -> None:
        """Check that no frame arrives for a moment, where a ping is not answered."""
        with pytest.raises(TimeoutError):
            await self.websocket.receive(timeout=0.05)

    async def leave(self) -> None:
        """Close, and let the server notice."""
        gone = self._server.connection(self.socket_id)
        await self.websocket.close()
        await self._server.wait_for(lambda: gone not in self._server.connections or None)
