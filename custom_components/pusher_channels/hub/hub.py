"""One running app: its client, devices, channels and platforms."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..client import (
    ClientNotice,
    ConnectionState,
    HttpApi,
    PusherClient,
    StateChange,
)
from ..const import (
    AUTH_NONE,
    CONF_AUTHORIZATION,
    CONF_SIGN_IN,
    CONF_WATCHLIST,
    SUBENTRY_CHANNEL,
)
from .bus import DeviceBus
from .channel import ConfiguredChannel
from .devices import register_app, register_channel
from .gaps import AppGaps, is_user_channel
from .platform_entities import PlatformEntities
from .refusals import Refusals
from .shares import Shares
from .temporary_channels import TemporaryChannels
from .user import AppUser

_LOGGER = logging.getLogger(__name__)

MAX_PAST_STATES = 50

type PusherConfigEntry = ConfigEntry[Hub]
type ChannelEntities = Callable[[ConfiguredChannel], Iterable[Entity]]


@dataclass(frozen=True, slots=True)
class PastState:
    """A state of the connection and its start."""

    state: ConnectionState
    since: datetime


@dataclass(frozen=True, slots=True)
class _ChannelPlatform:
    """A platform and the entities that it has for a channel."""

    entities: PlatformEntities
    make: ChannelEntities


class Hub:
    """A running app; the `runtime_data` of its entry."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: PusherConfigEntry,
        client: PusherClient,
        api: HttpApi | None,
    ) -> None:
        self.hass = hass
        self.entry = entry
        self.client = client
        self.api = api
        self.device_id = register_app(hass, entry)
        self.bus = DeviceBus(hass, entry.entry_id, self.device_id)
        self.past_states: deque[PastState] = deque(maxlen=MAX_PAST_STATES)
        self.channels: dict[str, ConfiguredChannel] = {}
        self._refusals = Refusals(hass, entry)
        self.user = AppUser(hass, client)
        self.temporary_channels = TemporaryChannels(
            client, self.bus, self._refusals.handle_temporary
        )
        self.shares = Shares(hass, entry, client, api, self.device_id)
        self._platforms: dict[Platform, _ChannelPlatform] = {}
        self._is_started = False
        self._add_past_state()
        self.bus.fire_client_notice(StateChange(client.state, ConnectionState.CONNECTING))
        client.listen(self._handle_notice)
        client.user.bind(self.bus.fire_event)
        self._update_channels()
        self._gaps = AppGaps(hass, entry, client, self._keeps_gaps_of)

    @property
    def signs_in(self) -> bool:
        """Whether the user's options ask for a sign-in, and the app has an authorization for it."""
        has_authorization = self.entry.data[CONF_AUTHORIZATION] != AUTH_NONE
        return has_authorization and bool(self.entry.options.get(CONF_SIGN_IN, False))

    @property
    def watchlist(self) -> tuple[str, ...]:
        """The ids of the watched users."""
        return (
            tuple(dict.fromkeys(self.entry.options.get(CONF_WATCHLIST, ())))
            if self.signs_in
            else ()
        )

    def has_platforms(self, platforms: Iterable[Platform]) -> bool:
        """Return whether all these platforms are set up."""
        return self._platforms.keys() >= set(platforms)

    def is_configured(self, name: str) -> bool:
        """Return whether a channel of this name is configured."""
        return any(channel.name == name for channel in self.channels.values())

    def bus_of(self, name: str) -> DeviceBus:
        """Return the bus of a channel's device; the app's for a channel without a device."""
        buses = (channel.bus for channel in self.channels.values() if channel.name == name)
        return next(buses, self.bus)

    def add_platform(
        self,
        platform: Platform,
        async_add_entities: AddConfigEntryEntitiesCallback,
        app_entities: Iterable[Entity],
        channel_entities: ChannelEntities,
    ) -> None:
        """Add the entities of a platform, and from now on those of each channel that changes."""
        entities = PlatformEntities(self.hass, self.entry.entry_id, platform, async_add_entities)
        self._platforms[platform] = _ChannelPlatform(entities, channel_entities)
        entities.update(None, app_entities)
        for channel in self.channels.values():
            if channel.subentry_id in self.entry.subentries:
                entities.update(channel.subentry_id, channel_entities(channel))

    @callback
    def start(self) -> None:
        """Sign in if configured, and subscribe the channels."""
        self._is_started = True
        self._refusals.start(self.channels)
        if self.signs_in:
            self.client.sign_in()
        for channel in self.channels.values():
            channel.subscribe()
        self.shares.start()
        if self.client.state is not ConnectionState.DISCONNECTED:
            self._refusals.handle_authorized()

    @callback
    def stop(self) -> None:
        """Store the end; the caller disconnects the client, which stops all timers."""
        self._gaps.stop()

    @callback
    def update(self) -> None:
        """Apply changed titles and changed, added or removed subentries."""
        register_app(self.hass, self.entry)
        self._update_channels()
        self.shares.update()
        for channel in self.channels.values():
            subentry = self.entry.subentries[channel.subentry_id]
            register_channel(self.hass, self.entry, subentry, self.device_id)
            channel.update(subentry)
            self.temporary_channels.unsubscribe(channel.name)
            for platform in self._platforms.values():
                platform.entities.update(channel.subentry_id, platform.make(channel))

    def _update_channels(self) -> None:
        subentries = {
            subentry_id: subentry
            for subentry_id, subentry in self.entry.subentries.items()
            if subentry.subentry_type == SUBENTRY_CHANNEL
        }
        for subentry_id in self.channels.keys() - subentries.keys():
            self.channels.pop(subentry_id).unsubscribe()
            self._refusals.remove_channel(subentry_id)
            for platform in self._platforms.values():
                platform.entities.discard(subentry_id)
        for subentry_id in sorted(subentries.keys() - self.channels.keys()):
            subentry = subentries[subentry_id]
            device_id = register_channel(self.hass, self.entry, subentry, self.device_id)
            bus = DeviceBus(self.hass, self.entry.entry_id, device_id)
            channel = ConfiguredChannel(self.hass, subentry, self.client, bus)
            channel.listen(partial(self._refusals.handle_change, channel))
            self.channels[subentry_id] = channel
            if self._is_started:
                channel.subscribe()

    def _keeps_gaps_of(self, name: str) -> bool:
        return self.is_configured(name) or (self.signs_in and is_user_channel(name))

    def _add_past_state(self) -> None:
        self.past_states.append(PastState(self.client.state, dt_util.utcnow()))

    def _handle_notice(self, notice: ClientNotice) -> None:
        self.bus.fire_client_notice(notice)
        self._refusals.handle_notice(notice)
        if isinstance(notice, StateChange):
            self._add_past_state()
            self._log_change(notice)
            if notice.state in (ConnectionState.DISCONNECTING, ConnectionState.DISCONNECTED):
                for channel in self.channels.values():
                    channel.give_up()

    def _log_change(self, change: StateChange) -> None:
        """Log once that the connection was lost, and once that it is back."""
        if change.state is ConnectionState.DISCONNECTING:
            return
        if change.previous is ConnectionState.CONNECTED:
            _LOGGER.info("%s lost its connection: %s", self.entry.title, self.client.last_error)
        elif change.state is ConnectionState.CONNECTED:
            _LOGGER.info("%s is connected again", self.entry.title)
