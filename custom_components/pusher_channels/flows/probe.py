"""Tries out what the user entered: connects once, joins one channel at most, leaves nothing open."""

import logging
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import (
    CloseCode,
    ConnectionFailedError,
    FailureReason,
    InvalidUseError,
    PusherClient,
    RefusalType,
    SubscriptionError,
    check_channel_name,
    is_transient,
)
from ..const import AUTH_ENDPOINT, AUTH_SCRIPT, CONF_AUTHORIZATION, CONF_SIGN_IN
from ..hub.factory import Settings, make_client

_LOGGER = logging.getLogger(__name__)

CHANNEL_REFUSED: Final = "channel_refused"
CANNOT_CONNECT: Final = "cannot_connect"
TIMEOUT_CONNECT: Final = "timeout_connect"

_BY_CODE: Final[dict[int, str]] = {
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
    FailureReason.UNEXPECTED: "unknown",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands in the way.

    `key` is an error of the flows' translations; `words` are the other side's own, free of secrets.
    """

    key: str
    words: str = ""


async def probe(
    hass: HomeAssistant, data: Settings, options: Settings, channel: str | None = None
) -> Problem | None:
    """Return what keeps an app from connecting, or from joining the channel if one is named."""
    try:
        if channel is not None:
            check_channel_name(channel)
        client = make_client(hass, data, options)
        try:
            if options.get(CONF_SIGN_IN):
                client.sign_in()
            await _connect(client)
            if channel is not None:
                await _join(client, channel)
        finally:
            await client.disconnect()
    except InvalidUseError as err:
        return Problem(err.misuse.value, str(err))
    except ConnectionFailedError as err:
        return _connection_problem(err)
    except SubscriptionError as err:
        return _channel_problem(err, data)
    except Exception:
        _LOGGER.exception("Trying out an app failed in an unexpected way")
        return Problem("unknown")
    return None


async def _connect(client: PusherClient) -> None:
    """Connect; a connection that ends as soon as it is established has failed too."""
    client.connect()
    await client.wait_connected()
    if client.last_error is not None:
        raise client.last_error


async def _join(client: PusherClient, channel: str) -> None:
    """Join; when the connection ends meanwhile, say why it did."""
    try:
        await client.subscribe(channel).wait_subscribed()
    except SubscriptionError as err:
        if err.type == RefusalType.CONNECTION_LOST and client.last_error is not None:
            raise client.last_error from None
        raise


def _connection_problem(err: ConnectionFailedError) -> Problem:
    key = _BY_CODE.get(err.code or 0) or _BY_REASON.get(err.reason, CANNOT_CONNECT)
    return Problem(key, str(err))


def _channel_problem(err: SubscriptionError, data: Settings) -> Problem:
    if err.type == RefusalType.TIMEOUT:
        return Problem(TIMEOUT_CONNECT, err.message)
    asks_somebody = data[CONF_AUTHORIZATION] in (AUTH_ENDPOINT, AUTH_SCRIPT)
    if asks_somebody and err.type == RefusalType.AUTH_ERROR and not _is_refusal(err.status):
        return Problem("auth_endpoint_failed", err.message)
    return Problem(CHANNEL_REFUSED, err.message)


def _is_refusal(status: int) -> bool:
    """Tell a no from no answer: HTTP's 4xx but 429, and what Pusher servers have above HTTP's."""
    return (400 <= status < 500 and not is_transient(status)) or status >= 600
