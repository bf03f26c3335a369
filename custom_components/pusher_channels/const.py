"""Names that more than one file of the integration uses."""

from collections.abc import Mapping
from typing import Any, Final

from .client import Json

DOMAIN: Final = "pusher_channels"

type Settings = Mapping[str, Any]
"""What is stored in an entry or a subentry, or entered in a form, by field."""

CONF_APP_KEY: Final = "app_key"
CONF_CLUSTER: Final = "cluster"
CONF_SERVER: Final = "server"
CONF_USE_TLS: Final = "use_tls"
CONF_PROXY: Final = "proxy"
CONF_ORIGIN: Final = "origin"
CONF_API_HOST: Final = "api_host"
DEFAULT_CLUSTER: Final = "mt1"

CONF_AUTHORIZATION: Final = "authorization"
CONF_REASON: Final = "reason"
AUTH_NONE: Final = "auth_none"
AUTH_SECRET: Final = "auth_secret"
AUTH_ENDPOINT: Final = "auth_endpoint"
AUTH_SCRIPT: Final = "auth_script"

CONF_SECRET: Final = "secret"
CONF_APP_ID: Final = "app_id"
CONF_MASTER_KEY: Final = "encryption_master_key"
CONF_USER_ID: Final = "user_id"
CONF_USER_INFO: Final = "user_info"
DEFAULT_USER_INFO: Final[dict[str, Json]] = {"name": "Home Assistant"}
CONF_AUTH_ENDPOINT: Final = "auth_endpoint"
CONF_USER_AUTH_ENDPOINT: Final = "user_auth_endpoint"
CONF_HEADERS: Final = "headers"
CONF_PARAMS: Final = "params"
CONF_SCRIPT: Final = "script"

CONF_ACTIVITY_TIMEOUT: Final = "activity_timeout"
CONF_PONG_TIMEOUT: Final = "pong_timeout"
CONF_MAX_RECONNECT_GAP: Final = "max_reconnect_gap"
CONF_MAX_RECONNECT_ATTEMPTS: Final = "max_reconnect_attempts"
CONF_SIGN_IN: Final = "sign_in"
CONF_WATCHLIST: Final = "watchlist"
CONF_AUTH_ENDPOINT_VIEW: Final = "auth_endpoint_view"
CONF_AUTH_ENDPOINT_ORIGINS: Final = "auth_endpoint_origins"
CONF_WEBHOOK: Final = "webhook"
CONF_WEBHOOK_KEYS: Final = "webhook_keys"

MAX_EVENT_NAME_CHARS: Final = 200
"""What is shown of the name of an event."""
MAX_MEMBER_NAME_CHARS: Final = 100
"""What is shown of the name of a member."""

SUBENTRY_CHANNEL: Final = "channel"
CONF_CHANNEL: Final = "channel"
CONF_EVENTS: Final = "events"
CONF_MEMBERS: Final = "members"
CONF_VALUES: Final = "values"
CONF_VALUE: Final = "value"
CONF_DISPLAY_PRECISION: Final = "suggested_display_precision"
CONF_EXPIRE_AFTER: Final = "expire_after"
CONF_OFF_DELAY: Final = "off_delay"

SUBENTRY_SHARE: Final = "share"
CONF_ENTITIES: Final = "entities"
CONF_LABELS: Final = "labels"
CONF_EVENT: Final = "event"
CONF_ATTRIBUTES: Final = "attributes"
CONF_INTERVAL: Final = "interval"
CONF_PUBLIC: Final = "public"

ECHO_PREFIXES: Final = (".", "\\")
"""What Laravel Echo writes before a full event name; servers send the name without it."""

CACHE_MISS: Final = "pusher:cache_miss"
EVENT: Final = f"{DOMAIN}_event"
EVENT_MEMBER_ADDED: Final = f"{DOMAIN}_member_added"
EVENT_MEMBER_REMOVED: Final = f"{DOMAIN}_member_removed"
EVENT_SUBSCRIPTION_SUCCEEDED: Final = f"{DOMAIN}_subscription_succeeded"
EVENT_SUBSCRIPTION_ERROR: Final = f"{DOMAIN}_subscription_error"
EVENT_DECRYPTION_FAILURE: Final = f"{DOMAIN}_decryption_failure"
EVENT_ERROR: Final = f"{DOMAIN}_error"
EVENT_CONNECTION_STATE: Final = f"{DOMAIN}_connection_state"
EVENT_GAP: Final = f"{DOMAIN}_gap"
EVENT_WEBHOOK: Final = f"{DOMAIN}_webhook"
