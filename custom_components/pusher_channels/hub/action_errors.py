"""Turns what goes wrong in an action into what its caller, and the user, are told."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..client import (
    HttpApi,
    InvalidUseError,
    Misuse,
    RequestError,
    RequestFailure,
    SubscriptionError,
)
from ..const import DOMAIN
from . import issues
from .hub import Hub

CONTENT_TOO_LARGE = 413


@contextmanager
def translated(channel: str = "") -> Iterator[None]:
    """Raise the client's errors as translated ones; `channel` is the one that they concern."""
    try:
        yield
    except InvalidUseError as err:
        if err.misuse is Misuse.NOT_CONNECTED:
            raise failed(err.misuse) from err
        raise invalid(err.misuse, channel=channel) from err
    except SubscriptionError as err:
        raise failed("channel_refused", channel=channel, error=err.message) from err
    except RequestError as err:
        raise _request_error(err) from err


@contextmanager
def server_api(hub: Hub) -> Iterator[HttpApi]:
    """Return the server API of an app that has one; what it raises is translated."""
    if hub.api is None:
        raise invalid("app_id_missing")
    with translated():
        try:
            yield hub.api
        except RequestError as err:
            issues.api_failed(hub.hass, hub.entry, err)
            raise
    issues.api_succeeded(hub.hass, hub.entry)


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for what the caller can put right."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the error for what the network or the server did not do."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def _request_error(err: RequestError) -> HomeAssistantError:
    if err.status == CONTENT_TOO_LARGE:
        return invalid(Misuse.DATA_SIZE)
    if err.failure is RequestFailure.CLOCK_SKEW:
        return failed("clock_skew")
    return failed("request_failed", error=err.message)
