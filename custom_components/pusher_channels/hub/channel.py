"""A configured channel: its subentry, its device and its subscription."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from homeassistant.config_entries import ConfigSubentry

from ..client import (
    Channel,
    ChannelKind,
    ChannelNotice,
    Event,
    Listeners,
    PresenceChannel,
    PusherClient,
    Unlisten,
)
from ..const import CONF_CHANNEL, CONF_EVENTS, CONF_MEMBERS
from .bus import DeviceBus

LATEST_EVENT_NAMES: Final = 20

type ChannelChange = ChannelNotice | None


class ConfiguredChannel:
    """The channel of a subentry, from its first subscription to its removal.

    Entities listen here instead of on the client's channel, which is another one after the user
    renamed the channel, and which does not exist before Home Assistant has started.
    """

    def __init__(self, subentry: ConfigSubentry, client: PusherClient, bus: DeviceBus) -> None:
        self._client = client
        self._events: Listeners[Event] = Listeners()
        self._changes: Listeners[ChannelChange] = Listeners()
        self._unsubscribers: tuple[Unlisten, ...] = ()
        self._latest_events: dict[str, Event] = {}
        self._subscribed_patterns: tuple[str, ...] = ()
        self.subentry = subentry
        self.bus = bus
        self.client_channel: Channel | None = None

    @property
    def subentry_id(self) -> str:
        """The id of the subentry."""
        return self.subentry.subentry_id

    @property
    def name(self) -> str:
        """The channel's name."""
        name: str = self.subentry.data[CONF_CHANNEL]
        return name

    @property
    def kind(self) -> ChannelKind:
        """The channel's kind."""
        return ChannelKind.of(self.name)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The event names and globs to listen for; empty for all events."""
        return tuple(self.subentry.data.get(CONF_EVENTS, ()))

    @property
    def tracked_members(self) -> Sequence[str]:
        """The ids of the users that have an entity."""
        members: Sequence[str] = self.subentry.data.get(CONF_MEMBERS, ())
        return members

    @property
    def is_subscribed(self) -> bool:
        """Whether the channel is subscribed at this moment."""
        return self.client_channel is not None and self.client_channel.is_subscribed

    @property
    def presence(self) -> PresenceChannel | None:
        """The presence channel while it is subscribed."""
        channel = self.client_channel
        return channel if isinstance(channel, PresenceChannel) and channel.is_subscribed else None

    @property
    def latest_events(self) -> Mapping[str, Event]:
        """The latest event of each of the 20 most recent names, the most recent last."""
        return MappingProxyType(self._latest_events)

    def listen_events(self, listener: Callable[[Event], None]) -> Unlisten:
        """Call the listener with each event that passes the filter."""
        return self._events.add(listener)

    def listen(self, listener: Callable[[ChannelChange], None]) -> Unlisten:
        """Call the listener with each notice, and with None when the user changed the channel."""
        return self._changes.add(listener)

    def subscribe(self) -> None:
        """Subscribe to the channel with the present name and filter."""
        self.client_channel = channel = self._client.subscribe(self.name)
        self._subscribed_patterns = patterns = self.patterns
        self._unsubscribers = (
            channel.bind(self._handle_event, *patterns),
            channel.listen(self._handle_notice),
        )

    def unsubscribe(self) -> None:
        """Unsubscribe, if subscribed."""
        if self.client_channel is not None:
            self._client.unsubscribe(self._detach(self.client_channel))

    def update(self, subentry: ConfigSubentry) -> None:
        """Apply what the user changed; the connection and other channels are not affected."""
        self.subentry = subentry
        channel = self.client_channel
        if channel is not None:
            is_renamed = channel.name != self.name
            if is_renamed:
                self._latest_events.clear()
            if is_renamed or self._subscribed_patterns != self.patterns:
                previous = self._detach(channel)
                self.subscribe()
                self._client.unsubscribe(previous)
        self._changes.notify(None)

    def _detach(self, channel: Channel) -> str:
        """Stop listening to the client's channel; return its name."""
        for unsubscribe in self._unsubscribers:
            unsubscribe()
        self.client_channel = None
        return channel.name

    def _handle_event(self, event: Event) -> None:
        # Runs for each event: about 0.1 µs of it are for the latest events.
        latest, name = self._latest_events, event.name
        latest.pop(name, None)
        latest[name] = event
        if len(latest) > LATEST_EVENT_NAMES:
            del latest[next(iter(latest))]
        self.bus.fire_event(event)
        self._events.notify(event)

    def _handle_notice(self, notice: ChannelNotice) -> None:
        if self.client_channel is not None:
            self.bus.fire_channel_notice(self.client_channel, notice)
        self._changes.notify(notice)
