"""The websocket endpoint: from the request to the end of the connection."""

import asyncio
import re

from aiohttp import web

from . import frames
from .app import App
from .broker import Broker, refuse
from .connection import Attempt, Connection
from .session import Session
from .state import State

SUBPROTOCOL = "pusher-channels-protocol-7"
PROTOCOLS = {"5", "6", "7"}


class SocketEndpoint:
    """GET /app/{key}."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until it ends."""
        now = asyncio.get_running_loop().time()
        attempt = Attempt(now, request.path, request.query, request.headers)
        self._state.journal.add_attempt(attempt)
        await self._state.thawed.wait()
        faults = self._state.faults
        if faults.upgrade_status is not None:
            location = {"Location": faults.upgrade_location} if faults.upgrade_location else {}
            return web.Response(status=faults.upgrade_status, headers=location)
        if (transport := request.transport) is None:
            return web.Response(reason="The client went while the server was frozen")
        websocket = web.WebSocketResponse(
            max_msg_size=self._state.profile.max_message_bytes or 0,
            compress=False,
            protocols=(SUBPROTOCOL,),
        )
        writer = await websocket.prepare(request)
        key = request.match_info["key"]
        broker = self._state.broker_by_key(key)
        connection = Connection(
            broker.app if broker else App(key=key), attempt, websocket, writer, transport
        )
        try:
            await self._converse(connection, broker)
        finally:
            await connection.finish()
        return websocket

    async def _converse(self, connection: Connection, broker: Broker | None) -> None:
        refusal = _refusal(connection, broker)
        if broker is None or refusal:
            code, message = refusal or (4001, f"App key {connection.app.key} does not exist.")
            refuse(connection, self._state.profile, code, message)
            await connection.receive()
            return
        session = Session(connection, broker, self._state.faults)
        broker.connect(connection)
        try:
            self._greet(connection)
            await self._listen(connection, session)
        finally:
            session.end()
            broker.disconnect(connection)

    def _greet(self, connection: Connection) -> None:
        faults = self._state.faults
        if faults.handshake_reset:
            connection.abort()
        elif faults.first_frame is not None:
            connection.send(_fill(faults.first_frame, connection.socket_id))
        elif faults.handshake_close is None and not faults.handshake_silent:
            connection.send(frames.established(connection.socket_id, self._state.activity_timeout))
        if faults.handshake_close is not None:
            connection.start_close(faults.handshake_close, faults.handshake_close_reason)

    async def _listen(self, connection: Connection, session: Session) -> None:
        while (message := await connection.receive()) is not None:
            session.handle(self._state.journal.add_received(connection, message).frame)
            if session.has_refused and self._state.profile.drops_frames_after_refusal:
                await connection.discard_received()
            session.has_refused = False


def _fill(frame: str | bytes, socket_id: str) -> str | bytes:
    return frame.replace("{socket_id}", socket_id) if isinstance(frame, str) else frame


def _refusal(connection: Connection, broker: Broker | None) -> tuple[int, str] | None:
    query = connection.attempt.query
    if not query.get("protocol"):
        return 4008, "No protocol version supplied."
    if query["protocol"] not in PROTOCOLS:
        return 4007, "Unsupported protocol version."
    if not re.match(r"\d+\.\d+", query.get("version", "")):
        return 4006, "Invalid version string format."
    if broker and not _is_allowed_origin(connection, broker.app):
        return 4009, "Origin not allowed"
    if broker and not broker.app.enabled:
        return 4003, "The app is not enabled."
    if broker and broker.full:
        return broker.app.quota_code, "The current concurrent connections quota has been reached."
    return None


def _is_allowed_origin(connection: Connection, app: App) -> bool:
    return app.origins is None or connection.attempt.headers.get("Origin") in app.origins
