"""A configured channel: its subentry, its device and its subscription."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from ..client import (
    Channel,
    ChannelKind,
    ChannelNotice,
    DecryptionFailure,
    Event,
    Listeners,
    PresenceChannel,
    PusherClient,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unlisten,
    Unsubscribed,
    name_matches,
)
from ..const import CONF_CHANNEL, CONF_EVENTS, CONF_MEMBERS
from .bus import DeviceBus
from .grace import OutageGrace

LATEST_EVENT_NAMES: Final = 20

type ChannelChange = ChannelNotice | None


class ConfiguredChannel:
    """The channel of a subentry, from its first subscription to its removal.

    Entities listen here instead of on the client's channel, which is another one after the user
    renamed the channel, and which does not exist before Home Assistant has started. What they show
    does not change in an outage of less than 10 s.

    `decryption_failures` counts the events that could not be decrypted, `decryption_error` is the
    reason until an event is decrypted again.
    """

    def __init__(
        self, hass: HomeAssistant, subentry: ConfigSubentry, client: PusherClient, bus: DeviceBus
    ) -> None:
        self._client = client
        self._grace = OutageGrace(hass, self._notify_change)
        self._events: Listeners[Event] = Listeners()
        self._changes: Listeners[ChannelChange] = Listeners()
        self._unsubscribers: tuple[Unlisten, ...] = ()
        self._latest_events: dict[str, Event] = {}
        self._latest_name: str | None = None
        self._subscribed_patterns: tuple[str, ...] = ()
        self.subentry = subentry
        self.bus = bus
        self.client_channel: Channel | None = None
        self.decryption_failures = 0
        self.decryption_error: str | None = None

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

    def matches(self, event_name: str) -> bool:
        """Return whether events of this name pass the filter."""
        return name_matches(event_name, self.patterns)

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
    def is_available(self) -> bool:
        """Whether the channel is subscribed, or lost its subscription less than 10 s ago."""
        return self._grace.is_available

    @property
    def is_holding(self) -> bool:
        """Whether entities keep what they show, because an outage is shorter than 10 s so far."""
        return self._grace.is_holding

    @property
    def error(self) -> str | None:
        """Why the channel is not subscribed, or why its events cannot be decrypted."""
        refusal = None if self.client_channel is None else self.client_channel.error
        if refusal is not None and not self.is_holding:
            return refusal.error
        return self.decryption_error

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
        """Call the listener with each notice, and with None for every other change.

        That is a change by the user, of the availability or of the decryption.
        """
        return self._changes.add(listener)

    def subscribe(self) -> None:
        """Subscribe to the channel with the present name and filter."""
        self.client_channel = channel = self._client.subscribe(self.name)
        self._subscribed_patterns = patterns = self.patterns
        self._unsubscribers = (
            channel.bind(self._handle_event, *patterns),
            channel.listen(self._handle_notice),
        )
        if channel.is_subscribed:
            self._grace.recover()

    def unsubscribe(self) -> None:
        """Unsubscribe, if subscribed."""
        self._grace.give_up()
        if self.client_channel is not None:
            self._client.unsubscribe(self._detach(self.client_channel))

    def update(self, subentry: ConfigSubentry) -> None:
        """Apply what the user changed; the connection and other channels are not affected."""
        self.subentry = subentry
        channel = self.client_channel
        if channel is not None:
            is_renamed = channel.name != self.name
            if is_renamed:
                self._grace.give_up()
                self._latest_events.clear()
                self.decryption_error = None
            if is_renamed or self._subscribed_patterns != self.patterns:
                self._drop_excluded_events()
                previous = self._detach(channel)
                self.subscribe()
                self._client.unsubscribe(previous)
        self._notify_change()

    def give_up(self) -> None:
        """Show an outage at once, because the connection does not return by itself."""
        self._grace.give_up()
        self._notify_change()

    def _drop_excluded_events(self) -> None:
        """Drop the latest events that do not pass the present filter."""
        for name in [name for name in self._latest_events if not self.matches(name)]:
            del self._latest_events[name]
        self._latest_name = None

    def _notify_change(self) -> None:
        self._changes.notify(None)

    def _detach(self, channel: Channel) -> str:
        """Stop listening to the client's channel; return its name."""
        for unsubscribe in self._unsubscribers:
            unsubscribe()
        self.client_channel = None
        return channel.name

    def _handle_event(self, event: Event) -> None:
        # Runs for each event. The order of the names only changes with another name: 50 ns less.
        latest, name = self._latest_events, event.name
        if name != self._latest_name:
            self._latest_name = name
            latest.pop(name, None)
            if len(latest) >= LATEST_EVENT_NAMES:
                del latest[next(iter(latest))]
        latest[name] = event
        if self.decryption_error is not None:
            self.decryption_error = None
            self._notify_change()
        self.bus.fire_event(event)
        self._events.notify(event)

    def _handle_notice(self, notice: ChannelNotice) -> None:
        match notice:
            case SubscriptionSucceeded():
                self._grace.recover()
            case SubscriptionRefused(is_retried=False):
                self._grace.give_up()
            case Unsubscribed():
                self._grace.start_outage()
            case DecryptionFailure(reason=reason):
                self.decryption_failures += 1
                self.decryption_error = reason
            case _:
                pass
        if self.client_channel is not None:
            self.bus.fire_channel_notice(self.client_channel, notice)
        self._changes.notify(notice)
