"""Finds the request that a `pusher:error` answers.

Few servers name the channel in a field. Most have it somewhere in the text, or name nothing.
"""

import logging
import re

from .close_codes import CloseCode
from .connection_authorization import ConnectionAuthorization
from .exceptions import FailureReason
from .handshake import failure_reason
from .messages import ErrorReceived, SubscriptionSucceeded
from .subscriptions import Subscription, Subscriptions
from .user import UserSession

_LOGGER = logging.getLogger(__name__)

_EXISTING = re.compile(r"Existing subscription to channel (\S+)")
_NAMES = re.compile(r"[A-Za-z0-9_\-=@,.;#]+")


class ServerErrors:
    """Refuses the request that an error answers: the one that it names, else the oldest one."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        user: UserSession,
        authorization: ConnectionAuthorization,
    ) -> None:
        self._subscriptions = subscriptions
        self._user = user
        self._authorization = authorization

    def handle(self, error: ErrorReceived) -> None:
        """Refuse a request, or remember the error for subscriptions that stay unanswered."""
        if self._authorization.handle_error(error):
            return
        reason = failure_reason(error.code, error.message, FailureReason.UNAUTHORIZED)
        is_refusal = reason is FailureReason.UNAUTHORIZED and error.refusal_status is not None
        if is_refusal and self._handle_named(error):
            return
        is_about_another = error.channel is not None or error.is_about_client_events
        if is_about_another or not self._refuse_oldest(error, is_refusal=is_refusal):
            self._remember(error, is_about_another=is_about_another)

    def _handle_named(self, error: ErrorReceived) -> bool:
        """Handle an error that names a channel; return whether it does."""
        if match := _EXISTING.search(error.raw_message):
            self._subscriptions.handle_succeeded(SubscriptionSucceeded(match[1]))
            return True
        names = _NAMES.findall(error.raw_message)
        if error.channel is not None:
            names.insert(0, error.channel)
        named = [
            subscription
            for name in names
            for spelled in (name, name.rstrip(",.;"))
            if (subscription := self._subscriptions.get(spelled)) is not None
            and subscription.channel.kind.needs_authorization
        ]
        for subscription in named:
            if subscription.may_be_refused:
                self._subscriptions.refuse(subscription.channel.name, error, is_certain=True)
                break
        return bool(named)

    def _refuse_oldest(self, error: ErrorReceived, *, is_refusal: bool) -> bool:
        """Refuse the oldest request that the error may answer; return whether there is one."""
        request = self._oldest_subscription() if is_refusal else None
        signin_at = self._user._unanswered_since
        # Reverb answers a sign-in with 4200: it does not know any.
        answers_signin = is_refusal or error.code == CloseCode.GENERIC_RECONNECT
        if (
            answers_signin
            and signin_at is not None
            and (request is None or signin_at <= request[0])
        ):
            self._user._refuse(error)
        elif request is not None:
            self._subscriptions.refuse(request[1].channel.name, error, is_certain=False)
        else:
            return False
        return True

    def _oldest_subscription(self) -> tuple[float, Subscription] | None:
        """Return the oldest unanswered request that may be refused.

        Public channels come last: Reverb refuses those with a name such as `privateer`.
        """
        requests = [
            (asked_at, subscription)
            for asked_at, subscription in self._subscriptions.unanswered()
            if subscription.is_pending
            and subscription.channel.name.startswith(("private", "presence"))
        ]
        return min(
            requests,
            key=lambda request: not request[1].channel.kind.needs_authorization,
            default=None,
        )

    def _remember(self, error: ErrorReceived, *, is_about_another: bool) -> None:
        """Remember an error that may be the reason why a subscription stays unanswered."""
        unanswered = self._subscriptions.unanswered()
        code = "" if error.code is None else f" ({error.code})"
        for _, subscription in unanswered:
            subscription.server_error = f"{error.message}{code}"
        is_about_rate = error.code == CloseCode.CLIENT_EVENT_REJECTED and not is_about_another
        if unanswered and is_about_rate:
            _LOGGER.debug("The server limits the rate; subscriptions are slowed down")
            self._subscriptions.slow_down()
