"""Adds and removes the entities of one platform while the app runs."""

from collections import defaultdict
from collections.abc import Iterable

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


class PlatformEntities:
    """The entities of one platform, by subentry; those of the app have the subentry None."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        platform: Platform,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._platform = platform
        self._async_add_entities = async_add_entities
        self._added: defaultdict[str | None, set[str]] = defaultdict(set)

    def update(self, subentry_id: str | None, entities: Iterable[Entity]) -> None:
        """Add the entities that are new, and remove every other one of this subentry."""
        current = {entity.unique_id: entity for entity in entities if entity.unique_id is not None}
        self._remove_others(subentry_id, current.keys())
        added = self._added[subentry_id]
        new = [entity for unique_id, entity in current.items() if unique_id not in added]
        self._added[subentry_id] = set(current)
        if new:
            self._async_add_entities(new, config_subentry_id=subentry_id)

    def discard(self, subentry_id: str) -> None:
        """Discard the entities of a subentry; Home Assistant has removed them with it."""
        self._added.pop(subentry_id, None)

    def _remove_others(self, subentry_id: str | None, unique_ids: Iterable[str]) -> None:
        kept = set(unique_ids)
        registry = er.async_get(self._hass)
        for entity in er.async_entries_for_config_entry(registry, self._entry_id):
            if (
                entity.domain == self._platform
                and entity.config_subentry_id == subentry_id
                and entity.unique_id not in kept
            ):
                registry.async_remove(entity.entity_id)
