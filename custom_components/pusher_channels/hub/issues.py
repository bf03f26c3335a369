"""Creates repair issues for faults that only the user can repair, and deletes them afterwards."""

from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..client import (
    ClientNotice,
    CloseCode,
    ConnectionFailedError,
    ConnectionState,
    ErrorReceived,
    PusherClient,
    RequestError,
    RequestFailure,
    StateChange,
    asks_to_stop,
)
from ..const import DOMAIN


class Kind(StrEnum):
    """The kind of fault; an issue's id is its kind and the entry's id."""

    APP_NOT_FOUND = "app_not_found"
    APP_DISABLED = "app_disabled"
    TLS_REQUIRED = "tls_required"
    APP_REFUSED = "app_refused"
    OVER_QUOTA = "over_quota"
    CLIENT_EVENTS_DISABLED = "client_events_disabled"
    CLOCK_SKEW = "clock_skew"
    WEBHOOK_REFUSED = "webhook_refused"
    WEBHOOK_MOVED = "webhook_moved"


_BY_CODE: Final[dict[int, Kind]] = {
    CloseCode.TLS_REQUIRED: Kind.TLS_REQUIRED,
    CloseCode.APP_NOT_FOUND: Kind.APP_NOT_FOUND,
    CloseCode.APP_DISABLED: Kind.APP_DISABLED,
    CloseCode.OVER_CONNECTION_QUOTA: Kind.OVER_QUOTA,
    CloseCode.OVER_CAPACITY: Kind.OVER_QUOTA,
}
_OF_WEBHOOK: Final = frozenset({Kind.WEBHOOK_REFUSED, Kind.WEBHOOK_MOVED})
_SOLVED_BY_CONNECTING: Final = frozenset(Kind) - {Kind.CLOCK_SKEW} - _OF_WEBHOOK
_DISMISSED_ONLY: Final = frozenset({Kind.CLIENT_EVENTS_DISABLED, Kind.CLOCK_SKEW})
_STILL_RETRIED: Final = _DISMISSED_ONLY | {Kind.OVER_QUOTA} | _OF_WEBHOOK


@callback
def follow(hass: HomeAssistant, entry: ConfigEntry, client: PusherClient) -> None:
    """Create and delete an entry's issues as its connection fails or is established."""

    def notice(notice: ClientNotice) -> None:
        match notice:
            case ConnectionFailedError(code=int(code)) if kind := _kind_of(code):
                _delete(hass, entry, _SOLVED_BY_CONNECTING - {kind})
                _create(hass, entry, kind, code=str(code))
            case ErrorReceived(message=message) if is_client_events_disabled(message):
                _create(hass, entry, Kind.CLIENT_EVENTS_DISABLED)
            case StateChange(state=ConnectionState.CONNECTED):
                _delete(hass, entry, _SOLVED_BY_CONNECTING)
            case _:
                pass

    client.listen(notice)


@callback
def api_failed(hass: HomeAssistant, entry: ConfigEntry, err: RequestError) -> None:
    """Create an issue when the server API refused a request for a lasting reason."""
    if err.failure is RequestFailure.CLOCK_SKEW:
        _create(hass, entry, Kind.CLOCK_SKEW)


@callback
def api_succeeded(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issues of the server API."""
    _delete(hass, entry, {Kind.CLOCK_SKEW})


@callback
def webhook_refused(hass: HomeAssistant, entry: ConfigEntry, reason: str) -> None:
    """Create an issue when a webhook was refused; `reason` is our own text."""
    _create(hass, entry, Kind.WEBHOOK_REFUSED, reason=reason)


@callback
def webhook_accepted(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issue of refused webhooks."""
    _delete(hass, entry, {Kind.WEBHOOK_REFUSED})


@callback
def webhook_moved(hass: HomeAssistant, entry: ConfigEntry, url: str) -> None:
    """Create an issue when the server may still use the cloudhook of an earlier version."""
    _create(hass, entry, Kind.WEBHOOK_MOVED, url=url)


@callback
def webhook_removed(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issues of an entry that receives no webhooks."""
    _delete(hass, entry, _OF_WEBHOOK)


@callback
def remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all issues of an entry."""
    _delete(hass, entry, frozenset(Kind))


def _kind_of(code: int) -> Kind | None:
    """Return the kind of fault of a close code; 4009 starts a reauthentication instead."""
    if asks_to_stop(code) and code != CloseCode.UNAUTHORIZED:
        return _BY_CODE.get(code, Kind.APP_REFUSED)
    return _BY_CODE.get(code)


def is_client_events_disabled(message: str) -> bool:
    """Match the messages of pusher.com, soketi and Reverb, which have no code or a rate limit's."""
    message = message.lower()
    return "enable" in message and ("client event" in message or "client messag" in message)


def _create(hass: HomeAssistant, entry: ConfigEntry, kind: Kind, **placeholders: str) -> None:
    """Create an issue; it has data when its fix is to reload the entry.

    The server's message is left out: the frontend would render it as Markdown.
    """
    severity = ir.IssueSeverity.WARNING if kind in _STILL_RETRIED else ir.IssueSeverity.ERROR
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind),
        data=None if kind in _DISMISSED_ONLY | _OF_WEBHOOK else {"entry_id": entry.entry_id},
        is_fixable=kind not in _OF_WEBHOOK,
        severity=severity,
        translation_key=kind.value,
        translation_placeholders={"name": entry.title, **placeholders},
    )


def _delete(hass: HomeAssistant, entry: ConfigEntry, kinds: frozenset[Kind] | set[Kind]) -> None:
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


def _issue_id(entry: ConfigEntry, kind: Kind) -> str:
    return f"{kind.value}_{entry.entry_id}"
