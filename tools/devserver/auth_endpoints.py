"""The authorizing endpoints, as a web application would have them."""

import asyncio
import base64
import secrets
from dataclasses import replace
from urllib.parse import parse_qsl

from aiohttp import web

from .channel import Kind
from .journal import AuthRequest
from .official import Official
from .state import State


class AuthHandlers:
    """POST /pusher/auth and /pusher/user-auth, answered by the official library."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def channel(self, request: web.Request) -> web.StreamResponse:
        """Authorize a channel."""
        return await self._answer("channel", request)

    async def user(self, request: web.Request) -> web.StreamResponse:
        """Authorize a user."""
        return await self._answer("user", request)

    async def _answer(self, kind: str, request: web.Request) -> web.StreamResponse:
        asked = await self._record(kind, request)
        await self._state.thawed.wait()
        faults = self._state.faults
        if faults.auth_hold:
            await faults.auth_hold.wait()
        if faults.auth_redirect:
            return web.Response(status=302, headers={"Location": faults.auth_redirect})
        if faults.auth_status is not None or faults.auth_body is not None:
            return web.Response(status=faults.auth_status or 200, body=faults.auth_body)
        if not self._state.auth.allows(asked):
            return web.json_response(
                {"message": "Forbidden."}, status=self._state.auth.unauthorized_status
            )
        try:
            answer = self._user(asked) if kind == "user" else self._channel(asked)
        except ValueError as error:
            return web.json_response({"message": str(error)}, status=400)
        return web.json_response(
            {key: value for key, value in answer.items() if key not in faults.auth_omit}
        )

    async def _record(self, kind: str, request: web.Request) -> AuthRequest:
        body = await request.text()
        form = dict(parse_qsl(body, keep_blank_values=True))
        now = asyncio.get_running_loop().time()
        asked = AuthRequest(now, kind, request.headers, request.content_type, body, form)
        self._state.journal.add_auth_request(asked)
        return asked

    def _signer(self, socket_id: str) -> Official:
        broker = self._state.broker_of(socket_id)
        wrong = self._state.faults.take_wrong_signature()
        return (
            Official(replace(broker.app, secret=secrets.token_hex())) if wrong else broker.official
        )

    def _user(self, asked: AuthRequest) -> dict[str, str]:
        return self._signer(asked.socket_id).authenticate_user(
            asked.socket_id, self._state.auth.user_for(asked)
        )

    def _channel(self, asked: AuthRequest) -> dict[str, str]:
        name = asked.channel_name
        member = self._state.auth.member_for(asked) if Kind.of(name).presence else None
        answer = self._signer(asked.socket_id).authenticate(name, asked.socket_id, member)
        if "shared_secret" in answer and self._state.faults.take_wrong_shared_secret():
            answer["shared_secret"] = base64.b64encode(secrets.token_bytes(32)).decode()
        return answer
