"""Channels that an action subscribed to: heard on the bus until the entry is reloaded."""

from collections.abc import Callable
from functools import partial

from ..client import (
    ChannelNotice,
    PusherClient,
    Unlisten,
)
from .bus import DeviceBus


class TemporaryChannels:
    """The channels of one app that have neither a subentry nor a device."""

    def __init__(
        self, client: PusherClient, bus: DeviceBus, listener: Callable[[ChannelNotice], None]
    ) -> None:
        """Start with none; the listener hears every notice about one of them."""
        self._client = client
        self._bus = bus
        self._listener = listener
        self._ends: dict[str, tuple[Unlisten, ...]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether an action subscribed to the channel."""
        return name in self._ends

    async def subscribe(self, name: str) -> None:
        """Join a channel, or ask again for one that was refused meanwhile.

        Raises `InvalidUseError` for a name that no channel can have, and `SubscriptionError` when the
        channel cannot be joined, which is then not wanted any more.
        """
        channel = self._client.subscribe(name)
        if name in self._ends:
            self._client.unsubscribe(name)
        else:
            self._ends[name] = (
                channel.bind(self._bus.fire_event),
                channel.listen(partial(self._bus.fire_channel_notice, channel)),
                channel.listen(self._listener),
            )
        try:
            await channel.wait_subscribed()
        except BaseException:
            self.unsubscribe(name)
            raise

    def unsubscribe(self, name: str) -> None:
        """Leave a channel if it is one of these."""
        if name in self._ends:
            for end in self._ends.pop(name):
                end()
            self._client.unsubscribe(name)
