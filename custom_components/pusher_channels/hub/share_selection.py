"""Which entities a share sends: those listed and those that have a label, followed live."""

from collections.abc import Callable, Sequence
from typing import Any

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.util.event_type import EventType

_REGISTRY_EVENTS: tuple[EventType[Any], ...] = (
    ar.EVENT_AREA_REGISTRY_UPDATED,
    dr.EVENT_DEVICE_REGISTRY_UPDATED,
    er.EVENT_ENTITY_REGISTRY_UPDATED,
)


def select(hass: HomeAssistant, entities: Sequence[str], labels: Sequence[str]) -> frozenset[str]:
    """Return the ids of the listed entities and of those that have a label.

    As in an action's target, a label also stands for the main entities of devices and areas that have it.
    """
    if not labels:
        return frozenset(entities)
    target = TargetSelection({"label_id": list(labels)})
    found = async_extract_referenced_entity_ids(hass, target)
    return frozenset(entities) | found.referenced | found.indirectly_referenced


class Selection:
    """The present entities of a share; `refresh` applies what changed in the registries."""

    def __init__(
        self,
        hass: HomeAssistant,
        subentry_id: str,
        *,
        on_state: Callable[[str], None],
        on_registry: Callable[[], None],
    ) -> None:
        """Start with no entities.

        `on_state` is called with the id of each changed entity, `on_registry` when
        `refresh` may find other entities.
        """
        self._hass = hass
        self._subentry_id = subentry_id
        self._on_state = on_state
        self._on_registry = on_registry
        self._entities: tuple[str, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._unlisten_registries: list[CALLBACK_TYPE] = []
        self._unlisten_states: CALLBACK_TYPE | None = None
        self._is_stale = False
        self.entity_ids: frozenset[str] = frozenset()

    def start(self, entities: Sequence[str], labels: Sequence[str]) -> None:
        """Follow these entities and labels from the next `refresh` on, until `stop`."""
        self._entities, self._labels = tuple(entities), tuple(labels)
        if labels:
            self._unlisten_registries = [
                self._hass.bus.async_listen(event, self._registry_changed)
                for event in _REGISTRY_EVENTS
            ]
        self._is_stale = True

    def stop(self) -> None:
        """Follow nothing."""
        for unlisten in self._unlisten_registries:
            unlisten()
        self._unlisten_registries = []
        if self._unlisten_states is not None:
            self._unlisten_states()
            self._unlisten_states = None
        self.entity_ids = frozenset()

    def refresh(self) -> frozenset[str]:
        """Return the ids of entities that are selected now or were before, but not both."""
        if not self._is_stale:
            return frozenset()
        self._is_stale = False
        before = self.entity_ids
        selected = self._select()
        if selected != before:
            if self._unlisten_states is not None:
                self._unlisten_states()
            self.entity_ids = selected
            self._unlisten_states = async_track_state_change_event(
                self._hass, selected, self._state_changed
            )
        return selected ^ before

    def _select(self) -> frozenset[str]:
        """Return the selected entities without the share's own, which change with every message."""
        registry = er.async_get(self._hass)
        selected = select(self._hass, self._entities, self._labels)
        own = {
            entity_id
            for entity_id in selected
            if (entry := registry.async_get(entity_id)) is not None
            and entry.config_subentry_id == self._subentry_id
        }
        return selected - own

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        self._on_state(event.data["entity_id"])

    @callback
    def _registry_changed(self, _: Event[Any]) -> None:
        self._is_stale = True
        self._on_registry()
