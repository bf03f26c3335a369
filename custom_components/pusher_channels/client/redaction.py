"""Removes secrets from what a server or an endpoint answers."""

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

from yarl import URL

from .limits import MAX_MESSAGE_CHARS
from .messages import Json

MAX_ERROR_CHARS: Final = 10_000
MIN_SECRET: Final = 4

_SIGNATURE = re.compile(r"[0-9a-fA-F]{40,}")
_NO_TEXT = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def redact_signatures(value: Json) -> str:
    """Return a server's message in one line of at most 300 characters, without signatures."""
    return _SIGNATURE.sub("[redacted]", _NO_TEXT.sub(" ", str(value)[:MAX_ERROR_CHARS]))[
        :MAX_MESSAGE_CHARS
    ]


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace secrets of 4 or more characters, also percent-encoded, the longest first."""
    plain = {part for secret in secrets for part in (secret, *secret.split())}
    parts = plain | {quote(part, "") for part in plain} | {quote_plus(part) for part in plain}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= MIN_SECRET:
            text = text.replace(part, "[redacted]")
    return text


def url_secrets(url: str) -> list[str]:
    """Return the parts of a URL that may be secret: user, password and query values."""
    address = URL(url)
    secrets = [*address.query.values()]
    secrets += [pair.partition("=")[2] for pair in address.raw_query_string.split("&")]
    if address.user is not None or address.password is not None:
        credentials = f"{address.user or ''}:{address.password or ''}"
        secrets += [address.user or "", address.password or "", credentials]
        secrets += [address.raw_user or "", address.raw_password or ""]
        secrets += [b64encode(credentials.encode()).decode()]
    return secrets
