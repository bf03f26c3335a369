"""Creates repair issues for faults that only the user can repair, and deletes them afterwards."""

from enum import StrEnum
from typing import Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..client import (
    ClientNotice,
    CloseCode,
    ConnectionFailedError,
    ConnectionState,
    ErrorReceived,
    FailureReason,
    PusherClient,
    StateChange,
    asks_to_stop,
)
from ..const import DOMAIN


class Kind(StrEnum):
    """The kind of fault; an issue's id is its kind and the ids of the entry and the subentry."""

    APP_NOT_FOUND = "app_not_found"
    APP_DISABLED = "app_disabled"
    TLS_REQUIRED = "tls_required"
    APP_REFUSED = "app_refused"
    OVER_QUOTA = "over_quota"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    AUTHORIZATION_REQUIRED = "authorization_required"
    CONNECTION_TERMINATED = "connection_terminated"
    SIGN_IN_REFUSED = "sign_in_refused"
    CHANNEL_REFUSED = "channel_refused"
    DECRYPTION_FAILED = "decryption_failed"
    CLIENT_EVENTS_DISABLED = "client_events_disabled"
    CLOCK_SKEW = "clock_skew"
    API_REFUSED = "api_refused"
    WEBHOOK_REFUSED = "webhook_refused"
    WEBHOOK_MOVED = "webhook_moved"


_BY_CODE: Final[dict[int, Kind]] = {
    CloseCode.TLS_REQUIRED: Kind.TLS_REQUIRED,
    CloseCode.APP_NOT_FOUND: Kind.APP_NOT_FOUND,
    CloseCode.APP_DISABLED: Kind.APP_DISABLED,
    CloseCode.OVER_CONNECTION_QUOTA: Kind.OVER_QUOTA,
    CloseCode.OVER_CAPACITY: Kind.OVER_QUOTA,
}
_BY_REASON: Final[dict[FailureReason, Kind]] = {
    FailureReason.ORIGIN_NOT_ALLOWED: Kind.ORIGIN_NOT_ALLOWED,
    FailureReason.AUTHORIZATION_REQUIRED: Kind.AUTHORIZATION_REQUIRED,
    FailureReason.TERMINATED: Kind.CONNECTION_TERMINATED,
}
_SOLVED_BY_CONNECTING: Final = frozenset(
    {
        *_BY_CODE.values(),
        Kind.APP_REFUSED,
        Kind.CLIENT_EVENTS_DISABLED,
        Kind.CONNECTION_TERMINATED,
        Kind.ORIGIN_NOT_ALLOWED,
    }
)
_NOT_FIXABLE: Final = frozenset(
    {
        Kind.API_REFUSED,
        Kind.CLIENT_EVENTS_DISABLED,
        Kind.CLOCK_SKEW,
        Kind.DECRYPTION_FAILED,
        Kind.WEBHOOK_REFUSED,
        Kind.WEBHOOK_MOVED,
    }
)
_WARNINGS: Final = _NOT_FIXABLE | {Kind.OVER_QUOTA}


@callback
def async_setup_issues(hass: HomeAssistant) -> None:
    """Delete the issues of disabled apps, and of channels and shares that are removed.

    An app that is not set up has no update listener that could do it.
    """

    @callback
    def handle(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if change is not ConfigEntryChange.UPDATED or entry.domain != DOMAIN:
            return
        for issue_id in _issue_ids(hass, entry.entry_id):
            subentry_id = issue_id.partition(f"{entry.entry_id}_")[2]
            if entry.disabled_by or (subentry_id and subentry_id not in entry.subentries):
                ir.async_delete_issue(hass, DOMAIN, issue_id)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, handle)


