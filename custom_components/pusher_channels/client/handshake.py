"""Opens a websocket, waits for the server's welcome, and explains failures."""

import contextlib
import logging
import re
import ssl
from asyncio import timeout
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Never

import aiohttp
from aiohttp import WSMsgType

from .close_codes import CloseCode, is_pusher_code
from .exceptions import ConnectionFailedError, FailureReason, ProtocolError, is_transient
from .limits import MAX_FRAME_BYTES
from .messages import ErrorReceived, Established, Event
from .protocol import decode
from .redaction import redact, redact_signatures, url_secrets
from .requests import without_cookies

_LOGGER = logging.getLogger(__name__)

CLOSE_TIMEOUT = 1.0

type WebSocket = aiohttp.ClientWebSocketResponse[bool]

_ORIGIN = re.compile(r"\borigin\b", re.IGNORECASE)
_WITHIN_TIME = re.compile(r"\bwithin\b|\btime(d\b|\s?-?out)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to open the websocket."""

    url: str = field(repr=False)
    proxy: str | None = field(default=None, repr=False)
    origin: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> list[str]:
        """What is sent and may be secret: the values of the headers and the proxy's credentials."""
        return [*self.headers.values(), *url_secrets(self.proxy or "")]

    @property
    def address(self) -> str:
        """The address without the app key, for the log."""
        return self.url.partition("/app/")[0]


class _RedirectError(aiohttp.ClientError):
    """The server answered with a redirect."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


async def _refuse_redirect(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestRedirectParams,
) -> Never:
    """Stop before the request is sent to an address that the server chose."""
    params.response.close()
    raise _RedirectError(params.response.status)


@contextlib.asynccontextmanager
async def open_websocket(
    session: aiohttp.ClientSession, endpoint: Endpoint
) -> AsyncIterator[WebSocket]:
    """Open a websocket, and close it at the end; raises `ConnectionFailedError`.

    Redirects are not followed and no cookies are kept.
    """
    # aiohttp has no argument for it: `ws_connect` follows every redirect.
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    async with without_cookies(session, trace) as cookieless:
        try:
            websocket = await cookieless.ws_connect(
                endpoint.url,
                proxy=endpoint.proxy,
                origin=endpoint.origin,
                headers=endpoint.headers,
                decode_text=False,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as err:
            _log_cause(err)
            raise _open_failure(err) from None
        try:
            yield websocket
        finally:
            await _close(websocket)


async def _close(websocket: WebSocket) -> None:
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
        async with timeout(2 * CLOSE_TIMEOUT):
            await websocket.close()


async def welcome(websocket: WebSocket, secrets: Sequence[str] = ()) -> Established:
    """Return the server's first frame; raises `ConnectionFailedError` unless it is a welcome.

    The secrets are redacted in the error's message.
    """
    frame = await websocket.receive()
    if frame.type is WSMsgType.BINARY:
        raise ConnectionFailedError(FailureReason.NOT_PUSHER, "The server's first frame is binary")
    if frame.type is not WSMsgType.TEXT:
        raise closing_failure(
            websocket.close_code,
            redact(frame.extra or "", secrets),
            by_client=frame.type is WSMsgType.ERROR,
        )
    try:
        message = decode(frame.data, secrets)
    except ProtocolError as err:
        reason = FailureReason.PROTOCOL if b'"pusher:' in frame.data else FailureReason.NOT_PUSHER
        raise ConnectionFailedError(reason, str(err)) from None
    match message:
        case Established():
            return message
        case ErrorReceived():
            reason = failure_reason(message.code, message.message, FailureReason.REFUSED)
            raise ConnectionFailedError(reason, message.message, message.code)
        case _:
            reason = FailureReason.PROTOCOL
            if isinstance(message, Event):
                reason = FailureReason.NOT_PUSHER
            raise ConnectionFailedError(
                reason, "The server's first frame is not pusher:connection_established"
            )


def closing_failure(
    code: int | None,
    message: str | None,
    server_error: ErrorReceived | None = None,
    *,
    by_client: bool = False,
) -> ConnectionFailedError:
    """Explain why a websocket ended, by its close frame or by the error that came right before.

    `by_client`: aiohttp closed it because of what it received.
    """
    if server_error is not None:
        reason = failure_reason(server_error.code, server_error.message, FailureReason.CLOSED)
        # Reverb sends the error only, and ends the connection without a code.
        announced = reason in (
            FailureReason.AUTHORIZATION_TIMEOUT,
            FailureReason.ORIGIN_NOT_ALLOWED,
        )
        if announced and (code is None or not is_pusher_code(code)):
            code = server_error.code
        if not message and server_error.code == code:
            message = server_error.message
    if by_client and code == CloseCode.MESSAGE_TOO_BIG:
        message = f"The server sent a message larger than {MAX_FRAME_BYTES // 1024**2} MB"
        return ConnectionFailedError(FailureReason.RECEIVED_TOO_LARGE, message, code)
    if code == CloseCode.MESSAGE_TOO_BIG:
        detail = f": {message}" if message else ""
        message = f"A message was too large for the server{detail}"
    message = redact_signatures(message or "The connection was closed")
    return ConnectionFailedError(failure_reason(code, message, FailureReason.CLOSED), message, code)


def failure_reason(code: int | None, message: str, other: FailureReason) -> FailureReason:
    """Return the reason by the code, for 4009 also by the text; `other` for all other codes."""
    if code == CloseCode.MESSAGE_TOO_BIG:
        return FailureReason.SENT_TOO_LARGE
    if code != CloseCode.UNAUTHORIZED:
        return other
    if _ORIGIN.search(message):
        return FailureReason.ORIGIN_NOT_ALLOWED
    if _WITHIN_TIME.search(message):
        return FailureReason.AUTHORIZATION_TIMEOUT
    return FailureReason.UNAUTHORIZED


def _log_cause(err: Exception) -> None:
    """Log the kind of a failure; addresses and what a proxy answered stay out of the log."""
    os_error = err if isinstance(err, OSError) else err.__cause__
    errno = getattr(os_error, "errno", None)
    _LOGGER.debug("Connection attempt failed: %s (errno %s)", type(err).__name__, errno)


def _open_failure(err: Exception) -> ConnectionFailedError:
    """Explain why no websocket could be opened, without addresses or what a proxy answered."""
    match err:
        case aiohttp.ClientConnectorCertificateError():
            reason = FailureReason.CERTIFICATE_INVALID
            message = "The server's certificate is not valid"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            reason, message = FailureReason.TLS_FAILED, "No secure connection could be made"
        case (
            aiohttp.ClientHttpProxyError()
            | aiohttp.ClientProxyConnectionError()
            | aiohttp.WSServerHandshakeError(status=407)
        ):
            reason, message = FailureReason.UNREACHABLE, "The proxy refused or could not be reached"
        case _RedirectError():
            reason = FailureReason.NOT_PUSHER
            message = f"The server answered with a redirect ({err.status}), which is not followed"
        case aiohttp.WSServerHandshakeError(status=101):
            reason = FailureReason.NOT_PUSHER
            message = "The server's answer does not open a websocket"
        case aiohttp.WSServerHandshakeError():
            reason = FailureReason.NOT_PUSHER
            if is_transient(err.status):
                reason = FailureReason.UNREACHABLE
            message = f"The server answered {err.status} instead of opening a websocket"
        case aiohttp.ClientResponseError():
            reason = FailureReason.NOT_PUSHER
            message = "The server's answer is not HTTP"
        case aiohttp.InvalidURL() | ValueError():
            reason, message = FailureReason.INVALID_ADDRESS, "The address is not valid"
        case aiohttp.ClientConnectorDNSError():
            reason, message = FailureReason.UNREACHABLE, "The host name could not be resolved"
        case _:
            reason, message = FailureReason.UNREACHABLE, "The server could not be reached"
    return ConnectionFailedError(reason, message)
