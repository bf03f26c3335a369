"""What one channel knows: whether it is joined, who listens, and what the server last said of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import override

from .auth import ChannelAuth
from .exceptions import SubscriptionError
from .listeners import Listeners, Unlisten, notify
from .messages import (
    Event,
    Member,
    MemberAdded,
    MemberRemoved,
    RefusalType,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
)
from .names import CLIENT_EVENT_PREFIX, ChannelKind
from .routes import EventListener, Known, Routes

CACHED_EVENT_WITHIN = 10.0


class ChannelState(StrEnum):
    """Where a channel stands."""

    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"
    SUBSCRIBED = "subscribed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The channel is no longer joined: the connection went, or we left."""

    channel: str


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    """A member that was there already has new information."""

    channel: str
    member: Member


@dataclass(frozen=True, slots=True)
class DecryptionFailure:
    """An event could not be decrypted, and was skipped."""

    channel: str
    event: str
    reason: str


type ChannelNotice = (
    SubscriptionSucceeded
    | SubscriptionRefused
    | Unsubscribed
    | MemberAdded
    | MemberUpdated
    | MemberRemoved
    | SubscriptionCount
    | DecryptionFailure
)


class Channel:
    """A channel of any kind without members or encryption.

    `subscription_count` is the server's, None where it sends none. `error` is what kept us out the
    last time that joining failed.
    """

    __slots__ = (
        "_cached_until",
        "_notices",
        "_routes",
        "_waiters",
        "error",
        "kind",
        "name",
        "state",
        "subscription_count",
    )

    def __init__(self, name: str, everywhere: Routes) -> None:
        """Start unsubscribed; listeners of `everywhere` hear this channel's events too."""
        self.name = name
        self.kind = ChannelKind.of(name)
        self.state = ChannelState.UNSUBSCRIBED
        self.error: SubscriptionRefused | None = None
        self.subscription_count: int | None = None
        self._routes = Routes(everywhere)
        self._notices: Listeners[ChannelNotice] = Listeners()
        self._waiters: list[asyncio.Future[None]] = []
        self._cached_until = 0.0

    @override
    def __repr__(self) -> str:
        """Name the channel and its state."""
        return f"<{type(self).__name__} {self.name} {self.state}>"

    @property
    def is_subscribed(self) -> bool:
        """Whether the channel is joined at this moment."""
        return self.state is ChannelState.SUBSCRIBED

    @property
    def event_names(self) -> tuple[str, ...]:
        """The names of the events that came of late, wanted or not; at most 1024."""
        return tuple(self._routes.known)

    @property
    def known(self) -> Known:
        """Who may be handed an event of a name at once, without `deliver`."""
        return self._routes.known

    def bind(self, listener: EventListener, *patterns: str) -> Unlisten:
        """Call the listener with each event that a name or glob such as `order.*` matches.

        Without patterns it hears every event. Return a function that ends it.
        """
        return self._routes.add(listener, patterns)

    def listen(self, listener: Callable[[ChannelNotice], None]) -> Unlisten:
        """Call the listener with each notice about the channel itself; return how to end it."""
        return self._notices.add(listener)

    async def wait_subscribed(self) -> None:
        """Wait until the channel is joined; raises `SubscriptionError` when that fails."""
        if self.state is ChannelState.SUBSCRIBED:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def deliver(self, event: Event) -> None:
        """Hand an event to whom its name concerns."""
        if self._cached_until:
            event = self._cached(event)
        notify((self._routes.of(event.name),), event)

    def forget_routes(self) -> None:
        """Take note that a listener of `everywhere` came or went."""
        self._routes.forget()

    def authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        """Take what the permission to join tells; `user_id` is the signed-in user's."""

    def subscribed(self, message: SubscriptionSucceeded) -> None:
        """Take note that the server let us in."""
        self.state = ChannelState.SUBSCRIBED
        self.error = None
        if self.kind.is_cache:
            self._routes.forget()
            self._cached_until = asyncio.get_running_loop().time() + CACHED_EVENT_WITHIN
        self._settle(None)
        self.tell(message)

    def failed(self, error: SubscriptionRefused) -> None:
        """Take note that we could not join."""
        self.state = ChannelState.FAILED
        self.error = error
        self._settle(SubscriptionError(error.type, error.error, error.status))
        self.tell(error)

    def unsubscribed(self) -> None:
        """Forget what only somebody on the channel can know."""
        was_subscribed, self.state = self.is_subscribed, ChannelState.UNSUBSCRIBED
        self.subscription_count = None
        self._cached_until = 0.0
        self._settle(
            SubscriptionError(RefusalType.CONNECTION_LOST, "The connection ended meanwhile", 0)
        )
        if was_subscribed:
            self.tell(Unsubscribed(self.name))

    def member_added(self, message: MemberAdded) -> None:
        """Ignore it: only presence channels have members."""

    def member_removed(self, message: MemberRemoved) -> None:
        """Ignore it: only presence channels have members."""

    def counted(self, message: SubscriptionCount) -> None:
        """Take the server's count of connections."""
        self.subscription_count = message.count
        self.tell(message)

    def tell(self, notice: ChannelNotice) -> None:
        """Tell whoever listens to the channel itself."""
        self._notices.notify(notice)

    def _cached(self, event: Event) -> Event:
        """Mark the event that a server keeps for who joins: the first one, right after joining.

        Client events are never kept. A server that knows no cache channels sends none, so what
        comes later than 10 seconds is news.
        """
        if event.name.startswith(CLIENT_EVENT_PREFIX):
            return event
        in_time = asyncio.get_running_loop().time() < self._cached_until
        self._cached_until = 0.0
        return event.from_cache() if in_time and not event.name.startswith("pusher:") else event

    def _settle(self, error: SubscriptionError | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
