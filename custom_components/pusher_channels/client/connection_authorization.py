"""Authorizes a connection for servers that close it otherwise.

Reference: https://pusher.com/docs/channels/using_channels/authorized-connections/
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from .authorizers import Authorizer, CallbackAuthorizer, EndpointAuthorizer, SecretAuthorizer
from .channel import Channel
from .exceptions import ConnectionFailedError, FailureReason
from .messages import ErrorReceived, SubscriptionRefused
from .protocol import subscribe_frame
from .user import SigninFailed, UserSession

PROBE_CHANNEL = "private-pusher-channels-connection"


class ConnectionAuthorization:
    """Authorizes each connection, once the server has closed one that was not authorized.

    With the app secret that is a subscription of a private channel that has no events, with an
    authorizer of users a sign-in. Any other authorizer cannot authorize a connection on its own.
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
        """Return the failure, or one with AUTHORIZATION_REQUIRED if nothing can authorize."""
        if failure.reason is not FailureReason.AUTHORIZATION_TIMEOUT:
            return failure
        was_required, self._is_required = self._is_required, True
        may_succeed = not was_required or not self._refusal or self._has_authorized_channels
        if self._authorizer is not None and may_succeed:
            return failure
        detail = f": {self._refusal}" if self._refusal else ""
        return ConnectionFailedError(
            FailureReason.AUTHORIZATION_REQUIRED, f"{failure.message}{detail}", failure.code
        )

    def on_connected(self, socket_id: str) -> None:
        """Authorize a new connection, if the server requires it."""
        self._refusal = ""
        if not self._is_required or self._authorizer is None:
            return
        match self._authorizer:
            case SecretAuthorizer():
                self._task = asyncio.create_task(
                    self._subscribe_probe(self._authorizer, socket_id),
                    name="pusher_channels connection authorization",
                )
            case EndpointAuthorizer(user_url=None) | CallbackAuthorizer(on_user=None):
                self._refusal = "No authentication of the user is set up"
            case _:
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

    def handle_signin_failed(self, failure: SigninFailed) -> None:
        """Remember why the sign-in failed."""
        self._refusal = failure.error

    @property
    def _has_authorized_channels(self) -> bool:
        """Whether a subscription may yet authorize the connection."""
        return any(channel.kind.needs_authorization for channel in self._channels.values())

    async def _subscribe_probe(self, authorizer: SecretAuthorizer, socket_id: str) -> None:
        auth = await authorizer.authorize_channel(socket_id, PROBE_CHANNEL)
        await self._send(subscribe_frame(PROBE_CHANNEL, auth.auth))
