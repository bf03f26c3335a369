"""The client: one app, one connection, its channels and its user."""

import asyncio
from collections.abc import Callable, Mapping

import aiohttp

from .authorizers import Authorizer
from .channel import Channel
from .client_events import ClientEventSize
from .clock import Clock, WallClock, wall_time
from .close_codes import CloseCode
from .connection import Connection, ConnectionState, StateChange, Timing
from .connection_authorization import ConnectionAuthorization
from .dispatch import Dispatcher, EventListener
from .exceptions import ConnectionFailedError, FailureReason, InvalidUseError, Misuse
from .gaps import Gap, GapTracker
from .handshake import Endpoint
from .listeners import Listeners, Unlisten
from .messages import (
    ErrorReceived,
    FrameRejected,
    Json,
    MemberAdded,
    MemberRemoved,
    Message,
    SigninSuccess,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
    WatchlistEvents,
)
from .names import CLIENT_EVENT_PREFIX, ChannelKind, check_channel_name, check_event_name
from .protocol import client_event_frame
from .server import Server
from .server_errors import ServerErrors
from .subscriptions import Subscriptions
from .user import SigninFailed, UserNotice, UserSession

type ClientNotice = (
    StateChange | ConnectionFailedError | ErrorReceived | FrameRejected | Gap | UserNotice
)


