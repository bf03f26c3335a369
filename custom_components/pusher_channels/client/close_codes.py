"""The codes with which a server closes a connection, or reports an error before it does.

Reference: "Error codes" of
https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes
and https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 below 4000.
"""

from enum import IntEnum


class CloseCode(IntEnum):
    """A close code of the websocket or of the Pusher protocol.

    See https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes
    """

    PROTOCOL_ERROR = 1002
    INVALID_TEXT = 1007
    MESSAGE_TOO_BIG = 1009

    TLS_REQUIRED = 4000
    APP_NOT_FOUND = 4001
    APP_DISABLED = 4003
    OVER_CONNECTION_QUOTA = 4004
    PATH_NOT_FOUND = 4005
    INVALID_VERSION = 4006
    UNSUPPORTED_PROTOCOL = 4007
    NO_PROTOCOL = 4008
    UNAUTHORIZED = 4009
    OVER_CAPACITY = 4100
    GENERIC_RECONNECT = 4200
    PONG_NOT_RECEIVED = 4201
    INACTIVE = 4202
    CLIENT_EVENT_REJECTED = 4301
    WATCHLIST_LIMIT = 4302


def is_pusher_code(code: int) -> bool:
    """Return whether the Pusher protocol defines this range of codes, not RFC 6455."""
    return code >= CloseCode.TLS_REQUIRED


def asks_to_stop(code: int) -> bool:
    """Return whether the same attempt would fail again: 4000 to 4099."""
    return CloseCode.TLS_REQUIRED <= code < CloseCode.OVER_CAPACITY


def asks_to_reconnect(code: int) -> bool:
    """Return whether the server asks for a new connection at once: 4200 to 4299."""
    return CloseCode.GENERIC_RECONNECT <= code < 4300