@callback
def follow(hass: HomeAssistant, entry: ConfigEntry, client: PusherClient) -> None:
    """Create and delete an entry's issues as its connection fails or is established."""

    def handle(notice: ClientNotice) -> None:
        match notice:
            case ConnectionFailedError() if kind := _kind_of(notice):
                delete(hass, entry, *_SOLVED_BY_CONNECTING - {kind})
                create(hass, entry, kind, code=str(notice.code))
            case ErrorReceived(message=message) if is_client_events_disabled(message):
                create(hass, entry, Kind.CLIENT_EVENTS_DISABLED)
            case StateChange(state=ConnectionState.CONNECTED):
                delete(hass, entry, *_SOLVED_BY_CONNECTING)
            case _:
                pass

    client.listen(handle)


@callback
def webhook_refused(hass: HomeAssistant, entry: ConfigEntry, reason: str) -> None:
    """Create an issue when a webhook was refused; `reason` is our own text."""
    create(hass, entry, Kind.WEBHOOK_REFUSED, reason=reason)


@callback
def webhook_accepted(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issue of refused webhooks."""
    delete(hass, entry, Kind.WEBHOOK_REFUSED)


@callback
def webhook_moved(hass: HomeAssistant, entry: ConfigEntry, url: str) -> None:
    """Create an issue when the server may still use the cloudhook of an earlier version."""
    create(hass, entry, Kind.WEBHOOK_MOVED, url=url)


@callback
def webhook_removed(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issues of an entry that receives no webhooks."""
    delete(hass, entry, Kind.WEBHOOK_REFUSED, Kind.WEBHOOK_MOVED)


@callback
def create(
    hass: HomeAssistant,
    entry: ConfigEntry,
    kind: Kind,
    subentry_id: str | None = None,
    **placeholders: str,
) -> None:
    """Create an issue, fixable where a reload of the entry may solve it.

    The server's message is left out: the frontend would render it as Markdown.
    """
    data: dict[str, str | int | float | None] = {
        "entry_id": entry.entry_id,
        "subentry_id": subentry_id,
    }
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind, subentry_id),
        data=None if kind in _NOT_FIXABLE else data,
        is_fixable=kind not in _NOT_FIXABLE,
        severity=ir.IssueSeverity.WARNING if kind in _WARNINGS else ir.IssueSeverity.ERROR,
        translation_key=kind.value,
        translation_placeholders={"name": entry.title, **placeholders},
    )


@callback
def is_open(hass: HomeAssistant, entry: ConfigEntry, kind: Kind) -> bool:
    """Return whether an entry has an issue of this kind."""
    issue_id = _issue_id(entry, kind, None)
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is not None


@callback
def delete(
    hass: HomeAssistant, entry: ConfigEntry, *kinds: Kind, subentry_id: str | None = None
) -> None:
    """Delete issues of an entry or a subentry."""
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind, subentry_id))


@callback
def delete_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all issues of an entry and its subentries."""
    for issue_id in _issue_ids(hass, entry.entry_id):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


def is_client_events_disabled(message: str) -> bool:
    """Match the messages of pusher.com, soketi and Reverb, which have no code or a rate limit's."""
    message = message.lower()
    return "enable" in message and ("client event" in message or "client messag" in message)


def _kind_of(failure: ConnectionFailedError) -> Kind | None:
    """Return the kind of a failure; wrong credentials start a reauthentication instead."""
    code = failure.code
    if kind := _BY_REASON.get(failure.reason):
        return kind
    if code is None or code == CloseCode.UNAUTHORIZED:
        return None
    return _BY_CODE.get(code, Kind.APP_REFUSED if asks_to_stop(code) else None)


def _issue_id(entry: ConfigEntry, kind: Kind, subentry_id: str | None) -> str:
    issue_id = f"{kind.value}_{entry.entry_id}"
    return issue_id if subentry_id is None else f"{issue_id}_{subentry_id}"


def _issue_ids(hass: HomeAssistant, entry_id: str) -> list[str]:
    """Return the ids of an entry's issues."""
    return [
        issue_id
        for domain, issue_id in ir.async_get(hass).issues
        if domain == DOMAIN and entry_id in issue_id
    ]
