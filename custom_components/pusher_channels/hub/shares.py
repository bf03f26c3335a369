"""The shares of one app, kept in step with its subentries."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..client import HttpApi, PusherClient
from ..const import DOMAIN, SUBENTRY_SHARE
from .share import ConfiguredShare
from .share_route import ClientEventPace

type ShareEntities = Callable[[ConfiguredShare], Iterable[Entity]]


@dataclass(slots=True)
class _Platform:
    """How one platform makes the entities of a share, and for which shares it has."""

    make: ShareEntities
    add: AddConfigEntryEntitiesCallback
    made: set[str] = field(default_factory=set)


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
        """Prepare the shares of an entry; nothing is sent before `start`."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._api = api
        self._app_device_id = app_device_id
        self._pace = ClientEventPace()
        self._platforms: list[_Platform] = []
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
        self, make: ShareEntities, async_add_entities: AddConfigEntryEntitiesCallback
    ) -> None:
        """Let a platform make the entities of each share, now and whenever one is added."""
        self._platforms.append(_Platform(make, async_add_entities))
        self._add_entities()

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
        """Take over the subentries: shares that were added, changed or removed."""
        subentries = {it.subentry_id for it in self._entry.get_subentries_of_type(SUBENTRY_SHARE)}
        for subentry_id in self._shares.keys() - subentries:
            self._shares.pop(subentry_id).stop()
            for platform in self._platforms:
                platform.made.discard(subentry_id)
        for subentry_id in sorted(subentries):
            self._register_device(subentry_id)
            if (share := self._shares.get(subentry_id)) is not None:
                share.refresh()
            else:
                self._add(subentry_id)
        self._add_entities()

    def _add(self, subentry_id: str) -> None:
        share = ConfiguredShare(
            self._hass, self._entry, subentry_id, self._client, self._api, self._pace
        )
        self._shares[subentry_id] = share
        if self._is_started:
            share.start()

    def _register_device(self, subentry_id: str) -> None:
        """Register a share's device under its present title."""
        dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            config_subentry_id=subentry_id,
            identifiers={(DOMAIN, f"{self._entry.entry_id}_{subentry_id}")},
            name=self._entry.subentries[subentry_id].title,
            manufacturer="Pusher",
            model="Share",
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=self._app_device_id,
        )

    def _add_entities(self) -> None:
        for platform in self._platforms:
            for share in self:
                if share.subentry_id not in platform.made:
                    platform.made.add(share.subentry_id)
                    platform.add(platform.make(share), config_subentry_id=share.subentry_id)

    @callback
    def _stopping(self, _: Event) -> None:
        self.stop()