class PusherClient:
    """A Pusher Channels client.

    Use it from the event loop in which it was created. `session` is never closed by the client; its
    cookies are not used. `proxy` is a URL. `origin` and `headers` are sent with the websocket's
    request. Without an `authorizer` only public and cache channels can be subscribed.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        app_key: str,
        server: Server,
        *,
        authorizer: Authorizer | None = None,
        timing: Timing | None = None,
        proxy: str | None = None,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
        wall_clock: Clock = wall_time,
    ) -> None:
        """Prepare; `connect` opens the connection. `wall_clock` returns the seconds since 1970."""
        self._notices: Listeners[ClientNotice] = Listeners()
        self._dispatcher = Dispatcher()
        self._clock = WallClock(wall_clock)
        self._client_event_size = ClientEventSize()
        self._connection = Connection(
            session,
            Endpoint(server.websocket_url(app_key), proxy, origin, dict(headers or {})),
            timing=timing or Timing(),
            clock=self._clock,
            dispatcher=self._dispatcher,
            on_message=self._handle,
            on_state=self._on_state,
            review=self._review,
            on_failure=self._notices.notify,
        )
        self._gaps = GapTracker(self._notices.notify)
        self._subscriptions = Subscriptions(
            dispatcher=self._dispatcher,
            gaps=self._gaps,
            clock=self._clock,
            authorizer=authorizer,
            send=self._connection.send,
            require_user_id=self._require_user_id,
        )
        self._channels = self._subscriptions.channels
        self.user = UserSession(
            authorizer=authorizer,
            subscriptions=self._subscriptions,
            send=self._connection.send,
            report=self._report_user,
        )
        self._authorization = ConnectionAuthorization(
            authorizer=authorizer,
            user=self.user,
            channels=self._channels,
            send=self._connection.send,
        )
        self._server_errors = ServerErrors(self._subscriptions, self.user, self._authorization)

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.state

    @property
    def socket_id(self) -> str | None:
        """The server's id of this connection; None while there is none."""
        return self._connection.socket_id

    @property
    def last_error(self) -> ConnectionFailedError | None:
        """Why the connection last failed or ended, unless by `disconnect`."""
        return self._connection.last_error

    @property
    def last_received(self) -> float | None:
        """The time of the last frame, in the event loop's seconds."""
        return self._connection.last_received

    @property
    def next_attempt(self) -> float | None:
        """When the client connects again, in the event loop's seconds; None if it does not wait."""
        return self._connection.next_attempt

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that are subscribed to by name, also while they are not subscribed yet."""
        return self._channels

    @property
    def missed_since(self) -> Mapping[str, float]:
        """Channels with a gap that is not reported yet, and its beginning in seconds since 1970."""
        return self._gaps.since

    @property
    def complete_until(self) -> float:
        """Until when no event of a subscribed channel is missing, in seconds since 1970.

        0 before the first connection.
        """
        return self._connection.missed_since

    def expect_gaps(self, since: Mapping[str, float]) -> None:
        """Report a gap for channels of an earlier client, once they are subscribed.

        `since` has its beginning by channel, as `missed_since` of that client. Call it before
        `subscribe`, so that one gap is reported for all of them.
        """
        self._gaps.expect(since)

    def connect(self) -> None:
        """Connect and stay connected; `wait_connected` waits for the first attempt."""
        self._connection.connect()

    async def wait_connected(self) -> None:
        """Wait until connected; raises `ConnectionFailedError` if an attempt fails before that.

        After a failure the client tries again, unless `state` is disconnected. Then, and before
        `connect`, this raises at once.
        """
        if self.state is ConnectionState.CONNECTED:
            return
        if self.state is ConnectionState.DISCONNECTED:
            if self._connection.has_given_up and self.last_error is not None:
                raise self.last_error
            raise ConnectionFailedError(FailureReason.CLOSED, "The client is disconnected")
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def resolve(notice: ClientNotice) -> None:
            if outcome.done():
                return
            match notice:
                case ConnectionFailedError():
                    outcome.set_exception(notice)
                case StateChange(state=ConnectionState.CONNECTED):
                    outcome.set_result(None)
                case StateChange(state=ConnectionState.DISCONNECTED):
                    reason = "The client was disconnected"
                    outcome.set_exception(ConnectionFailedError(FailureReason.CLOSED, reason))
                case _:
                    pass

        unlisten = self.listen(resolve)
        try:
            await outcome
        finally:
            unlisten()

    async def disconnect(self) -> None:
        """Close the connection; `connect` subscribes the channels again."""
        await self._connection.disconnect()

    def subscribe(self, channel: str) -> Channel:
        """Subscribe to a channel, now or as soon as there is a connection.

        Returns the same object for the same name. Each call needs one `unsubscribe`. Raises
        `InvalidUseError` if the name is not valid.
        """
        check_channel_name(channel)
        if ChannelKind.of(channel).needs_authorization:
            self._resume()
        return self._subscriptions.subscribe(channel)

    def unsubscribe(self, channel: str) -> None:
        """Drop one reference; unsubscribe at zero."""
        self._subscriptions.unsubscribe(channel)

    def bind(self, listener: EventListener, *patterns: str) -> Unlisten:
        """Call the listener for the events of all channels; see `Channel.bind`."""
        return self._dispatcher.bind(listener, patterns)

    def listen(self, listener: Callable[[ClientNotice], None]) -> Unlisten:
        """Call the listener for each notice about the connection, the app or the user.

        Return a function that ends that.
        """
        return self._notices.add(listener)

    def sign_in(self) -> None:
        """Sign the user in on this connection and all later ones."""
        self._resume()
        self.user.sign_in()

    async def trigger(self, channel: str, event: str, data: Json) -> None:
        """Send a client event to the other members of a channel.

        Waits for a subscription that is in progress. Raises `InvalidUseError` if the event cannot
        be sent (rules: https://pusher.com/docs/channels/using_channels/events/#triggering-client-events),
        `SubscriptionError` if the subscription fails.
        """
        target, frame = self._prepare(channel, event, data)
        await target.wait_subscribed()
        self._client_event_size.on_sent(frame)
        if not await self._connection.send(frame):
            raise InvalidUseError(Misuse.NOT_CONNECTED, "The connection ended before it was sent")

    def check_trigger(self, channel: str, event: str, data: Json) -> None:
        """Raise what `trigger` raises for this event before it waits for the subscription."""
        self._prepare(channel, event, data)

    def _prepare(self, channel: str, event: str, data: Json) -> tuple[Channel, str]:
        """Return the channel and the frame of a client event; raises `InvalidUseError`."""
        check_event_name(event)
        if not event.startswith(CLIENT_EVENT_PREFIX):
            reason = f"A client event's name starts with {CLIENT_EVENT_PREFIX}"
            raise InvalidUseError(Misuse.CLIENT_EVENT_NAME, reason)
        if not ChannelKind.of(channel).takes_client_events:
            reason = "Client events are for private and presence channels that are not encrypted"
            raise InvalidUseError(Misuse.CLIENT_EVENT_CHANNEL, reason)
        check_channel_name(channel)
        frame = client_event_frame(channel, event, data)
        self._client_event_size.check(frame)
        if self.state is not ConnectionState.CONNECTED:
            raise InvalidUseError(Misuse.NOT_CONNECTED, "There is no connection to send it on")
        target = self._channels.get(channel)
        if target is None or target.error is not None:
            raise InvalidUseError(
                Misuse.NOT_SUBSCRIBED, "A client event needs a subscribed channel"
            )
        return target, frame

    def _resume(self) -> None:
        """Connect again if the server refused a connection that nothing authorized."""
        failure = self.last_error
        if (
            self._connection.has_given_up
            and failure is not None
            and failure.reason is FailureReason.AUTHORIZATION_REQUIRED
        ):
            self.connect()

    def _report_user(self, notice: UserNotice) -> None:
        if isinstance(notice, SigninFailed):
            self._authorization.handle_signin_failed(notice)
        self._notices.notify(notice)

    async def _require_user_id(self) -> str:
        return await self.user._require_id()

    def _handle(self, message: Message) -> None:
        match message:
            case SubscriptionSucceeded():
                self._subscriptions.handle_succeeded(message)
            case SubscriptionRefused():
                self._authorization.handle_refused(message)
                self._subscriptions.handle_refused(message)
            case MemberAdded() | MemberRemoved() | SubscriptionCount():
                self._handle_for_channel(message)
            case SigninSuccess():
                self.user._handle_success(message)
            case WatchlistEvents():
                self.user._handle_watchlist(message)
            case ErrorReceived():
                self._server_errors.handle(message)
                self._notices.notify(message)
            case FrameRejected():
                self._notices.notify(message)
            case _:
                pass

    def _handle_for_channel(self, message: MemberAdded | MemberRemoved | SubscriptionCount) -> None:
        channel = self._channels.get(message.channel)
        if channel is None or not channel.is_subscribed:
            return
        match message:
            case MemberAdded():
                channel._on_member_added(message)
            case MemberRemoved():
                channel._on_member_removed(message)
            case SubscriptionCount():
                channel._on_count(message)

    def _review(self, failure: ConnectionFailedError) -> ConnectionFailedError:
        """Learn from a failure; return it as listeners get it."""
        if failure.reason is FailureReason.SENT_TOO_LARGE:
            self._client_event_size.on_too_large()
        if failure.code == CloseCode.MESSAGE_TOO_BIG:
            self._subscriptions.on_too_large()
        if failure.reason is FailureReason.UNAUTHORIZED and self.user.user_id is not None:
            # This connection has proved its credentials by signing in.
            return ConnectionFailedError(FailureReason.TERMINATED, failure.message, failure.code)
        return self._authorization.review(failure)

    def _on_state(self, change: StateChange) -> None:
        if change.previous is ConnectionState.CONNECTED:
            self._subscriptions.on_lost(self._connection.missed_since)
            self.user._on_lost()
            self._authorization.on_lost()
        if change.state is ConnectionState.DISCONNECTED:
            self._subscriptions.on_disconnected()
        self._notices.notify(change)
        socket_id = self.socket_id
        # A listener may have disconnected.
        if change.state is ConnectionState.CONNECTED and socket_id is not None:
            self._authorization.on_connected(socket_id)
            self.user._on_connected(socket_id)
            self._subscriptions.on_connected(socket_id)
