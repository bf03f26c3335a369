"""Reports what a server refuses: logged once each way, with a repair issue until it is solved."""

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..client import (
    ChannelNotice,
    ClientNotice,
    CloseCode,
    ConnectionFailedError,
    DecryptionFailure,
    FailureReason,
    RequestError,
    RequestFailure,
    SignedIn,
    SigninFailed,
    SubscriptionRefused,
    SubscriptionSucceeded,
)
from ..const import CONF_REASON, CONF_SIGN_IN
from . import issues
from .channel import ChannelChange, ConfiguredChannel
from .issues import Kind
from .redaction import without_secrets

_LOGGER = logging.getLogger(__name__)

LARAVEL_PAGE_EXPIRED: Final = 419
REAUTH_STATUSES: Final = (HTTPStatus.UNAUTHORIZED, LARAVEL_PAGE_EXPIRED, CloseCode.UNAUTHORIZED)
API_REFUSED_STATUSES: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_API_KINDS: Final = (Kind.API_REFUSED, Kind.CLOCK_SKEW)
_CHANNEL_KINDS: Final = (Kind.CHANNEL_REFUSED, Kind.DECRYPTION_FAILED)


@callback
def api_failed(hass: HomeAssistant, entry: ConfigEntry, err: RequestError) -> None:
    """Log the first request that the server API refuses for a lasting reason, and create an issue.

    Other errors are those of one request, or pass with time.
    """
    if err.failure is RequestFailure.CLOCK_SKEW:
        kind = Kind.CLOCK_SKEW
    elif err.failure is RequestFailure.INVALID_APP_ID or err.status in API_REFUSED_STATUSES:
        kind = Kind.API_REFUSED
    else:
        return
    if not issues.is_open(hass, entry, kind):
        message = without_secrets(err.message, entry.data)
        _LOGGER.warning("%s: the server API refused a request: %s", entry.title, message)
        issues.delete(hass, entry, *_API_KINDS)
        issues.create(hass, entry, kind)


