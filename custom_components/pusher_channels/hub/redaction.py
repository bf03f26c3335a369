"""Removes secrets and personal data from what is logged or downloaded."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_WEBHOOK_ID

from ..const import (
    CONF_APP_KEY,
    CONF_MASTER_KEY,
    CONF_SECRET,
    CONF_USER_ID,
    CONF_USER_INFO,
    CONF_WEBHOOK_KEYS,
)

FIELD_VALUE: Final = "value"
TO_REDACT: Final = frozenset(
    {
        CONF_APP_KEY,
        CONF_SECRET,
        CONF_MASTER_KEY,
        CONF_USER_ID,
        CONF_USER_INFO,
        CONF_WEBHOOK_ID,
        CONF_WEBHOOK_KEYS,
        FIELD_VALUE,
    }
)
MIN_SECRET_CHARS: Final = 6
MAX_MESSAGE_CHARS: Final = 300


def without_secrets(message: str, data: Mapping[str, Any]) -> str:
    """Return a server's message without the secrets of the entry and without JSON."""
    message, brace, _ = message.partition("{")
    for secret in sorted(_secrets(data), key=len, reverse=True):
        message = message.replace(secret, REDACTED)
    return message[:MAX_MESSAGE_CHARS] + (REDACTED if brace else "")


def _secrets(value: Any, *, is_secret: bool = False) -> Iterator[str]:
    """Yield every text below a redacted field; short texts may be part of any word.

    Of the value of a header, such as `Bearer token`, a server may quote the token alone.
    """
    match value:
        case str() if is_secret and len(value) >= MIN_SECRET_CHARS:
            yield value
        case Mapping():
            for key, inner in value.items():
                yield from _secrets(inner, is_secret=is_secret or key in TO_REDACT)
                if key == FIELD_VALUE and isinstance(inner, str):
                    yield from _secrets(inner.split(), is_secret=True)
        case list():
            for inner in value:
                yield from _secrets(inner, is_secret=is_secret)
        case _:
            pass
