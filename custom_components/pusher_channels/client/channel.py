"""One channel: its state, its listeners, and the server's latest notices about it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import override

from .auth_answers import ChannelAuth
from .dispatch import ChannelDispatcher, EventListener
from .exceptions import SubscriptionError
from .listeners import Listeners, Unlisten
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
from .names import ChannelKind

CACHED_EVENT_WITHIN = 1.0
CACHE_MISS = "pusher:cache_miss"


class ChannelState(StrEnum):
    """The subscription state of a channel."""

    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"
    SUBSCRIBED = "subscribed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The channel is no longer subscribed: the connection ended, or we unsubscribed."""

    channel: str


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    """A known member has new information."""

    channel: str
    member: Member


@dataclass(frozen=True, slots=True)
class DecryptionFailure:
    """An event could not be decrypted and was dropped."""

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
    """A channel without members or encryption; other kinds derive from it.

    `subscription_count` is the server's, None if it sends none. `error` is why the latest
    subscription failed, None once subscribed.
    """

    __slots__ = (
        "_cached_until",
        "_dispatcher",
        "_notices",
        "_waiters",
        "error",
        "kind",
        "name",
        "state",
        "subscription_count",
    )

    def __init__(self, name: str, dispatcher: ChannelDispatcher) -> None:
        self.name = name
        self.kind = ChannelKind.of(name)
        self.state = ChannelState.UNSUBSCRIBED
        self.error: SubscriptionRefused | None = None
        self.subscription_count: int | None = None
        self._dispatcher = dispatcher
        self._notices: Listeners[ChannelNotice] = Listeners()
        self._waiters: tuple[asyncio.Future[None], ...] = ()
        self._cached_until: float | None = None

    @override
    def __repr__(self) -> str:
        """Return name and state; nothing here is secret."""
        return f"<{type(self).__name__} {self.name} {self.state}>"

    @property
    def is_subscribed(self) -> bool:
        """Whether the channel is subscribed now."""
        return self.state is ChannelState.SUBSCRIBED

    @property
    def event_names(self) -> tuple[str, ...]:
        """Names of recently received events (at most 1024)."""
        return self._dispatcher.event_names

    def bind(self, listener: EventListener, *patterns: str) -> Unlisten:
        """Call the listener for each event with a name, or matching a glob such as `order.*`.

        Without patterns it is called for every event. Return a function that unbinds it.
        """
        return self._dispatcher.bind(listener, patterns)

    def listen(self, listener: Callable[[ChannelNotice], None]) -> Unlisten:
        """Call the listener for each notice about the channel; return a function that ends that."""
        return self._notices.add(listener)

    async def wait_subscribed(self) -> None:
        """Wait until the channel is subscribed; raises `SubscriptionError` if that fails.

        It has failed too when the channel is unsubscribed, or the client no longer connects.
        """
        if self.state is ChannelState.SUBSCRIBED:
            return
        error = self.error
        if self.state is ChannelState.FAILED and error is not None and not error.is_retried:
            raise SubscriptionError(error.type, error.error, error.status)
        waiter = asyncio.get_running_loop().create_future()
        self._waiters = (*self._waiters, waiter)
        try:
            await waiter
        finally:
            self._waiters = tuple(other for other in self._waiters if other is not waiter)

    def _on_authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        """Use an authorizer's answer; `user_id` is the signed-in user's."""

    def _on_subscribed(self, message: SubscriptionSucceeded) -> None:
        self.state = ChannelState.SUBSCRIBED
        self.error = None
        if self.kind.is_cache:
            self._cached_until = asyncio.get_running_loop().time() + CACHED_EVENT_WITHIN
            self._dispatcher.intercept(self._dispatch_first)
        self._resolve_waiters(None)
        self._notify(message)

    def _on_failed(self, error: SubscriptionRefused) -> None:
        self.state = ChannelState.FAILED
        self.error = error
        self._resolve_waiters(SubscriptionError(error.type, error.error, error.status))
        self._notify(error)

    def _on_unsubscribed(self) -> None:
        """Clear what is only known while subscribed."""
        was_subscribed, self.state = self.is_subscribed, ChannelState.UNSUBSCRIBED
        self.subscription_count = None
        self._end_caching()
        self._resolve_waiters(
            SubscriptionError(
                RefusalType.CONNECTION_LOST,
                "The connection ended, or the channel was unsubscribed",
                0,
            )
        )
        if was_subscribed:
            self._notify(Unsubscribed(self.name))

    def _on_member_added(self, message: MemberAdded) -> None:
        """Do nothing: only presence channels have members."""

    def _on_member_removed(self, message: MemberRemoved) -> None:
        """Do nothing: only presence channels have members."""

    def _on_count(self, message: SubscriptionCount) -> None:
        self.subscription_count = message.count
        self._notify(message)

    def _notify(self, notice: ChannelNotice) -> None:
        self._notices.notify(notice)

    @property
    def _awaits_first_event(self) -> bool:
        """Whether a cache channel got no event since it was subscribed."""
        return self._cached_until is not None

    @property
    def _may_be_resent(self) -> bool:
        """Whether an event that arrives now is the one that the server kept."""
        until = self._cached_until
        return until is not None and asyncio.get_running_loop().time() < until

    def _dispatch_first(self, event: Event) -> None:
        """Dispatch the first event after a cache channel was subscribed.

        Servers resend the latest event right away, Reverb client events too. A server without
        cache channels resends none, so an event that comes later than 1 second is a new one.
        """
        resent = self._may_be_resent and not event.name.startswith("pusher:")
        self._end_caching()
        self._dispatcher.dispatch(event.from_cache() if resent else event)

    def _end_caching(self) -> None:
        if self._cached_until is not None:
            self._cached_until = None
            self._dispatcher.intercept(self._interceptor)

    @property
    def _interceptor(self) -> EventListener | None:
        """What gets each event before the listeners do."""
        return None

    def _resolve_waiters(self, error: SubscriptionError | None) -> None:
        waiters, self._waiters = self._waiters, ()
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