@callback
def api_succeeded(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Log the first request that succeeds after a refusal, and delete the issue."""
    if any(issues.is_open(hass, entry, kind) for kind in _API_KINDS):
        _LOGGER.info("%s: the server API accepts requests again", entry.title)
        issues.delete(hass, entry, *_API_KINDS)


class Refusals:
    """The refusals of one app that are not solved yet."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._refused: set[str] = set()
        self._undecrypted: set[str] = set()
        self._is_sign_in_refused = False

    def start(self, subentry_ids: Iterable[str]) -> None:
        """Delete the issues that are created again if they are still true."""
        issues.delete(self._hass, self._entry, Kind.SIGN_IN_REFUSED, *_API_KINDS)
        for subentry_id in subentry_ids:
            issues.delete(self._hass, self._entry, Kind.DECRYPTION_FAILED, subentry_id=subentry_id)

    def handle_notice(self, notice: ClientNotice) -> None:
        """Handle a refused connection or sign-in, and a sign-in that succeeded."""
        match notice:
            case ConnectionFailedError(reason=FailureReason.UNAUTHORIZED):
                self._start_reauth(str(notice))
            case SigninFailed():
                # Without the option it was an attempt to authorize the connection.
                if self._entry.options.get(CONF_SIGN_IN):
                    self._handle_sign_in_failed(notice)
            case SignedIn():
                self.handle_authorized()
                if self._is_sign_in_refused:
                    self._is_sign_in_refused = False
                    _LOGGER.info("%s is signed in again", self._entry.title)
                issues.delete(self._hass, self._entry, Kind.SIGN_IN_REFUSED)
            case _:
                pass

    def handle_change(self, channel: ConfiguredChannel, change: ChannelChange) -> None:
        """Handle a change of a configured channel."""
        match change:
            case SubscriptionRefused():
                self._handle_refused(channel, change)
            case SubscriptionSucceeded():
                self._handle_subscribed(channel)
            case DecryptionFailure(reason=reason):
                self._handle_decryption_failed(channel, reason)
            case None if channel.decryption_error is None:
                self._handle_decrypted(channel)
            case _:
                pass

    def handle_temporary(self, notice: ChannelNotice) -> None:
        """Handle a change of a channel that an action subscribed to."""
        match notice:
            case SubscriptionRefused():
                self._reauthenticate(notice.status, f"{notice.channel}: {notice.error}")
                self._log_refused(notice.channel, notice)
            case SubscriptionSucceeded():
                self._log_subscribed(notice.channel, notice.channel)
            case _:
                pass

    def handle_authorized(self) -> None:
        """Delete the issue of a connection that nothing authorized."""
        issues.delete(self._hass, self._entry, Kind.AUTHORIZATION_REQUIRED)

    def remove_channel(self, subentry_id: str) -> None:
        """Remove what was reported of a channel."""
        self._refused.discard(subentry_id)
        self._undecrypted.discard(subentry_id)
        issues.delete(self._hass, self._entry, *_CHANNEL_KINDS, subentry_id=subentry_id)

    def _handle_refused(self, channel: ConfiguredChannel, refusal: SubscriptionRefused) -> None:
        subentry_id = channel.subentry_id
        self._log_refused(subentry_id, refusal)
        reason = f"{channel.name}: {refusal.error}"
        if not self._reauthenticate(refusal.status, reason) and not refusal.is_retried:
            issues.create(
                self._hass,
                self._entry,
                Kind.CHANNEL_REFUSED,
                subentry_id,
                channel=channel.name,
            )

    def _handle_subscribed(self, channel: ConfiguredChannel) -> None:
        subentry_id = channel.subentry_id
        self._log_subscribed(subentry_id, channel.name)
        issues.delete(self._hass, self._entry, Kind.CHANNEL_REFUSED, subentry_id=subentry_id)
        if channel.kind.needs_authorization:
            self.handle_authorized()

    def _log_refused(self, key: str, refusal: SubscriptionRefused) -> None:
        """Log the first refusal of a channel; `key` is its subentry, or its name if it has none."""
        if key not in self._refused:
            self._refused.add(key)
            _LOGGER.warning(
                "%s: the channel %s was refused: %s",
                self._entry.title,
                refusal.channel,
                without_secrets(refusal.error, self._entry.data),
            )

    def _log_subscribed(self, key: str, name: str) -> None:
        """Log that a refused channel is subscribed."""
        if key in self._refused:
            self._refused.discard(key)
            _LOGGER.info("%s: the channel %s is subscribed", self._entry.title, name)

    def _handle_decryption_failed(self, channel: ConfiguredChannel, reason: str) -> None:
        subentry_id = channel.subentry_id
        if subentry_id not in self._undecrypted:
            self._undecrypted.add(subentry_id)
            _LOGGER.warning(
                "%s: an event of the channel %s could not be decrypted: %s",
                self._entry.title,
                channel.name,
                reason,
            )
            issues.create(
                self._hass,
                self._entry,
                Kind.DECRYPTION_FAILED,
                subentry_id,
                channel=channel.name,
            )

    def _handle_decrypted(self, channel: ConfiguredChannel) -> None:
        subentry_id = channel.subentry_id
        if subentry_id in self._undecrypted:
            self._undecrypted.discard(subentry_id)
            _LOGGER.info(
                "%s: events of the channel %s are decrypted again", self._entry.title, channel.name
            )
            issues.delete(self._hass, self._entry, Kind.DECRYPTION_FAILED, subentry_id=subentry_id)

    def _handle_sign_in_failed(self, failure: SigninFailed) -> None:
        if not self._is_sign_in_refused:
            self._is_sign_in_refused = True
            _LOGGER.warning(
                "%s: the sign-in failed: %s",
                self._entry.title,
                without_secrets(failure.error, self._entry.data),
            )
        if not self._reauthenticate(failure.status, failure.error) and not failure.is_retried:
            issues.create(self._hass, self._entry, Kind.SIGN_IN_REFUSED)

    def _reauthenticate(self, status: int, reason: str) -> bool:
        """Ask the user for other credentials if the status is about them; return whether it is."""
        if status not in REAUTH_STATUSES:
            return False
        self._start_reauth(reason)
        return True

    def _start_reauth(self, reason: str) -> None:
        """Ask the user for other credentials; the form shows the reason."""
        data = {CONF_REASON: without_secrets(reason, self._entry.data)}
        self._entry.async_start_reauth(self._hass, data=data)
