"""The official `pusher` library, which does all signing, checking and encrypting of the server."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

from pusher import Pusher
from pusher.http import Request, make_query_string
from pusher.pusher_client import PusherClient
from pusher.requests import RequestsBackend
from pusher.signature import verify

from .app import App

MAX_REQUEST_AGE = 600


@dataclass(frozen=True, slots=True)
class Event:
    """An event on its way to one channel; `data` is the text that subscribers get."""

    channel: str
    name: str
    data: str
    socket_id: str | None = None


class Official:
    """The library set up with the credentials of one app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pusher = make_pusher(app)
        self._publisher = PusherClient(
            app.app_id, app.key, app.secret, encryption_master_key_base64=app.master_key
        )

    def authenticate(
        self, channel: str, socket_id: str, member: Mapping[str, object] | None
    ) -> dict[str, str]:
        """The authorization of a channel. Raises ValueError for a malformed name or id, or a missing master key."""
        answer = self._pusher.authenticate(channel, socket_id, member)
        return {
            key: value.decode() if isinstance(value, bytes) else value
            for key, value in answer.items()
        }

    def authenticate_user(self, socket_id: str, user: Mapping[str, object]) -> dict[str, str]:
        """The authorization of a user. Raises ValueError for a malformed id."""
        return dict(self._pusher.authenticate_user(socket_id, user))

    def accepts(self, signed: str, auth: object) -> bool:
        """Whether `auth` is this app's "key:signature" of the text `signed`."""
        if not isinstance(auth, str) or not auth.isascii():
            return False
        key, _, signature = auth.partition(":")
        return key == self._app.key and verify(self._app.secret, signed, signature)

    def accepts_request(
        self, method: str, path: str, query: Mapping[str, str], body: bytes
    ) -> bool:
        """Whether an HTTP API request is signed for this app, in time, and its body the signed one."""
        signed = {key: value for key, value in query.items() if key != "auth_signature"}
        text = "\n".join((method, path, make_query_string(signed)))
        auth = f"{query.get('auth_key')}:{query.get('auth_signature')}"
        timestamp = query.get("auth_timestamp", "")
        fresh = timestamp.isdecimal() and abs(time.time() - int(timestamp)) <= MAX_REQUEST_AGE
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        whole = query.get("body_md5", "" if body else digest) == digest
        return fresh and whole and query.get("auth_version") == "1.0" and self.accepts(text, auth)

    def render(self, channel: str, name: str, data: object, socket_id: str | None) -> Event:
        """The event as the library would post it: data encoded and, on encrypted channels, encrypted.

        Raises ValueError for what the library refuses, such as a malformed channel name.
        """
        request = self._publisher.trigger.make_request(channel, name, data, socket_id)
        return Event(channel, name, json.loads(request.body)["data"], socket_id)


class _Backend(RequestsBackend):
    """The library's own transport, but with a given CA file and no socket kept open."""

    def __init__(self, client: PusherClient, verify: str | None = None) -> None:
        super().__init__(client)
        if verify:
            self.options["verify"] = verify

    @override
    def send_request(self, request: Request) -> dict[str, Any]:
        with self.session:
            return super().send_request(request)


def make_pusher(
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    ssl: bool = False,
    verify: str | None = None,
) -> Pusher:
    """The official client for `app`; `verify` is a CA file for TLS."""
    return Pusher(
        app.app_id,
        app.key,
        app.secret,
        ssl=ssl,
        host=host,
        port=port,
        encryption_master_key_base64=app.master_key,
        backend=_Backend,
        verify=verify,
    )
