"""The face of the package: one app, one connection, its channels and its user."""

import asyncio
from collections.abc import Callable, Mapping

import aiohttp

from .auth import Authorizer
from .channel import Channel
from .connection import Connection, ConnectionState, StateChange, Timing
from .exceptions import ConnectionFailedError, FailureReason, InvalidUseError, Misuse
from .gaps import Gap, GapTracker
from .listeners import Listeners, Unlisten
from .messages import (
    ErrorReceived,
    Event,
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
from .routes import EventListener, Known, Routes
from .server import Server
from .subscriptions import Subscriptions
from .user import UserNotice, UserSession

type ClientNotice = (
    StateChange | ConnectionFailedError | ErrorReceived | FrameRejected | Gap | UserNotice
)


class PusherClient:
    """A Pusher Channels client.

    Call everything from the event loop it was made in. `session` is never closed by the client;
    `proxy` is a URL. Without an `authorizer` only public and cache channels can be joined.
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
    ) -> None:
        """Prepare; nothing is opened before `connect`."""
        self._notices: Listeners[ClientNotice] = Listeners()
        self._everywhere = Routes()
        known: dict[str, Known] = {}
        self._connection = Connection(
            session,
            server.websocket_url(app_key),
            timing=timing or Timing(),
            proxy=proxy,
            known=known,
            on_event=self._deliver,
            on_message=self._handle,
            on_state=self._state_changed,
            on_failure=self._notices.notify,
        )
        self._gaps = GapTracker(self._notices.notify)
        self._subscriptions = Subscriptions(
            everywhere=self._everywhere,
            known=known,
            gaps=self._gaps,
            authorizer=authorizer,
            send=self._connection.send,
            require_user_id=self._require_user_id,
        )
        self._channels = self._subscriptions.channels
        self.user = UserSession(
            authorizer=authorizer,
            subscriptions=self._subscriptions,
            send=self._connection.send,
            report=self._notices.notify,
        )

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.state

    @property
    def socket_id(self) -> str | None:
        """The server's name for this connection; None while there is none."""
        return self._connection.socket_id

    @property
    def last_error(self) -> ConnectionFailedError | None:
        """Why the connection last failed or ended by itself."""
        return self._connection.last_error

    @property
    def next_attempt(self) -> float | None:
        """When the client connects again, in the event loop's seconds; None if it does not wait."""
        return self._connection.next_attempt

    @property
    def last_received(self) -> float | None:
        """When the last frame came, in the event loop's seconds."""
        return self._connection.last_received

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that somebody subscribed to, by name, joined or not."""
        return self._channels

    def connect(self) -> None:
        """Start to connect, and stay connected; `wait_connected` tells how the first try went."""
        self._connection.connect()

    async def wait_connected(self) -> None:
        """Wait until connected; raises `ConnectionFailedError` when a try fails before that.

        After a failure the client still tries, unless `state` is disconnected.
        """
        if self.state is ConnectionState.CONNECTED:
            return
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settle(notice: ClientNotice) -> None:
            if outcome.done():
                return
            match notice:
                case ConnectionFailedError():
                    outcome.set_exception(notice)
                case StateChange(state=ConnectionState.CONNECTED):
                    outcome.set_result(None)
                case StateChange(state=ConnectionState.DISCONNECTED):
                    words = "The client was told to disconnect"
                    outcome.set_exception(ConnectionFailedError(FailureReason.CLOSED, words))
                case _:
                    pass

        unlisten = self.listen(settle)
        try:
            await outcome
        finally:
            unlisten()

    async def disconnect(self) -> None:
        """Close the connection and stay away; channels are joined again after `connect`."""
        await self._connection.disconnect()

    def subscribe(self, channel: str) -> Channel:
        """Want a channel, now or as soon as there is a connection; the same one for the same name.

        Each call wants one `unsubscribe`. Raises `InvalidUseError` for a name that no channel can have.
        """
        check_channel_name(channel)
        return self._subscriptions.subscribe(channel)

    def unsubscribe(self, channel: str) -> None:
        """Want a channel no more; it is left once nobody wants it."""
        self._subscriptions.unsubscribe(channel)

    def bind(self, listener: EventListener, *patterns: str) -> Unlisten:
        """Call the listener with the events of all channels; see `Channel.bind`."""
        remove = self._everywhere.add(listener, patterns)
        self._subscriptions.forget_routes()

        def unbind() -> None:
            remove()
            self._subscriptions.forget_routes()

        return unbind

    def listen(self, listener: Callable[[ClientNotice], None]) -> Unlisten:
        """Call the listener with what concerns the connection, the app or the user.

        Return a function that ends it.
        """
        return self._notices.add(listener)

    def sign_in(self) -> None:
        """Sign the user in on this connection and all later ones."""
        self.user.sign_in()

    async def trigger(self, channel: str, event: str, data: Json) -> None:
        """Send a client event to the other members of a channel.

        A channel that is still being joined is waited for. Raises `InvalidUseError` when the event
        cannot be sent (rules: reference, "Triggering client events"), `SubscriptionError` when the
        channel that was waited for could not be joined.
        """
        check_event_name(event)
        if not event.startswith(CLIENT_EVENT_PREFIX):
            words = f"A client event's name starts with {CLIENT_EVENT_PREFIX}"
            raise InvalidUseError(Misuse.CLIENT_EVENT_NAME, words)
        if not ChannelKind.of(channel).takes_client_events:
            words = "Client events are for private and presence channels that are not encrypted"
            raise InvalidUseError(Misuse.CLIENT_EVENT_CHANNEL, words)
        frame = client_event_frame(channel, event, data)
        if self.state is not ConnectionState.CONNECTED:
            raise InvalidUseError(Misuse.NOT_CONNECTED, "There is no connection to send it on")
        joined = self._channels.get(channel)
        if joined is None or joined.error is not None:
            raise InvalidUseError(Misuse.NOT_SUBSCRIBED, "A client event needs a joined channel")
        await joined.wait_subscribed()
        if not await self._connection.send(frame):
            raise InvalidUseError(Misuse.NOT_CONNECTED, "The connection ended before it was sent")

    async def _require_user_id(self) -> str:
        return await self.user.require_id()

    def _deliver(self, event: Event) -> None:
        channel = self._channels.get(event.channel or "")
        if channel is not None:
            channel.deliver(event)

    def _handle(self, message: Message) -> None:
        match message:
            case SubscriptionSucceeded():
                self._subscriptions.succeeded(message)
            case SubscriptionRefused():
                self._subscriptions.refused(message)
            case MemberAdded() | MemberRemoved() | SubscriptionCount():
                self._handle_for_channel(message)
            case SigninSuccess():
                self.user.succeeded(message)
            case WatchlistEvents():
                self.user.watched(message)
            case ErrorReceived():
                if not self.user.reported(message):
                    self._subscriptions.reported(message)
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
                channel.member_added(message)
            case MemberRemoved():
                channel.member_removed(message)
            case SubscriptionCount():
                channel.counted(message)

    def _state_changed(self, change: StateChange) -> None:
        if change.previous is ConnectionState.CONNECTED:
            self._subscriptions.lost(self._connection.last_received or 0.0)
            self.user.lost()
        if change.state is ConnectionState.CONNECTED and self.socket_id is not None:
            self._notices.notify(change)
            self.user.connected(self.socket_id)
            self._subscriptions.connected(self.socket_id)
            return
        self._notices.notify(change)
