"""The errors of the client."""

from enum import StrEnum
from http import HTTPStatus
from typing import override


def is_transient(status: int) -> bool:
    """Return whether an HTTP status may pass with time: 429 and 500 to 599."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or 500 <= status < 600


class PusherError(Exception):
    """Base of every error of this client."""


class FailureReason(StrEnum):
    """Why a connection failed or ended.

    Close code 4009 has five meanings. UNAUTHORIZED: the credentials are refused.
    ORIGIN_NOT_ALLOWED: the server accepts other origins only. AUTHORIZATION_TIMEOUT: the server
    requires each connection to be authorized within a time, which the client does on the next connection.
    AUTHORIZATION_REQUIRED: the same, but no authorizer is set that could do it. TERMINATED: the
    connections of the signed-in user were terminated.
    """

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_INVALID = "certificate_invalid"
    INVALID_ADDRESS = "invalid_address"
    PROTOCOL = "protocol"
    NOT_PUSHER = "not_pusher"
    UNAUTHORIZED = "unauthorized"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    AUTHORIZATION_TIMEOUT = "authorization_timeout"
    AUTHORIZATION_REQUIRED = "authorization_required"
    TERMINATED = "terminated"
    SENT_TOO_LARGE = "sent_too_large"
    RECEIVED_TOO_LARGE = "received_too_large"
    REFUSED = "refused"
    CLOSED = "closed"
    SILENT = "silent"
    UNEXPECTED = "unexpected"


class ConnectionFailedError(PusherError):
    """The connection could not be made, or it ended.

    `code` is the server's close or error code, see `CloseCode`; None without one.
    """

    def __init__(self, reason: FailureReason, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.code = code

    @override
    def __str__(self) -> str:
        return self.message if self.code is None else f"{self.message} ({self.code})"


class AuthorizationError(PusherError):
    """An authorizer refused, or gave no valid answer.

    `status` is the HTTP status, 0 without an answer. `retryable`: the same request may succeed
    later.
    """

    def __init__(self, message: str, status: int = 0, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retryable = retryable


class SubscriptionError(PusherError):
    """A channel could not be subscribed.

    `type` is a `RefusalType`, or the server's own. `status` is HTTP's or the server's own, 0
    without an answer.
    """

    def __init__(self, type_: str, message: str, status: int) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message
        self.status = status


class RequestFailure(StrEnum):
    """Why a request to the server API failed."""

    NO_RESPONSE = "no_response"
    INVALID_RESPONSE = "invalid_response"
    REFUSED = "refused"
    INVALID_APP_ID = "invalid_app_id"
    CLOCK_SKEW = "clock_skew"
    TOO_LARGE = "too_large"


class RequestError(PusherError):
    """A request to the server API failed; `status` is HTTP's, or 0 without a response."""

    def __init__(self, failure: RequestFailure, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message
        self.status = status


class DecryptionError(PusherError):
    """An encrypted payload could not be decrypted; `args[0]` is the reason, without payload."""


class WebhookError(PusherError):
    """A webhook is refused; `status` is the HTTP status of the response."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class ProtocolError(PusherError):
    """A frame is not valid; `args[0]` is the reason, without payload."""


class Misuse(StrEnum):
    """Why a call is not valid."""

    CHANNEL_NAME = "invalid_channel_name"
    EVENT_NAME = "invalid_event_name"
    USER_ID = "invalid_user_id"
    DATA_TYPE = "data_not_serializable"
    DATA_SIZE = "data_too_large"
    TOO_MANY_CHANNELS = "too_many_channels"
    TOO_MANY_EVENTS = "too_many_events"
    MASTER_KEY_MISSING = "master_key_missing"
    MASTER_KEY = "invalid_master_key"
    ADDRESS = "invalid_host"
    ENCRYPTED_ALONE = "encrypted_channel_alone"
    CLIENT_EVENT_NAME = "client_event_name"
    CLIENT_EVENT_CHANNEL = "client_event_channel"
    NOT_SUBSCRIBED = "channel_not_subscribed"
    NOT_CONNECTED = "not_connected"


class InvalidUseError(PusherError, ValueError):
    """A call that the protocol does not allow; nothing was sent."""

    def __init__(self, misuse: Misuse, message: str) -> None:
        super().__init__(message)
        self.misuse = misuse
