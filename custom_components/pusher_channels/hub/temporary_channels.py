"""Channels that the action `subscribe` subscribed to, until the next reload."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..client import Channel, ChannelNotice, PusherClient, SubscriptionError, Unlisten
from .bus import DeviceBus


@dataclass(slots=True)
class _Subscription:
    """A temporary channel; `waiting` counts the callers that wait for its subscription."""

    channel: Channel
    unsubscribers: tuple[Unlisten, ...]
    waiting: int = 0
    is_kept: bool = False


class TemporaryChannels:
    """The channels of one app that have neither a subentry nor a device."""

    def __init__(
        self, client: PusherClient, bus: DeviceBus, listener: Callable[[ChannelNotice], None]
    ) -> None:
        self._client = client
        self._bus = bus
        self._listener = listener
        self._subscriptions: dict[str, _Subscription] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether the action subscribed to the channel."""
        return name in self._subscriptions

    async def subscribe(self, name: str) -> None:
        """Subscribe to a channel; retry one that was refused.

        Raises `InvalidUseError` for an invalid name, and `SubscriptionError` when the channel is
        refused; it is then unsubscribed.
        """
        channel = self._client.subscribe(name)
        if name in self._subscriptions:
            self._client.unsubscribe(name)
        else:
            self._subscriptions[name] = _Subscription(
                channel,
                (
                    channel.bind(self._bus.fire_event),
                    channel.listen(partial(self._bus.fire_channel_notice, channel)),
                    channel.listen(self._listener),
                ),
            )
        subscription = self._subscriptions[name]
        subscription.waiting += 1
        try:
            await channel.wait_subscribed()
            subscription.is_kept = True
        except SubscriptionError:
            subscription.is_kept = False
            raise
        finally:
            subscription.waiting -= 1
            if not subscription.is_kept and not subscription.waiting:
                self._remove(name, subscription)

    def unsubscribe(self, name: str) -> None:
        """Unsubscribe from a channel, if it is a temporary one."""
        if subscription := self._subscriptions.get(name):
            self._remove(name, subscription)

    def _remove(self, name: str, subscription: _Subscription) -> None:
        if self._subscriptions.get(name) is subscription:
            del self._subscriptions[name]
            for unsubscribe in subscription.unsubscribers:
                unsubscribe()
            self._client.unsubscribe(name)
