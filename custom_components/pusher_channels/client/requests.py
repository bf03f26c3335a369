"""HTTP requests without cookies, and bounded response bodies."""

import codecs
import html
import re
import zlib
from asyncio import timeout
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPMethod
from typing import Final, Protocol

import aiohttp
import orjson
from yarl import URL

from .exceptions import PusherError
from .messages import Json
from .redaction import redact, redact_signatures

REQUEST_TIMEOUT: Final = 10.0
MAX_REASON: Final = 200
MAX_DEPTH: Final = 5

_REASON_KEYS: Final = ("message", "error", "errors", "detail", "reason", "title")
_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LATIN: Final = frozenset({"ascii", "iso8859-1"})
_CHARSET: Final = re.compile(
    r"(utf-?(8|16)|us-ascii|iso-?8859|latin|windows-|cp125)", re.IGNORECASE
)
# Linear on any page: each part of the pattern ends at the next bracket.
_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)</title", re.IGNORECASE)


class BodyTooLongError(PusherError):
    """A body has more bytes than its reader accepts."""


class Stream(Protocol):
    """A body that is read in parts."""

    async def read(self, n: int = -1, /) -> bytes:
        """Return up to `n` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Response:
    """The status and the text of a response."""

    status: int
    text: str

    @property
    def json(self) -> Json:
        """The JSON value in the body; None if there is none."""
        try:
            value: Json = orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return None
        return value

    @property
    def is_html(self) -> bool:
        """Whether the body is an HTML page."""
        return self.text.lstrip().startswith("<")

    def reason(self, server: str, secrets: Iterable[str] = ()) -> str:
        """Return why the server refused, in one line without secrets and without a full stop.

        `server` is the subject of the sentence for a body without a reason.
        """
        if self.is_html:
            title = _TITLE.search(self.text)
            text = html.unescape(title[1]) if title else ""
        else:
            value = self.json
            text = self.text if value is None else _first_text(value)
        reason = redact_signatures(redact(text, secrets)).strip()[:MAX_REASON].rstrip(" .")
        return reason or f"{server} answered {self.status}"


async def read_body(stream: Stream, limit: int) -> bytes:
    """Return a body of up to `limit` bytes; raises `BodyTooLongError` without reading on."""
    body = bytearray()
    while chunk := await stream.read(limit + 1 - len(body)):
        body += chunk
        if len(body) > limit:
            raise BodyTooLongError
    return bytes(body)


@asynccontextmanager
async def without_cookies(
    session: aiohttp.ClientSession, trace: aiohttp.TraceConfig | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a session that shares the connections of another, but neither sends nor keeps cookies.

    Raises `RuntimeError` if the other is closed.
    """
    if session.closed:
        raise RuntimeError("The session is closed")
    async with aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        timeout=session.timeout,
        trust_env=session.trust_env,
        trace_configs=None if trace is None else [trace],
    ) as cookieless:
        yield cookieless


async def send_request(
    session: aiohttp.ClientSession,
    method: HTTPMethod,
    url: URL | str,
    *,
    headers: Mapping[str, str],
    data: Mapping[str, str] | bytes | None,
    proxy: str | None,
    max_bytes: int,
) -> Response:
    """Send a request and return its response; redirects are not followed, no cookies are kept.

    Raises `TimeoutError` after 10 s, `BodyTooLongError` for a body of more than `max_bytes` after
    decompression, and `aiohttp.ClientError`, `OSError` or `ValueError` without a usable response.
    """
    async with (
        timeout(REQUEST_TIMEOUT),
        without_cookies(session) as cookieless,
        cookieless.request(
            method,
            url,
            data=data,
            headers={"Accept-Encoding": "gzip, deflate", **headers},
            proxy=proxy,
            allow_redirects=False,
            auto_decompress=False,
        ) as response,
    ):
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        body = await read_body(_decompressed(response.content, encoding), max_bytes)
        return Response(response.status, _decode(body, response.charset))


class _Decompressed:
    """A compressed stream, decompressed in bounded parts."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    async def read(self, n: int = -1, /) -> bytes:
        while not self._decompressor.eof:
            compressed = self._decompressor.unconsumed_tail or await self._stream.read(n)
            try:
                part = self._decompressor.decompress(compressed, n)
            except zlib.error:
                raise ValueError("The body cannot be decompressed") from None
            if part or not compressed:
                return part
        return b""


def _decompressed(stream: Stream, encoding: str) -> Stream:
    match encoding:
        case "" | "identity":
            return stream
        case "gzip" | "x-gzip" | "deflate":
            return _Decompressed(stream)
        case _:
            # Browsers ignore an encoding that they do not know: some servers send a charset.
            return stream


def _decode(body: bytes, charset: str | None) -> str:
    """Decode text as browsers do: a byte order mark decides, then the charset, else UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    try:
        codec = codecs.lookup(charset).name if charset and _CHARSET.match(charset) else "utf-8"
    except LookupError:
        codec = "utf-8"
    return body.decode("cp1252" if codec in _LATIN else codec, errors="replace")


def _first_text(value: Json, depth: int = 0) -> str:
    """Return the text that names the reason; empty if there is none.

    Other texts of an object are left out: a refusal may contain a signature.
    """
    if isinstance(value, str):
        return value
    if depth == MAX_DEPTH:
        return ""
    if isinstance(value, dict):
        reasons = [value[key] for key in _REASON_KEYS if key in value]
        candidates = reasons + [nested for nested in value.values() if isinstance(nested, list)]
    else:
        candidates = value if isinstance(value, list) else []
    texts = (_first_text(candidate, depth + 1) for candidate in candidates)
    return next((text for text in texts if text.strip()), "")
