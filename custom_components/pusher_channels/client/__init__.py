"""An asyncio client for Pusher Channels and the servers that speak its protocol.

It uses aiohttp, PyNaCl and orjson, and does not depend on Home Assistant.
"""

from .auth_answers import ChannelAuth, UserAuth
from .authorizers import (
    Authorizer,
    CallbackAuthorizer,
    EndpointAuthorizer,
    Provider,
    SecretAuthorizer,
    User,
)
from .channel import (
    Channel,
    ChannelNotice,
    ChannelState,
    DecryptionFailure,
    MemberUpdated,
    Unsubscribed,
)
from .client import ClientNotice, PusherClient
from .close_codes import CloseCode, asks_to_stop
from .connection import ConnectionState, StateChange, Timing
from .crypto import parse_master_key
from .exceptions import (
    AuthorizationError,
    ConnectionFailedError,
    DecryptionError,
    FailureReason,
    InvalidUseError,
    Misuse,
    ProtocolError,
    PusherError,
    RequestError,
    RequestFailure,
    SubscriptionError,
    WebhookError,
    is_transient,
)
from .gaps import Gap
from .http_api import MAX_CHANNELS, BatchEvent, HttpApi
from .limits import MAX_INTEGER
from .listeners import Listeners, Unlisten
from .messages import (
    ErrorReceived,
    Event,
    FrameRejected,
    Json,
    Member,
    MemberAdded,
    MemberRemoved,
    RefusalType,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
)
from .names import (
    CLIENT_EVENT_PREFIX,
    ChannelKind,
    check_channel_name,
    is_channel_name,
    is_socket_id,
    name_matches,
)
from .presence import PresenceChannel
from .protocol import PROTOCOL_VERSION
from .requests import BodyTooLongError, read_body
from .server import CLIENT_VERSION, Server
from .user import OnlineChange, SignedIn, SigninFailed, UserNotice, UserSession
from .webhooks import MAX_BODY_BYTES, WebhookEvent, WebhookMemory, WebhookReceiver

__all__ = [
    "CLIENT_EVENT_PREFIX",
    "CLIENT_VERSION",
    "MAX_BODY_BYTES",
    "MAX_CHANNELS",
    "MAX_INTEGER",
    "PROTOCOL_VERSION",
    "AuthorizationError",
    "Authorizer",
    "BatchEvent",
    "BodyTooLongError",
    "CallbackAuthorizer",
    "Channel",
    "ChannelAuth",
    "ChannelKind",
    "ChannelNotice",
    "ChannelState",
    "ClientNotice",
    "CloseCode",
    "ConnectionFailedError",
    "ConnectionState",
    "DecryptionError",
    "DecryptionFailure",
    "EndpointAuthorizer",
    "ErrorReceived",
    "Event",
    "FailureReason",
    "FrameRejected",
    "Gap",
    "HttpApi",
    "InvalidUseError",
    "Json",
    "Listeners",
    "Member",
    "MemberAdded",
    "MemberRemoved",
    "MemberUpdated",
    "Misuse",
    "OnlineChange",
    "PresenceChannel",
    "ProtocolError",
    "Provider",
    "PusherClient",
    "PusherError",
    "RefusalType",
    "RequestError",
    "RequestFailure",
    "SecretAuthorizer",
    "Server",
    "SignedIn",
    "SigninFailed",
    "StateChange",
    "SubscriptionCount",
    "SubscriptionError",
    "SubscriptionRefused",
    "SubscriptionSucceeded",
    "Timing",
    "Unlisten",
    "Unsubscribed",
    "User",
    "UserAuth",
    "UserNotice",
    "UserSession",
    "WebhookError",
    "WebhookEvent",
    "WebhookMemory",
    "WebhookReceiver",
    "asks_to_stop",
    "check_channel_name",
    "is_channel_name",
    "is_socket_id",
    "is_transient",
    "name_matches",
    "parse_master_key",
    "read_body",
]
