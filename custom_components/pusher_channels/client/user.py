"""The connection's user: sign-in, events sent to the user, and online states of watched users.

Reference: https://pusher.com/docs/channels/server_api/authenticating-users/,
https://pusher.com/docs/channels/using_channels/watchlist-events/
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .auth_answers import UserAuth
from .authorizers import Authorizer, ask
from .exceptions import AuthorizationError
from .limits import ANSWER_TIMEOUT
from .listeners import Listeners, Unlisten
from .messages import ErrorReceived, Event, SigninSuccess, WatchlistEvents, decode_data
from .names import USER_CHANNEL_PREFIX
from .protocol import signin_frame
from .reconnection import retry_delay
from .subscriptions import Subscriptions

_LOGGER = logging.getLogger(__name__)

MAX_WATCHED = 100
"""The most ids that servers accept in a watchlist."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The server accepted the sign-in."""

    user_id: str


@dataclass(frozen=True, slots=True)
class SigninFailed:
    """The sign-in failed.

    `status` is HTTP's or the server's code, 0 if there was no answer. `is_retried` is true when the
    client retries by itself.
    """

    error: str
    status: int
    is_retried: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class OnlineChange:
    """A watched user came online, or went offline."""

    user_id: str
    online: bool


type UserNotice = SignedIn | SigninFailed | OnlineChange


class UserSession:
    """Signs the user in on every connection, once `sign_in` was called.

    `user_id` is None while not signed in. `online` has the watched users of which the server sent
    a state on this connection; it sends none for those that were offline from the start.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer | None,
        subscriptions: Subscriptions,
        send: Callable[[str], Awaitable[bool]],
        report: Callable[[UserNotice], None],
    ) -> None:
        self._authorizer = authorizer
        self._subscriptions = subscriptions
        self._send = send
        self._report = report
        self._events: Listeners[Event] = Listeners()
        self._online: dict[str, bool] = {}
        self._watched: frozenset[str] = frozenset()
        self._is_enabled = False
        self._socket_id: str | None = None
        self._expected_id: str | None = None
        self._unanswered_since: float | None = None
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answered = asyncio.Event()
        self.user_id: str | None = None

    @property
    def online(self) -> Mapping[str, bool]:
        """Whether watched users are online, by user id."""
        return MappingProxyType(self._online)

    def bind(self, listener: Callable[[Event], None]) -> Unlisten:
        """Call the listener for each event that a server sends to this user."""
        return self._events.add(listener)

    def sign_in(self) -> None:
        """Sign in now, or as soon as there is a connection; further calls change nothing."""
        if not self._is_enabled:
            self._is_enabled = True
            if self._socket_id is not None:
                self._start()

    async def _require_id(self) -> str:
        """Return the signed-in user's id, after a sign-in that is in progress.

        Raises `AuthorizationError` if no user is signed in.
        """
        if self._is_enabled:
            await self._answered.wait()
        if self.user_id is None:
            reason = "A presence channel needs channel_data, or a signed-in user"
            raise AuthorizationError(reason, retryable=self._timer is not None)
        return self.user_id

    def _on_connected(self, socket_id: str) -> None:
        """Sign in over a new connection."""
        self._socket_id = socket_id
        self._failures = 0
        if self._is_enabled:
            self._start()

    def _on_lost(self) -> None:
        """Clear what is only known while signed in."""
        self._socket_id = None
        self._expected_id = self._unanswered_since = None
        self._cancel_timer()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._online.clear()
        if self.user_id is not None:
            channel = f"{USER_CHANNEL_PREFIX}{self.user_id}"
            self._subscriptions.unsubscribe(channel, keep_gap=True)
            self.user_id = None

    def _handle_success(self, message: SigninSuccess) -> None:
        """Subscribe the user's own channel."""
        if self._expected_id is None:
            return
        self._cancel_timer()
        if self._task is not None:
            self._task.cancel()
        self.user_id = message.user_id or self._expected_id
        self._expected_id = self._unanswered_since = None
        self._failures = 0
        channel = self._subscriptions.subscribe(f"{USER_CHANNEL_PREFIX}{self.user_id}")
        channel.bind(self._events.notify)
        self._answered.set()
        _LOGGER.debug("Signed in")
        self._report(SignedIn(self.user_id))

    def _handle_watchlist(self, message: WatchlistEvents) -> None:
        """Store the online states of users that are in the watchlist."""
        for user_id, online in message.changes:
            if user_id in self._watched:
                self._online[user_id] = online
                self._report(OnlineChange(user_id, online))

    def _refuse(self, error: ErrorReceived) -> None:
        """Fail the sign-in because of an error, which may be about something else.

        A late success is still accepted.
        """
        self._fail(SigninFailed(error.message, error.code or 0), retry=False)

    def _start(self) -> None:
        self._answered.clear()
        self._task = asyncio.create_task(self._sign_in(), name="pusher_channels sign-in")

    async def _sign_in(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            auth = await self._authorize()
        except AuthorizationError as err:
            self._fail(SigninFailed(err.message, err.status), retry=err.retryable)
            return
        finally:
            _LOGGER.debug("Authorizer asked for the user: %.3f s", loop.time() - started)
        self._expected_id = auth.user_id
        self._watched = _watchlist(auth)
        self._unanswered_since = loop.time()
        self._timer = loop.call_later(ANSWER_TIMEOUT, self._on_timeout)
        await self._send(signin_frame(auth.auth, auth.user_data))

    async def _authorize(self) -> UserAuth:
        if self._authorizer is None or self._socket_id is None:
            raise AuthorizationError("No authentication of the user is set up")
        return await ask(self._authorizer.authorize_user(self._socket_id))

    def _on_timeout(self) -> None:
        """Try again later; a late answer is still accepted."""
        reason = f"The server did not answer the sign-in within {ANSWER_TIMEOUT:g} seconds"
        self._fail(SigninFailed(reason, 0), retry=True)

    def _fail(self, error: SigninFailed, *, retry: bool) -> None:
        self._cancel_timer()
        self._unanswered_since = None
        _LOGGER.debug("Not signed in: %s (%d)", error.error, error.status)
        if retry:
            error = replace(error, is_retried=True)
            delay = retry_delay(self._failures)
            self._failures += 1
            self._timer = asyncio.get_running_loop().call_later(delay, self._start)
        self._answered.set()
        self._report(error)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _watchlist(auth: UserAuth) -> frozenset[str]:
    """Return the ids that the server watches for this user."""
    data = decode_data(auth.user_data)
    ids = data.get("watchlist") if isinstance(data, dict) else None
    return frozenset(map(str, ids[:MAX_WATCHED])) if isinstance(ids, list) else frozenset()
