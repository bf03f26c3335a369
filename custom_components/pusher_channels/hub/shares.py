"""The shares of one app, one for each subentry."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..client import HttpApi, PusherClient
from ..const import SUBENTRY_SHARE
from .devices import register_share
from .platform_entities import PlatformEntities
from .share import ConfiguredShare
from .share_route import ClientEventPace

type ShareEntities = Callable[[ConfiguredShare], Iterable[Entity]]


@dataclass(frozen=True, slots=True)
class _SharePlatform:
    """A platform and the entities that it has for a share."""

    entities: PlatformEntities
    make: ShareEntities


class Shares:
    """Adds, changes and removes shares without a reload."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: PusherClient,
        api: HttpApi | None,
        app_device_id: str,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._client = client
        self._api = api
        self._app_device_id = app_device_id
        self._pace = ClientEventPace()
        self._platforms: list[_SharePlatform] = []
        self._shares: dict[str, ConfiguredShare] = {}
        self._is_started = False
        entry.async_on_unload(self.stop)
        entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._stopping))
        self.update()

    def __iter__(self) -> Iterator[ConfiguredShare]:
        """Iterate over the shares."""
        return iter(self._shares.values())

    def __getitem__(self, subentry_id: str) -> ConfiguredShare:
        """Return the share of a subentry."""
        return self._shares[subentry_id]

    def uses(self, channel: str) -> bool:
        """Whether states are shared on a channel."""
        return any(share.settings.channel == channel for share in self)

    def add_platform(
        self,
        platform: Platform,
        async_add_entities: AddConfigEntryEntitiesCallback,
        share_entities: ShareEntities,
    ) -> None:
        """Add the entities of a platform, and from now on those of each share that is added."""
        entities = PlatformEntities(self._hass, self._entry.entry_id, platform, async_add_entities)
        self._platforms.append(_SharePlatform(entities, share_entities))
        self._update_entities()

    @callback
    def start(self) -> None:
        """Start to share."""
        self._is_started = True
        for share in self:
            share.start()

    @callback
    def stop(self) -> None:
        """Stop to share; neither tasks nor timers are left."""
        self._is_started = False
        for share in self:
            share.stop()

    @callback
    def update(self) -> None:
        """Apply added, changed and removed subentries."""
        subentries = {it.subentry_id for it in self._entry.get_subentries_of_type(SUBENTRY_SHARE)}
        for subentry_id in self._shares.keys() - subentries:
            self._shares.pop(subentry_id).stop()
            for platform in self._platforms:
                platform.entities.discard(subentry_id)
        for subentry_id in sorted(subentries):
            subentry = self._entry.subentries[subentry_id]
            register_share(self._hass, self._entry, subentry, self._app_device_id)
            if (share := self._shares.get(subentry_id)) is not None:
                share.update(subentry)
            else:
                self._add(subentry)
        self._update_entities()

    def _add(self, subentry: ConfigSubentry) -> None:
        share = ConfiguredShare(
            self._hass, self._entry, subentry, self._client, self._api, self._pace
        )
        self._shares[subentry.subentry_id] = share
        if self._is_started:
            share.start()

    def _update_entities(self) -> None:
        for platform in self._platforms:
            for share in self:
                if share.subentry_id in self._entry.subentries:
                    platform.entities.update(share.subentry_id, platform.make(share))

    @callback
    def _stopping(self, _: Event) -> None:
        self.stop()
