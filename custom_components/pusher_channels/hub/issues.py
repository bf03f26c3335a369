"""Raises repair issues for what only a person can put right, and clears them once it is."""

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
    StateChange,
    asks_to_stop,
)
from ..const import DOMAIN


class Kind(StrEnum):
    """What is wrong; an issue's id is its kind and the entry's id."""

    APP_NOT_FOUND = "app_not_found"
    APP_DISABLED = "app_disabled"
    TLS_REQUIRED = "tls_required"
    APP_REFUSED = "app_refused"
    OVER_QUOTA = "over_quota"
    CLIENT_EVENTS_DISABLED = "client_events_disabled"
    CLOCK_SKEW = "clock_skew"


_BY_CODE: Final[dict[int, Kind]] = {
    CloseCode.TLS_REQUIRED: Kind.TLS_REQUIRED,
    CloseCode.APP_NOT_FOUND: Kind.APP_NOT_FOUND,
    CloseCode.APP_DISABLED: Kind.APP_DISABLED,
    CloseCode.OVER_CONNECTION_QUOTA: Kind.OVER_QUOTA,
    CloseCode.OVER_CAPACITY: Kind.OVER_QUOTA,
}
_SOLVED_BY_CONNECTING: Final = frozenset(Kind) - {Kind.CLOCK_SKEW}
_ONLY_TO_DISMISS: Final = frozenset({Kind.CLIENT_EVENTS_DISABLED, Kind.CLOCK_SKEW})
_STILL_TRYING: Final = _ONLY_TO_DISMISS | {Kind.OVER_QUOTA}


@callback
def follow(hass: HomeAssistant, entry: ConfigEntry, client: PusherClient) -> None:
    """Raise and clear an entry's issues as its connection fails and comes about."""

    def notice(notice: ClientNotice) -> None:
        match notice:
            case ConnectionFailedError(code=int(code)) if kind := _kind_of(code):
                _clear(hass, entry, _SOLVED_BY_CONNECTING - {kind})
                _raise(hass, entry, kind, code=str(code))
            case ErrorReceived(message=words) if _says_client_events_are_off(words):
                _raise(hass, entry, Kind.CLIENT_EVENTS_DISABLED)
            case StateChange(state=ConnectionState.CONNECTED):
                _clear(hass, entry, _SOLVED_BY_CONNECTING)
            case _:
                pass

    client.listen(notice)


@callback
def api_failed(hass: HomeAssistant, entry: ConfigEntry, err: RequestError) -> None:
    """Raise an issue when the server API refused a request for a reason that stays."""
    if err.is_clock_skew:
        _raise(hass, entry, Kind.CLOCK_SKEW)


@callback
def api_succeeded(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Clear what the server API no longer complains of."""
    _clear(hass, entry, {Kind.CLOCK_SKEW})


@callback
def forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Clear all issues of an entry that is removed."""
    _clear(hass, entry, frozenset(Kind))


def _kind_of(code: int) -> Kind | None:
    """Return the issue that a close code raises; 4009 starts a new authorization instead."""
    if asks_to_stop(code) and code != CloseCode.UNAUTHORIZED:
        return _BY_CODE.get(code, Kind.APP_REFUSED)
    return _BY_CODE.get(code)


def _says_client_events_are_off(words: str) -> bool:
    """Tell by the words of pusher.com, soketi and Reverb: the code is that of a rate limit, or none."""
    words = words.lower()
    return "enable" in words and ("client event" in words or "client messag" in words)


def _raise(hass: HomeAssistant, entry: ConfigEntry, kind: Kind, **placeholders: str) -> None:
    """Raise an issue; it has data when its fix is to reload the entry.

    The server's own words stay out: the frontend would render them as Markdown.
    """
    severity = ir.IssueSeverity.WARNING if kind in _STILL_TRYING else ir.IssueSeverity.ERROR
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind),
        data=None if kind in _ONLY_TO_DISMISS else {"entry_id": entry.entry_id},
        is_fixable=True,
        severity=severity,
        translation_key=kind.value,
        translation_placeholders={"name": entry.title, **placeholders},
    )


def _clear(hass: HomeAssistant, entry: ConfigEntry, kinds: frozenset[Kind] | set[Kind]) -> None:
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


def _issue_id(entry: ConfigEntry, kind: Kind) -> str:
    return f"{kind.value}_{entry.entry_id}"
