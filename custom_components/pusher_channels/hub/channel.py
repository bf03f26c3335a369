"""One configured channel: its subentry, its device, and the client's channel while it is wanted."""

from collections.abc import Callable, Sequence

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant

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

type ChannelChange = ChannelNotice | None


class ConfiguredChannel:
    """Stands between the entities of a channel's device and the client's channel.

    Entities listen here, so that neither the late join at Home Assistant's start nor a changed
    name or filter concerns them.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        subentry_id: str,
        client: PusherClient,
        device_id: str,
    ) -> None:
        """Prepare; nothing is joined before `join`."""
        self._entry = entry
        self._client = client
        self.bus = DeviceBus(hass, entry.entry_id, device_id)
        self._events: Listeners[Event] = Listeners()
        self._changes: Listeners[ChannelChange] = Listeners()
        self._ends: tuple[Unlisten, ...] = ()
        self._joined_as: tuple[str, tuple[str, ...]] | None = None
        self.subentry_id = subentry_id
        self.channel: Channel | None = None

    @property
    def subentry(self) -> ConfigSubentry:
        """The subentry as it is now."""
        return self._entry.subentries[self.subentry_id]

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
        """The event names and globs to listen for; none: every event."""
        return tuple(self.subentry.data.get(CONF_EVENTS, ()))

    @property
    def tracked_members(self) -> Sequence[str]:
        """The user ids that have an entity of their own."""
        members: Sequence[str] = self.subentry.data.get(CONF_MEMBERS, ())
        return members

    @property
    def is_subscribed(self) -> bool:
        """Whether the channel is joined at this moment."""
        return self.channel is not None and self.channel.is_subscribed

    @property
    def presence(self) -> PresenceChannel | None:
        """The presence channel while it is joined."""
        channel = self.channel
        return channel if isinstance(channel, PresenceChannel) and channel.is_subscribed else None

    def listen_events(self, listener: Callable[[Event], None]) -> Unlisten:
        """Call the listener with each event that passes the filter."""
        return self._events.add(listener)

    def listen(self, listener: Callable[[ChannelChange], None]) -> Unlisten:
        """Call the listener with each notice, and with None when the user changed the channel."""
        return self._changes.add(listener)

    def join(self) -> None:
        """Want the channel."""
        patterns = self.patterns
        self._joined_as = (self.name, patterns)
        self.channel = channel = self._client.subscribe(self.name)
        self._ends = (
            channel.bind(self.bus.fire_event, *patterns),
            channel.bind(self._events.notify, *patterns),
            channel.listen(self._notice),
        )

    def leave(self) -> None:
        """Want the channel no more."""
        if self.channel is not None:
            left = self._let_go(self.channel)
            self._client.unsubscribe(left)

    def refresh(self) -> None:
        """Take over what the user changed; the connection and other channels do not notice."""
        if self.channel is not None and self._joined_as != (self.name, self.patterns):
            left = self._let_go(self.channel)
            self.join()
            self._client.unsubscribe(left)
        self._changes.notify(None)

    def _let_go(self, channel: Channel) -> str:
        """Listen to the channel no more; return its name, under which it is still wanted."""
        for end in self._ends:
            end()
        self.channel = None
        return channel.name

    def _notice(self, notice: ChannelNotice) -> None:
        if self.channel is not None:
            self.bus.fire_channel_notice(self.channel, notice)
        self._changes.notify(notice)
