"""Tests what the user entered: connects once, subscribes to one channel at most, asks the API."""

import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import (
    ChannelKind,
    CloseCode,
    ConnectionFailedError,
    FailureReason,
    InvalidUseError,
    PusherClient,
    RefusalType,
    RequestError,
    RequestFailure,
    SubscriptionError,
    check_channel_name,
    is_transient,
)
from ..const import (
    AUTH_NONE,
    CONF_AUTHORIZATION,
    CONF_SIGN_IN,
    Settings,
)
from ..hub.authorization import METHODS
from ..hub.factory import make_api, make_client
from .forms import FormError

_LOGGER = logging.getLogger(__name__)

PROBE_CHANNEL: Final = "private-home-assistant-probe"
CHANNEL_REFUSED: Final = "channel_refused"
CANNOT_CONNECT: Final = "cannot_connect"
TIMEOUT_CONNECT: Final = "timeout_connect"

_BY_CODE: Final[dict[int | None, str]] = {
    CloseCode.TLS_REQUIRED: "tls_required",
    CloseCode.APP_NOT_FOUND: "invalid_app_key",
    CloseCode.APP_DISABLED: "app_disabled",
    CloseCode.OVER_CONNECTION_QUOTA: "over_quota",
    CloseCode.OVER_CAPACITY: "over_quota",
}
_BY_REASON: Final = {
    FailureReason.TIMED_OUT: TIMEOUT_CONNECT,
    FailureReason.TLS_FAILED: "tls_failed",
    FailureReason.CERTIFICATE_INVALID: "certificate_invalid",
    FailureReason.INVALID_ADDRESS: "invalid_host",
    FailureReason.ORIGIN_NOT_ALLOWED: "origin_not_allowed",
    FailureReason.NOT_PUSHER: "not_pusher",
    FailureReason.PROTOCOL: "not_pusher",
    FailureReason.UNEXPECTED: "unknown",
}
_NO_METHOD: Final = (
    "Home Assistant has no authorization for private channels. Use Reconfigure of the app, and"
    " choose App secret, Authorization endpoint or Script"
)


async def probe(
    hass: HomeAssistant, data: Settings, options: Settings, channel: str | None = None
) -> None:
    """Connect an app, and subscribe to the channel if there is one; raises `FormError`."""
    try:
        if channel is not None:
            check_channel_name(channel)
            needs_authorization = ChannelKind.of(channel).needs_authorization
            if needs_authorization and data[CONF_AUTHORIZATION] == AUTH_NONE:
                raise FormError(CHANNEL_REFUSED, _NO_METHOD)
        client = make_client(hass, data, options)
        try:
            if options.get(CONF_SIGN_IN):
                client.sign_in()
            await _connect(client)
            if channel is not None:
                await _subscribe(client, channel)
        finally:
            await client.disconnect()
    except FormError:
        raise
    except InvalidUseError as err:
        raise FormError(err.misuse.value, str(err)) from None
    except ConnectionFailedError as err:
        raise _connection_error(err, channel) from None
    except SubscriptionError as err:
        raise _channel_error(err, data) from None
    except Exception:
        _LOGGER.exception("Testing an app failed unexpectedly")
        raise FormError("unknown") from None


async def check_app_id(hass: HomeAssistant, data: Settings) -> None:
    """Ask the server API for the app, if there is an app id; raises `FormError`."""
    api = make_api(hass, data)
    if api is None:
        return
    try:
        await api.check_app_id()
    except RequestError as err:
        match err.failure:
            case RequestFailure.INVALID_APP_ID:
                raise FormError("invalid_app_id", err.message) from None
            case RequestFailure.CLOCK_SKEW:
                return
            case _:
                raise FormError(CANNOT_CONNECT, err.message) from None


async def _connect(client: PusherClient) -> None:
    """Connect; a connection that ends as soon as it is established has failed too."""
    client.connect()
    await client.wait_connected()
    if client.last_error is not None:
        raise client.last_error


async def _subscribe(client: PusherClient, channel: str) -> None:
    """Subscribe; raise the reason of the connection if it ends before the answer."""
    try:
        await client.subscribe(channel).wait_subscribed()
    except SubscriptionError as err:
        if err.type == RefusalType.CONNECTION_LOST and client.last_error is not None:
            raise client.last_error from None
        raise


def _connection_error(err: ConnectionFailedError, channel: str | None) -> FormError:
    if channel is not None and err.reason is FailureReason.UNAUTHORIZED:
        return FormError(CHANNEL_REFUSED, str(err))
    key = _BY_CODE.get(err.code) or _BY_REASON.get(err.reason, CANNOT_CONNECT)
    return FormError(key, str(err))


def _channel_error(err: SubscriptionError, data: Settings) -> FormError:
    if err.type == RefusalType.TIMEOUT:
        return FormError(TIMEOUT_CONNECT, err.message)
    is_external = METHODS[data[CONF_AUTHORIZATION]].is_external
    if is_external and err.type == RefusalType.AUTH_ERROR and not _is_refusal(err.status):
        return FormError("auth_endpoint_failed", err.message)
    return FormError(CHANNEL_REFUSED, err.message)


def _is_refusal(status: int) -> bool:
    """Whether a status is a refusal: HTTP's 4xx but 429, or a code of a Pusher server."""
    return (400 <= status < 500 and not is_transient(status)) or status >= 600
