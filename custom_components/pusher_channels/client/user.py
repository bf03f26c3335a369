"""Who this connection's user is: sign-in, events sent to the user, and whom the user watches.

Reference: "User authentication", "Sending events to authenticated users", "Online status events".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .auth import Authorizer, ask
from .close_codes import CloseCode
from .exceptions import AuthorizationError
from .listeners import Listeners, Unlisten
from .messages import ErrorReceived, Event, SigninSuccess, WatchlistEvents
from .names import USER_CHANNEL_PREFIX
from .protocol import signin_frame
from .reconnection import retry_delay
from .subscriptions import Subscriptions

ANSWER_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The server knows who we are."""

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
    """Signs the user in on every connection, once somebody asked for it.

    `user_id` is None while not signed in. `online` holds what the server said of watched users on
    this connection; it says nothing of those who were offline from the start.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer | None,
        subscriptions: Subscriptions,
        send: Callable[[str], Awaitable[bool]],
        report: Callable[[UserNotice], None],
    ) -> None:
        """Start signed out."""
        self._authorizer = authorizer
        self._subscriptions = subscriptions
        self._send = send
        self._report = report
        self._events: Listeners[Event] = Listeners()
        self._online: dict[str, bool] = {}
        self._wanted = False
        self._socket_id: str | None = None
        self._expected_id: str | None = None
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        self.user_id: str | None = None

    @property
    def online(self) -> Mapping[str, bool]:
        """Which watched users are online, by user id."""
        return MappingProxyType(self._online)

    def bind(self, listener: Callable[[Event], None]) -> Unlisten:
        """Call the listener with each event that a server sends to this user."""
        return self._events.add(listener)

    def sign_in(self) -> None:
        """Sign in now, or as soon as there is a connection; asking twice is asking once."""
        if not self._wanted:
            self._wanted = True
            if self._socket_id is not None:
                self._start()

    async def require_id(self) -> str:
        """Return the signed-in user's id, after a sign-in that is under way.

        Raises `AuthorizationError` when nobody is signed in.
        """
        if self._wanted:
            await self._settled.wait()
        if self.user_id is None:
            words = "A presence channel needs channel_data, or a signed-in user"
            raise AuthorizationError(words, retryable=self._timer is not None)
        return self.user_id

    def connected(self, socket_id: str) -> None:
        """Sign in over a new connection."""
        self._socket_id = socket_id
        self._failures = 0
        if self._wanted:
            self._start()

    def lost(self) -> None:
        """Forget what only a signed-in user knows."""
        self._socket_id = None
        self._expected_id = None
        self._cancel_timer()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._online.clear()
        if self.user_id is not None:
            channel = f"{USER_CHANNEL_PREFIX}{self.user_id}"
            self._subscriptions.unsubscribe(channel, returns=True)
            self.user_id = None

    def succeeded(self, message: SigninSuccess) -> None:
        """Take the server's word that we are signed in, and listen to what it sends to the user."""
        if self._expected_id is None:
            return
        self._cancel_timer()
        self.user_id = message.user_id or self._expected_id
        self._expected_id = None
        channel = self._subscriptions.subscribe(f"{USER_CHANNEL_PREFIX}{self.user_id}")
        channel.bind(self._events.notify)
        self._settled.set()
        self._report(SignedIn(self.user_id))

    def watched(self, message: WatchlistEvents) -> None:
        """Take note of who came online and who went offline."""
        for user_id, online in message.changes:
            self._online[user_id] = online
            self._report(OnlineChange(user_id, online))

    def reported(self, error: ErrorReceived) -> bool:
        """Tell whether an error answers our sign-in: servers name no cause."""
        if self._expected_id is None or error.channel is not None:
            return False
        if error.code not in (CloseCode.UNAUTHORIZED, CloseCode.GENERIC_RECONNECT):
            return False
        self._fail(SigninFailed(error.message, error.code), retry=False)
        return True

    def _start(self) -> None:
        self._settled.clear()
        self._task = asyncio.create_task(self._sign_in(), name="pusher_channels sign-in")

    async def _sign_in(self) -> None:
        try:
            if self._authorizer is None or self._socket_id is None:
                raise AuthorizationError("Nothing is set up to authenticate the user")
            auth = await ask(self._authorizer.authorize_user(self._socket_id))
        except AuthorizationError as err:
            self._fail(SigninFailed(err.message, err.status), retry=err.retryable)
            return
        self._expected_id = auth.user_id
        self._timer = asyncio.get_running_loop().call_later(ANSWER_TIMEOUT, self._timed_out)
        await self._send(signin_frame(auth.auth, auth.user_data))

    def _timed_out(self) -> None:
        words = f"The server did not answer the sign-in within {ANSWER_TIMEOUT:g} seconds"
        self._fail(SigninFailed(words, 0), retry=True)

    def _fail(self, error: SigninFailed, *, retry: bool) -> None:
        self._cancel_timer()
        self._expected_id = None
        if retry:
            error = replace(error, is_retried=True)
            delay = retry_delay(self._failures)
            self._failures += 1
            self._timer = asyncio.get_running_loop().call_later(delay, self._start)
        self._settled.set()
        self._report(error)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
