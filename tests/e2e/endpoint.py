"""A web application's auth endpoints, signing with the official library."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import pusher
from aiohttp import web

from .apps import APP_1, App

HOST = "127.0.0.1"
HEADER = "canary-in-a-header"
PARAM = "canary-in-a-parameter"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its form and headers."""

    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Answer:
    """An answer instead of a signature. It is held back until `released` is set."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Endpoint:
    """Authorizes every channel at `url` and the user at `user_url`, unless configured otherwise.

    `answers` overrides the answer for single channels, or for all as "*". `signs_as` is the app with the secret and
    master key. Without `names_members` the answers for presence channels contain no member.
    """

    user_id = "laravel-7"
    user_info = {"name": "Home"}

    def __init__(self, port: int, app: App = APP_1) -> None:
        """Prepare; nothing listens yet."""
        self.url = f"http://{HOST}:{port}/broadcasting/auth"
        self.user_url = f"http://{HOST}:{port}/broadcasting/user-auth"
        self.signs_as = app
        self.names_members = True
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self._port = port
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        """Listen."""
        application = web.Application()
        application.add_routes(
            [
                web.post("/broadcasting/auth", self._channel),
                web.post("/broadcasting/user-auth", self._user),
            ]
        )
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the server."""
        for answer in self.answers.values():
            answer.released.set()
        await self._runner.cleanup()

    def refuse(self, channel: str, status: int, message: str = "") -> None:
        """Answer for a channel, or for all as "*", with an error status and a message in Laravel's format."""
        body = web.json_response({"message": message}).body
        assert isinstance(body, bytes)
        self.answers[channel] = Answer(status, body)
        self.answers[channel].released.set()

    async def _channel(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        channel = form["channel_name"]
        if answer := self.answers.get(channel) or self.answers.get("*"):
            await answer.released.wait()
            return web.Response(
                status=answer.status, body=answer.body, content_type=answer.content_type
            )
        member = (
            {"user_id": self.user_id, "user_info": self.user_info}
            if channel.startswith("presence-") and self.names_members
            else None
        )
        signed = self._official.authenticate(channel, form["socket_id"], member)
        # The library gives the shared secret as bytes.
        return web.json_response(
            {key: it.decode() if isinstance(it, bytes) else it for key, it in signed.items()}
        )

    async def _user(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        user = {"id": self.user_id, "user_info": self.user_info}
        return web.json_response(self._official.authenticate_user(form["socket_id"], user))

    async def _note(self, request: web.Request) -> Mapping[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(Asked(form, request.headers))
        return form

    @property
    def _official(self) -> pusher.Pusher:
        app = self.signs_as
        return pusher.Pusher(
            app.app_id, app.key, app.secret, encryption_master_key_base64=app.master_key
        )
