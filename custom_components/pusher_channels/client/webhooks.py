"""Webhooks: signed notifications that a server sends by HTTP.

See https://pusher.com/docs/channels/server_api/webhooks/
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final

import orjson

from .exceptions import WebhookError
from .fields import integer_or_none
from .messages import Json, decode_data, identity_or_none, writable

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_AGE: Final = 300.0
MAX_REMEMBERED: Final = 10_000

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")

KEY_HEADER: Final = "X-Pusher-Key"
SIGNATURE_HEADER: Final = "X-Pusher-Signature"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event of a channel.

    `name` is channel_occupied, channel_vacated, member_added, member_removed, client_event,
    cache_miss or subscription_count. `user_id` is set for members and for client events of presence
    channels; `client_event`, `data` and `socket_id` for client events only.
    """

    name: str
    channel: str
    user_id: str | None = None
    client_event: str | None = None
    data: Json = None
    socket_id: str | None = None
    subscription_count: int | None = None


@dataclass(slots=True)
class WebhookMemory:
    """The signatures of handled requests, until they are too old (at most 10 000)."""

    _expiry: dict[str, float] = field(default_factory=dict)

    def has(self, signature: str, now: float) -> bool:
        """Return whether a request was handled."""
        return now <= self._expiry.get(signature, -inf)

    def add(self, signature: str, now: float, expiry: float) -> None:
        """Add a request that was handled."""
        while self._expiry and self._is_full_or_old(now):
            del self._expiry[next(iter(self._expiry))]
        self._expiry[signature] = expiry

    def _is_full_or_old(self, now: float) -> bool:
        return len(self._expiry) >= MAX_REMEMBERED or next(iter(self._expiry.values())) < now


@dataclass(frozen=True, slots=True)
class WebhookReceiver:
    """Checks webhooks, and handles each request once.

    `secrets` has the secret of each key of the app: servers sign with the oldest active key.
    """

    secrets: Mapping[str, str] = field(repr=False)
    memory: WebhookMemory = field(default_factory=WebhookMemory)

    def receive(
        self,
        headers: Mapping[str, str],
        body: bytes,
        now: float,
        handle: Callable[[WebhookEvent], None],
    ) -> None:
        """Call `handle` with each event of a request that was not handled before.

        `now` is in seconds since 1970. Raises `WebhookError` when the request is not signed with a
        secret of the app, is no webhook, or was sent more than 300 s before or after `now`.
        """
        key = headers.get(KEY_HEADER, "")
        secret = self.secrets.get(key)
        if secret is None:
            name = f"key {key}" if _KEY.fullmatch(key) else "key of the request"
            raise WebhookError(f"The {name} is not a key of this app", 401)
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not _is_same(headers.get(SIGNATURE_HEADER, ""), signature):
            raise WebhookError(f"The signature does not match the secret of key {key}", 401)
        sent, events = _parse(body)
        if abs(now - sent) > MAX_AGE:
            message = f"It was sent more than {MAX_AGE:.0f} s ago, or the clocks differ"
            raise WebhookError(message, 401)
        if self.memory.has(signature, now):
            return
        for event in events:
            handle(event)
        self.memory.add(signature, now, sent + MAX_AGE)


def _is_same(text: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(text.encode(errors="replace"), expected.encode())


def _parse(body: bytes) -> tuple[float, tuple[WebhookEvent, ...]]:
    try:
        match orjson.loads(body):
            case {"time_ms": int(time_ms), "events": [*events]}:
                return time_ms / 1000, tuple(_event(event) for event in events)
            case _:
                pass
    except orjson.JSONDecodeError:
        pass
    raise _not_a_webhook()


def _event(fields: Json) -> WebhookEvent:
    if not isinstance(fields, dict):
        raise _not_a_webhook()
    name, channel = fields.get("name"), fields.get("channel")
    if not isinstance(name, str) or not isinstance(channel, str):
        raise _not_a_webhook()
    data = fields.get("data")
    return WebhookEvent(
        name,
        channel,
        identity_or_none(fields.get("user_id")),
        _text(fields.get("event")),
        writable(decode_data(data), data),
        _text(fields.get("socket_id")),
        integer_or_none(fields.get("subscription_count")),
    )


def _text(value: Json) -> str | None:
    return str(value) if isinstance(value, str | int) else None


def _not_a_webhook() -> WebhookError:
    return WebhookError("The request is not a webhook", 400)
