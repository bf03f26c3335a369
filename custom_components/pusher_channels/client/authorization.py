"""Authorizes a connection for servers that close it otherwise.

Reference: https://pusher.com/docs/channels/using_channels/authorized-connections/
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from .auth import Authorizer, SecretAuthorizer, ask
from .channel import Channel
from .exceptions import AuthorizationError, ConnectionFailedError, FailureReason
from .messages import ErrorReceived, SubscriptionRefused
from .protocol import subscribe_frame
from .user import UserSession

PROBE_CHANNEL = "private-pusher-channels-connection"


class ConnectionAuthorization:
    """Authorizes each connection, once the server has closed one that was not.

    With the app secret that is a subscription of a private channel that has no events, otherwise a
    sign-in.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer | None,
        user: UserSession,
        channels: Mapping[str, Channel],
        send: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._authorizer = authorizer
        self._user = user
        self._channels = channels
        self._send = send
        self._is_required = False
        self._refusal = ""
        self._task: asyncio.Task[None] | None = None

    def review(self, failure: ConnectionFailedError) -> ConnectionFailedError:
        """Return the failure, as one that needs another authorizer if none could authorize."""
        if failure.reason is not FailureReason.AUTHORIZATION_TIMEOUT:
            return failure
        was_required, self._is_required = self._is_required, True
        if self._authorizer is None or (was_required and not self._is_authorized):
            reason = FailureReason.AUTHORIZATION_REQUIRED
            detail = f": {self._refusal}" if self._refusal else ""
            return ConnectionFailedError(reason, f"{failure.message}{detail}", failure.code)
        return failure

    def on_connected(self, socket_id: str) -> None:
        """Authorize a new connection, if the server wants that."""
        self._refusal = ""
        if not self._is_required:
            return
        if isinstance(self._authorizer, SecretAuthorizer):
            self._task = asyncio.create_task(
                self._subscribe_probe(self._authorizer, socket_id),
                name="pusher_channels connection authorization",
            )
        elif self._authorizer is not None:
            self._user.sign_in()

    def on_lost(self) -> None:
        """Stop authorizing a connection that is lost."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def handle_refused(self, error: SubscriptionRefused) -> None:
        """Remember why the server refused the probe channel."""
        if error.channel == PROBE_CHANNEL:
            self._refusal = error.error

    def handle_error(self, error: ErrorReceived) -> bool:
        """Return whether an error is about the probe channel."""
        if PROBE_CHANNEL not in error.raw_message:
            return False
        self._refusal = error.message
        return True

    @property
    def _is_authorized(self) -> bool:
        if isinstance(self._authorizer, SecretAuthorizer) and not self._refusal:
            return True
        return self._user.user_id is not None or any(
            channel.kind.needs_authorization and channel.is_subscribed
            for channel in self._channels.values()
        )

    async def _subscribe_probe(self, authorizer: SecretAuthorizer, socket_id: str) -> None:
        try:
            auth = await ask(authorizer.authorize_channel(socket_id, PROBE_CHANNEL))
        except AuthorizationError as err:
            self._refusal = err.message
            return
        await self._send(subscribe_frame(PROBE_CHANNEL, auth.auth))
