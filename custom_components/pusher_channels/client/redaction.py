"""Removes secrets from what a server or an endpoint answers."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

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
    """Replace secrets of 4 or more characters, also escaped, the longest first."""
    words = {part for secret in secrets for part in (secret, *secret.split())}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= MIN_SECRET:
            text = re.sub("".join(map(_spellings, word)), "[redacted]", text)
    return text


def _spellings(character: str) -> str:
    """Return a pattern of a character as it is, and as URLs, JSON, HTML and PHP escape it."""
    if character.isascii() and character.isalnum():
        return character
    encoded = "".join(f"%{byte:02x}" for byte in character.encode(errors="replace"))
    escaped = {encoded, json.dumps(character)[1:-1], html.escape(character), character}
    if character == " ":
        escaped.add("+")
    patterns = "|".join(sorted(map(re.escape, escaped), key=len, reverse=True))
    return rf"(?i:\\{{0,3}}(?:{patterns}))"


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
