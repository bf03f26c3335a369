"""Keeps the wanted channels joined: over reconnects, refusals and answers that never come."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .auth import Authorizer, ChannelAuth, ask
from .channel import Channel, ChannelState
from .close_codes import CloseCode
from .encrypted import EncryptedChannel
from .exceptions import AuthorizationError, is_transient
from .gaps import GapTracker
from .messages import ErrorReceived, RefusalType, SubscriptionRefused, SubscriptionSucceeded
from .names import ChannelKind
from .presence import PresenceChannel
from .protocol import subscribe_frame, unsubscribe_frame
from .reconnection import retry_delay
from .routes import Known, Routes

ANSWER_TIMEOUT = 10.0
ASKED_AT_ONCE = 8

_NOT_JOINED = (ChannelState.UNSUBSCRIBED, ChannelState.FAILED)
_EXISTING = re.compile(r"Existing subscription to channel (\S+)")
_BAD_SIGNATURE = re.compile(
    r"Expected HMAC SHA256 hex digest of [\d.]+:([^:\s]+?)(?::\{|, but got)"
)


@dataclass(slots=True)
class _Subscription:
    """A channel somebody wants, or that is still to be left.

    `asked` means that the server has yet to answer, which it may do after we stopped to wait.
    """

    channel: Channel
    users: int = 0
    failures: int = 0
    asked: bool = False
    timer: asyncio.TimerHandle | None = None

    @property
    def wanted(self) -> bool:
        return self.users > 0

    @property
    def is_pending(self) -> bool:
        return self.channel.state is ChannelState.PENDING

    def cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Subscriptions:
    """The channels of one client, each brought to the wanted state by a task of its own."""

    def __init__(
        self,
        *,
        everywhere: Routes,
        known: dict[str, Known],
        gaps: GapTracker,
        authorizer: Authorizer | None,
        send: Callable[[str], Awaitable[bool]],
        require_user_id: Callable[[], Awaitable[str]],
    ) -> None:
        """Start with no channels.

        `known` is kept up to date: who may be handed an event at once, by channel and event name.
        `send` gives a frame to the connection. `require_user_id` returns the id of the signed-in
        user, or raises `AuthorizationError`.
        """
        self._everywhere = everywhere
        self._gaps = gaps
        self._authorizer = authorizer
        self._send = send
        self._require_user_id = require_user_id
        self._channels: dict[str, Channel] = {}
        self._known = known
        self._subscriptions: dict[str, _Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)
        self._socket_id: str | None = None

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The wanted channels by name."""
        return MappingProxyType(self._channels)

    def subscribe(self, name: str) -> Channel:
        """Want a channel once more; it is joined as soon as there is a connection."""
        subscription = self._subscriptions.get(name)
        if subscription is None:
            subscription = self._subscriptions[name] = _Subscription(self._new_channel(name))
        subscription.users += 1
        self._channels[name] = subscription.channel
        self._known[name] = subscription.channel.known
        self._settle(subscription)
        return subscription.channel

    def unsubscribe(self, name: str, *, returns: bool = False) -> None:
        """Want a channel once less; the last one to go leaves it.

        What a channel that `returns` missed until then will be told as a gap.
        """
        subscription = self._subscriptions.get(name)
        if subscription is None or not subscription.wanted:
            return
        subscription.users -= 1
        if not subscription.wanted:
            del self._channels[name], self._known[name]
            if returns:
                self._gaps.failed(name)
            else:
                self._gaps.left(name)
            self._settle(subscription)

    def connected(self, socket_id: str) -> None:
        """Join all channels over a new connection."""
        self._socket_id = socket_id
        for subscription in list(self._subscriptions.values()):
            subscription.failures = 0
            self._start(self._work(subscription), at_once=True)

    def lost(self, last_received: float) -> None:
        """Take note that the connection is gone, and was last heard of at `last_received`."""
        self._socket_id = None
        for task in self._tasks:
            task.cancel()
        joined = [name for name, channel in self._channels.items() if channel.is_subscribed]
        self._gaps.lost(joined, last_received)
        for subscription in list(self._subscriptions.values()):
            self._forget(subscription)

    def succeeded(self, message: SubscriptionSucceeded) -> None:
        """Take the server's word that a channel is joined."""
        subscription = self._subscriptions.get(message.channel)
        if subscription is None or not (subscription.is_pending or subscription.asked):
            return
        subscription.cancel_timer()
        if not subscription.wanted:
            self._leave(subscription)
            return
        subscription.asked = False
        subscription.failures = 0
        subscription.channel.subscribed(message)
        if subscription.channel.is_subscribed:
            self._gaps.joined(message.channel, asyncio.get_running_loop().time())
        else:
            self._gaps.failed(message.channel)

    def refused(self, error: SubscriptionRefused) -> None:
        """Take the server's word that a channel cannot be joined."""
        subscription = self._subscriptions.get(error.channel)
        if subscription is not None and subscription.is_pending:
            subscription.asked = False
            retry = is_transient(error.status) or error.type == RefusalType.LIMIT_REACHED
            self._fail(subscription, error, retry=retry)

    def reported(self, error: ErrorReceived) -> None:
        """Find the channel that an error speaks of: some servers answer a subscription that way."""
        if match := _EXISTING.search(error.message):
            self.succeeded(SubscriptionSucceeded(match[1]))
        elif match := _BAD_SIGNATURE.search(error.message):
            self.refused(SubscriptionRefused(match[1], RefusalType.AUTH_ERROR, error.message, 401))
        elif error.code == CloseCode.UNAUTHORIZED and (name := self._oldest_unanswered()):
            self.refused(SubscriptionRefused(name, RefusalType.AUTH_ERROR, error.message, 401))

    def forget_routes(self) -> None:
        """Take note that a listener of all channels came or went."""
        for subscription in self._subscriptions.values():
            subscription.channel.forget_routes()

    def _oldest_unanswered(self) -> str | None:
        """Return the authorized channel whose answer is due next: servers answer in order."""
        asked = {
            subscription.timer.when(): name
            for name, subscription in self._subscriptions.items()
            if subscription.is_pending
            and subscription.timer is not None
            and subscription.channel.kind.needs_authorization
        }
        return asked[min(asked)] if asked else None

    def _new_channel(self, name: str) -> Channel:
        kind = ChannelKind.of(name)
        if kind.is_presence:
            return PresenceChannel(name, self._everywhere)
        if kind.is_encrypted:
            return EncryptedChannel(name, self._everywhere, self._fetch_key)
        return Channel(name, self._everywhere)

    def _settle(self, subscription: _Subscription) -> None:
        """Have the channel brought to the wanted state; none waits for the permission of others."""
        if self._socket_id is None:
            self._drop_unwanted(subscription)
            return
        self._start(self._work(subscription))

    def _start(self, work: Coroutine[object, object, None], *, at_once: bool = False) -> None:
        """Run it in a task; one that starts at once may end before there is anything to wait for."""
        name = "pusher_channels subscription"
        task = asyncio.create_task(work, name=name, eager_start=at_once)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, subscription: _Subscription) -> None:
        """Act on what is wanted by now; a channel that is being joined is left once it is."""
        channel = subscription.channel
        if subscription.wanted and channel.state in _NOT_JOINED:
            await self._join(subscription)
        elif not subscription.wanted and not subscription.is_pending:
            self._leave(subscription)

    async def _join(self, subscription: _Subscription) -> None:
        subscription.cancel_timer()
        channel = subscription.channel
        channel.state = ChannelState.PENDING
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
        if not subscription.wanted:
            self._leave(subscription)
            return
        if auth is None:
            frame = subscribe_frame(channel.name)
        else:
            frame = subscribe_frame(channel.name, auth.auth, auth.channel_data)
        subscription.timer = asyncio.get_running_loop().call_later(
            ANSWER_TIMEOUT, self._timed_out, subscription
        )
        subscription.asked = True
        await self._send(frame)

    def _leave(self, subscription: _Subscription) -> None:
        """Leave a channel, also one that the server may yet let us into."""
        may_be_joined = subscription.channel.is_subscribed or subscription.asked
        self._forget(subscription)
        if may_be_joined:
            self._start(self._tell_left(subscription.channel.name))

    async def _tell_left(self, name: str) -> None:
        await self._send(unsubscribe_frame(name))

    async def _authorize(self, channel: Channel) -> ChannelAuth | None:
        if not channel.kind.needs_authorization:
            return None
        auth = await self._ask_authorizer(channel.name)
        user_id = None
        if channel.kind.is_presence and auth.channel_data is None:
            user_id = await self._require_user_id()
        channel.authorized(auth, user_id)
        return auth

    async def _ask_authorizer(self, name: str) -> ChannelAuth:
        """Ask who may join, for a few channels at a time; raises `AuthorizationError`."""
        async with self._asking:
            if self._authorizer is None or self._socket_id is None:
                raise AuthorizationError("Nothing is set up to authorize private channels")
            return await ask(self._authorizer.authorize_channel(self._socket_id, name))

    async def _fetch_key(self, name: str) -> bytes | None:
        """Return today's shared secret of an encrypted channel."""
        return (await self._ask_authorizer(name)).shared_secret

    def _timed_out(self, subscription: _Subscription) -> None:
        name = subscription.channel.name
        words = f"The server did not answer within {ANSWER_TIMEOUT:g} seconds"
        self._fail(
            subscription, SubscriptionRefused(name, RefusalType.TIMEOUT, words, 0), retry=True
        )

    def _fail(
        self, subscription: _Subscription, error: SubscriptionRefused, *, retry: bool
    ) -> None:
        subscription.cancel_timer()
        if not subscription.wanted:
            self._leave(subscription)
            return
        if retry:
            error = replace(error, is_retried=True)
            delay = retry_delay(subscription.failures)
            subscription.failures += 1
            subscription.timer = asyncio.get_running_loop().call_later(
                delay, self._settle, subscription
            )
        subscription.channel.failed(error)
        self._gaps.failed(error.channel)

    def _forget(self, subscription: _Subscription) -> None:
        """Take note that the channel is not joined."""
        subscription.cancel_timer()
        subscription.asked = False
        subscription.channel.unsubscribed()
        self._drop_unwanted(subscription)

    def _drop_unwanted(self, subscription: _Subscription) -> None:
        if not subscription.wanted and subscription.channel.state is ChannelState.UNSUBSCRIBED:
            self._subscriptions.pop(subscription.channel.name, None)
