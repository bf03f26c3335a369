"""Webhooks: what a server tells by HTTP, signed with the app secret (reference: "Webhooks")."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final

import orjson

from .exceptions import WebhookError
from .messages import Json, decode_data, writable

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_AGE: Final = 300.0
MAX_REMEMBERED: Final = 10_000

KEY_HEADER: Final = "X-Pusher-Key"
SIGNATURE_HEADER: Final = "X-Pusher-Signature"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something happened on a channel.

    `name` is what happened: channel_occupied, channel_vacated, member_added, member_removed,
    client_event, cache_miss or subscription_count. `user_id` belongs to members and to client events
    of presence channels; `client_event`, `data` and `socket_id` to client events alone.
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
    """Knows which requests came, until they are too old to be taken anyway.

    Of more than 10 000 in that time it forgets the oldest.
    """

    _expiry: dict[str, float] = field(default_factory=dict)

    def is_new(self, signature: str, now: float, expiry: float) -> bool:
        """Take note of a request, and tell whether it came for the first time."""
        if now <= self._expiry.get(signature, -inf):
            return False
        while self._expiry and self._is_full_or_old(now):
            del self._expiry[next(iter(self._expiry))]
        self._expiry[signature] = expiry
        return True

    def _is_full_or_old(self, now: float) -> bool:
        return len(self._expiry) >= MAX_REMEMBERED or next(iter(self._expiry.values())) < now


@dataclass(frozen=True, slots=True)
class WebhookReceiver:
    """Takes what the app's own server sent, within 300 s, and takes it once."""

    app_key: str
    secret: str = field(repr=False)
    memory: WebhookMemory = field(default_factory=WebhookMemory)

    def receive(
        self, headers: Mapping[str, str], body: bytes, now: float
    ) -> tuple[WebhookEvent, ...]:
        """Return what a request tells; nothing if it came before. `now` is in seconds since 1970.

        Raises `WebhookError` when the request is not signed by the app's secret, is not what
        Pusher sends, or is more than 300 s away from now.
        """
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        if not _is_same(headers.get(KEY_HEADER, ""), self.app_key):
            raise WebhookError("The key is not the app's", 401)
        if not _is_same(headers.get(SIGNATURE_HEADER, ""), signature):
            raise WebhookError("The signature is not the app's", 401)
        sent, events = _parse(body)
        if abs(now - sent) > MAX_AGE:
            raise WebhookError(f"It was not sent within {MAX_AGE:.0f} s", 401)
        return events if self.memory.is_new(signature, now, sent + MAX_AGE) else ()


def _is_same(text: str, expected: str) -> bool:
    """Compare in a time that does not tell how much of it is the same."""
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
    data, count = fields.get("data"), fields.get("subscription_count")
    return WebhookEvent(
        name,
        channel,
        _text(fields.get("user_id")),
        _text(fields.get("event")),
        writable(decode_data(data), data),
        _text(fields.get("socket_id")),
        count if isinstance(count, int) else None,
    )


def _text(value: Json) -> str | None:
    return str(value) if isinstance(value, str | int) else None


def _not_a_webhook() -> WebhookError:
    return WebhookError("It is not a webhook", 400)
