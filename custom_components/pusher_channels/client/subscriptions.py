"""Keeps channels subscribed, over reconnects, refusals and missing answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .auth_answers import ChannelAuth
from .authorizers import Authorizer, ask
from .channel import Channel, ChannelState
from .clock import WallClock
from .close_codes import CloseCode
from .dispatch import Dispatcher
from .encrypted import EncryptedChannel
from .exceptions import AuthorizationError, is_transient
from .gaps import GapTracker
from .limits import ANSWER_TIMEOUT
from .messages import ErrorReceived, RefusalType, SubscriptionRefused, SubscriptionSucceeded
from .names import ChannelKind
from .pacing import Pacer
from .presence import PresenceChannel
from .protocol import subscribe_frame, unsubscribe_frame
from .reconnection import retry_delay

_LOGGER = logging.getLogger(__name__)

MAX_AUTHORIZATIONS = 8
"""How many channels are authorized at the same time."""
MAX_OVERFLOWS = 2
"""A channel is left out after its subscription ended so many connections by a too large message."""

LONGEST_TRANSFER = 30.0
"""A message of 16 MB arrives within this time after the answer to a subscription."""

_UNSUBSCRIBED = (ChannelState.UNSUBSCRIBED, ChannelState.FAILED)


@dataclass(slots=True)
class Subscription:
    """A channel that is subscribed to, or that is still to be unsubscribed.

    `asked_at`: when the request was sent, as long as the server has not answered; it may also
    answer after the client stopped waiting.
    """

    channel: Channel
    references: int = 0
    failures: int = 0
    overflows: int = 0
    asked_at: float | None = None
    subscribed_at: float = 0.0
    server_error: str = ""
    timer: asyncio.TimerHandle | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the channel is being subscribed."""
        return self.channel.state is ChannelState.PENDING

    @property
    def may_be_refused(self) -> bool:
        """Whether the server may still refuse the request; after a timeout until it is repeated."""
        return self.is_pending or (self.asked_at is not None and self.timer is not None)

    def cancel_timer(self) -> None:
        """Cancel the timeout of a request, or the next retry."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Subscriptions:
    """The channels of one client; a task for each subscribes or unsubscribes it as needed."""

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        gaps: GapTracker,
        clock: WallClock,
        authorizer: Authorizer | None,
        send: Callable[[str], Awaitable[bool]],
        require_user_id: Callable[[], Awaitable[str]],
    ) -> None:
        """`send` sends a frame; `require_user_id` returns the id of the signed-in user.

        It raises `AuthorizationError` if no user is signed in.
        """
        self._dispatcher = dispatcher
        self._gaps = gaps
        self._clock = clock
        self._authorizer = authorizer
        self._send = send
        self._require_user_id = require_user_id
        self._channels: dict[str, Channel] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._authorizing = asyncio.Semaphore(MAX_AUTHORIZATIONS)
        self._pacer = Pacer()
        self._socket_id: str | None = None

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that are subscribed to, by name."""
        return MappingProxyType(self._channels)

    def subscribe(self, name: str) -> Channel:
        """Add a reference to a channel; it is subscribed as soon as there is a connection."""
        subscription = self._subscriptions.get(name)
        if subscription is None:
            subscription = self._subscriptions[name] = Subscription(self._new_channel(name))
        channel = subscription.channel
        if channel.state is ChannelState.FAILED:
            # It is requested again, so that `wait_subscribed` waits for the new answer.
            channel.state = ChannelState.UNSUBSCRIBED
        if subscription.references == 0:
            self._channels[name] = channel
            self._dispatcher.activate(name, channel._dispatcher)
            self._gaps.on_subscribing(name)
        subscription.references += 1
        subscription.overflows = 0
        self._reconcile(subscription)
        return channel

    def unsubscribe(self, name: str, *, keep_gap: bool = False) -> None:
        """Drop one reference; unsubscribe at zero.

        With `keep_gap` the events that are missed until the next subscription are a gap.
        """
        subscription = self._subscriptions.get(name)
        if subscription is None or subscription.references == 0:
            return
        subscription.references -= 1
        if subscription.references == 0:
            del self._channels[name]
            self._dispatcher.deactivate(name)
            if keep_gap:
                self._gaps.on_failed(name)
            else:
                self._gaps.on_unsubscribed(name)
            self._reconcile(subscription)

    def on_connected(self, socket_id: str) -> None:
        """Subscribe all channels over a new connection."""
        self._socket_id = socket_id
        for subscription in list(self._subscriptions.values()):
            subscription.failures = 0
            self._start(self._subscribe_or_unsubscribe(subscription), eager=True)

    def on_lost(self, since: float) -> None:
        """Unsubscribe all channels: the connection is lost, with events missed since `since` (seconds since 1970)."""
        self._socket_id = None
        for task in self._tasks:
            task.cancel()
        self._pacer.restart()
        subscribed = [name for name, channel in self._channels.items() if channel.is_subscribed]
        self._gaps.on_lost(subscribed, since)
        self.on_disconnected()

    def on_disconnected(self) -> None:
        """Set all channels to unsubscribed, and end the waits for them."""
        for subscription in list(self._subscriptions.values()):
            self._reset(subscription)

    def on_too_large(self) -> None:
        """Find the channel of which the answer or the cached event was too large to receive."""
        unanswered = [subscription for _, subscription in self.unanswered()]
        earliest = asyncio.get_running_loop().time() - LONGEST_TRANSFER
        recent = [
            subscription
            for subscription in self._subscriptions.values()
            if subscription.channel._awaits_first_event and subscription.subscribed_at >= earliest
        ]
        recent.sort(key=lambda subscription: subscription.subscribed_at, reverse=True)
        for subscription in (unanswered or recent)[:1]:
            subscription.overflows += 1

    def handle_succeeded(self, message: SubscriptionSucceeded) -> None:
        """Set a channel to subscribed."""
        subscription = self._subscriptions.get(message.channel)
        if subscription is None or not (
            subscription.is_pending or subscription.asked_at is not None
        ):
            return
        subscription.cancel_timer()
        if subscription.references == 0:
            self._unsubscribe(subscription)
            return
        _LOGGER.debug("Subscribed to %s", message.channel)
        subscription.asked_at = None
        subscription.failures = 0
        subscription.subscribed_at = asyncio.get_running_loop().time()
        subscription.channel._on_subscribed(message)
        if subscription.channel.is_subscribed:
            self._gaps.on_subscribed(message.channel, self._clock.now())
        else:
            self._gaps.on_failed(message.channel)

    def handle_refused(self, error: SubscriptionRefused, *, is_certain: bool = True) -> None:
        """Set a channel to failed, and repeat the request later if that may help.

        Unless `is_certain`, the error may be about something else: a late success is accepted.
        """
        subscription = self._subscriptions.get(error.channel)
        if subscription is not None and subscription.may_be_refused:
            if is_certain:
                subscription.asked_at = None
            retry = is_transient(error.status) or error.type == RefusalType.LIMIT_REACHED
            self._fail(subscription, error, retry=retry)

    def refuse(self, name: str, error: ErrorReceived, *, is_certain: bool) -> None:
        """Fail a channel because of an error that answers, or may answer, its subscription."""
        # A public channel is not refused for its credentials.
        status = error.refusal_status if ChannelKind.of(name).needs_authorization else None
        refusal = SubscriptionRefused(name, RefusalType.AUTH_ERROR, error.message, status or 403)
        self.handle_refused(refusal, is_certain=is_certain)

    def get(self, name: str) -> Subscription | None:
        """Return a channel that is subscribed to, or that is still to be unsubscribed."""
        return self._subscriptions.get(name)

    def unanswered(self) -> list[tuple[float, Subscription]]:
        """Return the subscriptions that the server has not answered, and when each was requested."""
        requests = [
            (subscription.asked_at, subscription)
            for subscription in self._subscriptions.values()
            if subscription.asked_at is not None
        ]
        return sorted(requests, key=lambda request: request[0])

    def slow_down(self) -> None:
        """Request the next subscriptions more slowly."""
        self._pacer.slow_down()

    def _new_channel(self, name: str) -> Channel:
        kind = ChannelKind.of(name)
        dispatcher = self._dispatcher.new_channel()
        if kind.is_presence:
            return PresenceChannel(name, dispatcher)
        if kind.is_encrypted:
            return EncryptedChannel(name, dispatcher, self._fetch_key)
        return Channel(name, dispatcher)

    def _reconcile(self, subscription: Subscription) -> None:
        """Start a task that subscribes or unsubscribes the channel as needed."""
        if self._socket_id is None:
            if not subscription.references:
                self._reset(subscription)
            return
        self._start(self._subscribe_or_unsubscribe(subscription))

    def _start(self, coroutine: Coroutine[object, object, None], *, eager: bool = False) -> None:
        """Run a coroutine in a task; with `eager` it may be done before this returns."""
        name = "pusher_channels subscription"
        task = asyncio.create_task(coroutine, name=name, eager_start=eager)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _subscribe_or_unsubscribe(self, subscription: Subscription) -> None:
        """Subscribe or unsubscribe; a channel that is pending is unsubscribed after the answer."""
        channel = subscription.channel
        if subscription.references and channel.state in _UNSUBSCRIBED:
            await self._subscribe(subscription)
        elif not subscription.references and not subscription.is_pending:
            self._unsubscribe(subscription)

    async def _subscribe(self, subscription: Subscription) -> None:
        subscription.cancel_timer()
        channel = subscription.channel
        channel.state = ChannelState.PENDING
        if subscription.overflows >= MAX_OVERFLOWS:
            reason = "A message that follows the subscription is too large"
            refusal = SubscriptionRefused(
                channel.name, RefusalType.TOO_LARGE, reason, CloseCode.MESSAGE_TOO_BIG
            )
            self._fail(subscription, refusal, retry=False)
            return
        await self._pacer.wait()
        try:
            auth = await self._authorize(channel)
        except AuthorizationError as err:
            if subscription.is_pending:
                error = SubscriptionRefused(
                    channel.name, RefusalType.AUTH_ERROR, err.message, err.status
                )
                self._fail(subscription, error, retry=err.retryable)
            return
        if not subscription.is_pending:
            return
        if subscription.references == 0:
            self._unsubscribe(subscription)
            return
        if auth is None:
            frame = subscribe_frame(channel.name)
        else:
            frame = subscribe_frame(channel.name, auth.auth, auth.channel_data)
        loop = asyncio.get_running_loop()
        subscription.server_error = ""
        subscription.timer = loop.call_later(ANSWER_TIMEOUT, self._on_timeout, subscription)
        subscription.asked_at = loop.time()
        await self._send(frame)

    def _unsubscribe(self, subscription: Subscription) -> None:
        """Unsubscribe a channel, also one that the server may still answer."""
        # Sent before listeners are notified: one may subscribe again.
        if subscription.channel.is_subscribed or subscription.asked_at is not None:
            self._start(self._send_unsubscribe(subscription.channel.name))
        self._reset(subscription)

    async def _send_unsubscribe(self, name: str) -> None:
        await self._send(unsubscribe_frame(name))

    async def _authorize(self, channel: Channel) -> ChannelAuth | None:
        if not channel.kind.needs_authorization:
            return None
        auth = await self._ask_authorizer(channel.name)
        user_id = None
        if channel.kind.is_presence and auth.channel_data is None:
            user_id = await self._require_user_id()
        channel._on_authorized(auth, user_id)
        return auth

    async def _ask_authorizer(self, name: str) -> ChannelAuth:
        """Authorize a channel, a few at the same time; raises `AuthorizationError`."""
        async with self._authorizing:
            if self._authorizer is None or self._socket_id is None:
                raise AuthorizationError("No authorization of private channels is set up")
            clock = asyncio.get_running_loop().time
            started = clock()
            try:
                return await ask(self._authorizer.authorize_channel(self._socket_id, name))
            finally:
                _LOGGER.debug("Authorizer asked for %s: %.3f s", name, clock() - started)

    async def _fetch_key(self, name: str) -> bytes | None:
        """Return the present shared secret of an encrypted channel."""
        return (await self._ask_authorizer(name)).shared_secret

    def _on_timeout(self, subscription: Subscription) -> None:
        name = subscription.channel.name
        reason = f"The server did not answer within {ANSWER_TIMEOUT:g} seconds"
        if subscription.server_error:
            reason = f"{reason}; it reported: {subscription.server_error}"
        error = SubscriptionRefused(name, RefusalType.TIMEOUT, reason, 0)
        self._fail(subscription, error, retry=True)

    def _fail(self, subscription: Subscription, error: SubscriptionRefused, *, retry: bool) -> None:
        subscription.cancel_timer()
        if subscription.references == 0:
            self._unsubscribe(subscription)
            return
        _LOGGER.debug("Not subscribed to %s: %s (%d)", error.channel, error.type, error.status)
        if retry:
            error = replace(error, is_retried=True)
            delay = retry_delay(subscription.failures)
            subscription.failures += 1
            subscription.timer = asyncio.get_running_loop().call_later(
                delay, self._reconcile, subscription
            )
        subscription.channel._on_failed(error)
        self._gaps.on_failed(error.channel)

    def _reset(self, subscription: Subscription) -> None:
        """Set a channel to unsubscribed."""
        subscription.cancel_timer()
        subscription.asked_at = None
        name = subscription.channel.name
        if not subscription.references and self._subscriptions.get(name) is subscription:
            del self._subscriptions[name]
        subscription.channel._on_unsubscribed()
