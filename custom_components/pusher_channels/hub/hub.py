"""One per entry: owns the client, and keeps devices, channels and entities in step."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..client import (
    ChannelKind,
    ClientNotice,
    CloseCode,
    ConnectionFailedError,
    ConnectionState,
    HttpApi,
    PusherClient,
    SigninFailed,
    StateChange,
    SubscriptionRefused,
)
from ..const import CONF_CHANNEL, CONF_SIGN_IN, CONF_WATCHLIST, DOMAIN, SUBENTRY_CHANNEL
from .bus import DeviceBus
from .channel import ChannelChange, ConfiguredChannel
from .temporary_channels import TemporaryChannels

_LOGGER = logging.getLogger(__name__)

LARAVEL_PAGE_EXPIRED = 419
REAUTH_STATUSES = (HTTPStatus.UNAUTHORIZED, LARAVEL_PAGE_EXPIRED, CloseCode.UNAUTHORIZED)
STATES_REMEMBERED = 50

type PusherConfigEntry = ConfigEntry[Hub]
type ChannelEntities = Callable[[ConfiguredChannel], Iterable[Entity]]


@dataclass(frozen=True, slots=True)
class PastState:
    """A state of the connection, and since when."""

    state: ConnectionState
    since: datetime


@dataclass(slots=True)
class _Platform:
    """How one platform makes the entities of a channel, and which it has made."""

    make: ChannelEntities
    add: AddConfigEntryEntitiesCallback
    made: dict[str, set[str]] = field(default_factory=dict)


class Hub:
    """The running side of one app."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: PusherConfigEntry,
        client: PusherClient,
        api: HttpApi | None,
    ) -> None:
        """Take over a connected client, and know the channels of the entry."""
        self.hass = hass
        self.entry = entry
        self.client = client
        self.api = api
        self.device_id = self._register_app()
        self.bus = DeviceBus(hass, entry.entry_id, self.device_id)
        self.past_states: deque[PastState] = deque(maxlen=STATES_REMEMBERED)
        self.channels: dict[str, ConfiguredChannel] = {}
        self.temporary_channels = TemporaryChannels(client, self.bus, self._channel_notice)
        self._platforms: list[_Platform] = []
        self._joining = False
        self._remember_state()
        client.listen(self._notice)
        client.user.bind(self.bus.fire_event)
        self._update_channels()
        self._forget_user()

    @property
    def signs_in(self) -> bool:
        """Whether the user wants to be signed in."""
        return bool(self.entry.options.get(CONF_SIGN_IN, False))

    @property
    def watchlist(self) -> tuple[str, ...]:
        """The user ids whose online state is asked for."""
        return tuple(self.entry.options.get(CONF_WATCHLIST, ())) if self.signs_in else ()

    def is_configured(self, name: str) -> bool:
        """Whether the user configured a channel of this name."""
        return any(channel.name == name for channel in self.channels.values())

    def bus_of(self, name: str) -> DeviceBus:
        """Return what fires in the name of a channel's device, or of the app's where it has none."""
        buses = (channel.bus for channel in self.channels.values() if channel.name == name)
        return next(buses, self.bus)

    def add_platform(
        self, make: ChannelEntities, async_add_entities: AddConfigEntryEntitiesCallback
    ) -> None:
        """Let a platform make the entities of each channel, now and whenever one is added."""
        platform = _Platform(make, async_add_entities)
        self._platforms.append(platform)
        for channel in self.channels.values():
            _add_entities(platform, channel)

    @callback
    def start(self) -> None:
        """Join the channels, and sign in if wanted."""
        self._joining = True
        if self.signs_in:
            self.client.sign_in()
        for channel in self.channels.values():
            channel.join()

    @callback
    def update(self) -> None:
        """Follow the subentries: a channel came, went or changed."""
        self._register_app()
        self._update_channels()
        for channel in self.channels.values():
            self._register_channel(channel.subentry_id)
            channel.refresh()
            self.temporary_channels.unsubscribe(channel.name)
            self._forget_untracked(channel)
            for platform in self._platforms:
                _add_entities(platform, channel)

    def _update_channels(self) -> None:
        wanted = {
            subentry_id
            for subentry_id, subentry in self.entry.subentries.items()
            if subentry.subentry_type == SUBENTRY_CHANNEL
        }
        for subentry_id in self.channels.keys() - wanted:
            self.channels.pop(subentry_id).leave()
            for platform in self._platforms:
                platform.made.pop(subentry_id, None)
        for subentry_id in sorted(wanted - self.channels.keys()):
            device_id = self._register_channel(subentry_id)
            channel = ConfiguredChannel(self.hass, self.entry, subentry_id, self.client, device_id)
            channel.listen(self._channel_notice)
            self.channels[subentry_id] = channel
            if self._joining:
                channel.join()

    def _register_app(self) -> str:
        """Register the app's device under its present title; return the device's id."""
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, self.entry.entry_id)},
            name=self.entry.title,
            manufacturer="Pusher",
            model="App",
            entry_type=dr.DeviceEntryType.SERVICE,
        )
        return device.id

    def _register_channel(self, subentry_id: str) -> str:
        """Register a channel's device under its present title; return the device's id."""
        subentry = self.entry.subentries[subentry_id]
        kind = ChannelKind.of(subentry.data[CONF_CHANNEL])
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            config_subentry_id=subentry_id,
            identifiers={channel_identifier(self.entry.entry_id, subentry_id)},
            name=subentry.title,
            manufacturer="Pusher",
            model=f"{kind.value.replace('-', ' ').capitalize()} channel",
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=self.device_id,
        )
        return device.id

    def _forget_untracked(self, channel: ConfiguredChannel) -> None:
        """Remove the entities of members that are not tracked any more."""
        prefix = f"{self.entry.entry_id}_{channel.subentry_id}_member_"
        for unique_id in self._forget(prefix, channel.tracked_members):
            for platform in self._platforms:
                platform.made.get(channel.subentry_id, set()).discard(unique_id)

    def _forget_user(self) -> None:
        """Remove the entities of users that are not watched, or of nobody signing in, any more."""
        self._forget(f"{self.entry.entry_id}_online_", self.watchlist)
        self._forget(f"{self.entry.entry_id}_user_event", [""] if self.signs_in else [])

    def _forget(self, prefix: str, wanted: Sequence[str]) -> list[str]:
        """Remove the entities of which the unique id has the prefix, but not a wanted rest."""
        kept = {f"{prefix}{rest}" for rest in wanted}
        registry = er.async_get(self.hass)
        gone = [
            entity
            for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            if entity.unique_id.startswith(prefix) and entity.unique_id not in kept
        ]
        for entity in gone:
            registry.async_remove(entity.entity_id)
        return [entity.unique_id for entity in gone]

    def _remember_state(self) -> None:
        self.past_states.append(PastState(self.client.state, dt_util.utcnow()))

    def _notice(self, notice: ClientNotice) -> None:
        self.bus.fire_client_notice(notice)
        match notice:
            case StateChange():
                self._remember_state()
                self._log_change(notice)
            case ConnectionFailedError(code=CloseCode.UNAUTHORIZED):
                self.entry.async_start_reauth(self.hass)
            case SigninFailed(status=status) if status in REAUTH_STATUSES:
                self.entry.async_start_reauth(self.hass)

    def _channel_notice(self, notice: ChannelChange) -> None:
        if isinstance(notice, SubscriptionRefused) and notice.status in REAUTH_STATUSES:
            self.entry.async_start_reauth(self.hass)

    def _log_change(self, change: StateChange) -> None:
        """Log once that the connection went by itself, and once that it is back."""
        if change.state is ConnectionState.DISCONNECTING:
            return
        if change.previous is ConnectionState.CONNECTED:
            _LOGGER.info("%s lost its connection: %s", self.entry.title, self.client.last_error)
        elif change.state is ConnectionState.CONNECTED:
            _LOGGER.info("%s is connected again", self.entry.title)


def channel_identifier(entry_id: str, subentry_id: str) -> tuple[str, str]:
    """Return the identifier of a channel's device."""
    return (DOMAIN, f"{entry_id}_{subentry_id}")


def _add_entities(platform: _Platform, channel: ConfiguredChannel) -> None:
    made = platform.made.setdefault(channel.subentry_id, set())
    new = [entity for entity in platform.make(channel) if entity.unique_id not in made]
    if new:
        made.update(entity.unique_id for entity in new if entity.unique_id is not None)
        platform.add(new, config_subentry_id=channel.subentry_id)
