"""Translated errors of actions."""

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
from .hub import Hub
from .refusals import api_failed, api_succeeded


@contextmanager
def translated(channel: str = "") -> Iterator[None]:
    """Raise errors of the client as translated errors; `channel` is the channel of the action."""
    try:
        yield
    except InvalidUseError as err:
        if err.misuse is Misuse.NOT_CONNECTED:
            raise action_error(err.misuse) from err
        raise validation_error(err.misuse, channel=channel) from err
    except SubscriptionError as err:
        raise action_error("channel_refused", channel=channel, error=err.message) from err
    except RequestError as err:
        raise _request_error(err) from err


@contextmanager
def server_api(hub: Hub) -> Iterator[HttpApi]:
    """Yield the server API of an app, with translated errors; its issues are updated."""
    if hub.api is None:
        raise validation_error("app_id_missing")
    with translated():
        try:
            yield hub.api
        except RequestError as err:
            api_failed(hub.hass, hub.entry, err)
            raise
    api_succeeded(hub.hass, hub.entry)


def validation_error(key: str, **placeholders: str) -> ServiceValidationError:
    """Return an error that the caller can correct."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def action_error(key: str, **placeholders: str) -> HomeAssistantError:
    """Return an error of the network or the server."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def _request_error(err: RequestError) -> HomeAssistantError:
    match err.failure:
        case RequestFailure.TOO_LARGE:
            return validation_error(Misuse.DATA_SIZE)
        case RequestFailure.CLOCK_SKEW:
            return action_error("clock_skew")
        case _:
            return action_error("request_failed", error=err.message)
