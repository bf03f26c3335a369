"""Finds states of channels' entities that change in an outage of less than 10 s."""

from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_OFF, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er

DOMAIN: Final = "pusher_channels"
SHORT: Final = 9.9
"""Seconds; a little less than 10 for what the event loop's timers are early."""
THROTTLED: Final = {"event": 0.1, "value": 0.1}
"""Seconds within which an event that came before the outage may still be written, by kind of entity."""
MAX_FOUND: Final = 50
DEFINITE: Final = (401, 403)


@dataclass(slots=True)
class Subscription:
    """A channel that was subscribed since its app was set up; `lost` is the start of an outage."""

    lost: float | None = None


@dataclass(slots=True)
class StateWatch:
    """Follows the bus inside Home Assistant, where times and order are exact.

    `short_outages` counts the outages of a channel that ended within 10 s.
    """

    hass: HomeAssistant
    found: list[str] = field(default_factory=list)
    short_outages: int = 0
    _subscriptions: dict[tuple[str, str], Subscription] = field(default_factory=dict)

    def start(self) -> None:
        """Listen until Home Assistant stops."""
        listen = self.hass.bus.async_listen
        listen(f"{DOMAIN}_connection_state", self._handle_connection)
        listen(f"{DOMAIN}_subscription_succeeded", self._handle_subscribed)
        listen(f"{DOMAIN}_subscription_error", self._handle_refused)
        listen(EVENT_STATE_CHANGED, self._handle_state)

    def kinds(self) -> list[str]:
        """Return the kinds of the channels' entities that are enabled."""
        entities = er.async_get(self.hass).entities.values()
        return sorted({_kind(it) for it in entities if _is_of_channel(it) and not it.disabled})

    @callback
    def _handle_connection(self, event: Event[dict[str, Any]]) -> None:
        now, entry_id = self.hass.loop.time(), event.data["entry_id"]
        match event.data["state"]:
            case "reconnecting":
                for (of, _), subscription in self._subscriptions.items():
                    if of == entry_id and subscription.lost is None:
                        subscription.lost = now
            case "disconnecting" | "disconnected":
                self._clear(entry_id)
            case _:
                pass

    @callback
    def _handle_subscribed(self, event: Event[dict[str, Any]]) -> None:
        place = (event.data["entry_id"], event.data["channel"])
        subscription = self._subscriptions.setdefault(place, Subscription())
        lost, subscription.lost = subscription.lost, None
        if lost is not None and self.hass.loop.time() - lost < SHORT:
            self.short_outages += 1

    @callback
    def _handle_refused(self, event: Event[dict[str, Any]]) -> None:
        if event.data["status"] in DEFINITE:
            self._subscriptions.pop((event.data["entry_id"], event.data["channel"]), None)

    @callback
    def _handle_state(self, event: Event[EventStateChangedData]) -> None:
        entity = er.async_get(self.hass).async_get(event.data["entity_id"])
        old, new = event.data["old_state"], event.data["new_state"]
        if entity is None or not _is_of_channel(entity) or old is None or new is None:
            return
        entry = self.hass.config_entries.async_get_entry(entity.config_entry_id or "")
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            self._clear(str(entity.config_entry_id))
            return
        channel = entry.subentries[str(entity.config_subentry_id)].data["channel"]
        subscription = self._subscriptions.get((entry.entry_id, channel))
        if subscription is not None and self._is_wrong(_kind(entity), subscription, old, new):
            lasted = subscription.lost and round(self.hass.loop.time() - subscription.lost, 2)
            when = "while subscribed" if lasted is None else f"{lasted} s after the loss"
            message = f"{entity.entity_id} of {channel}: {old.state} -> {new.state} {when}"
            if len(self.found) < MAX_FOUND:
                self.found.append(message)

    def _is_wrong(self, kind: str, subscription: Subscription, old: State, new: State) -> bool:
        """Whether a state changed that an outage of less than 10 s does not change."""
        if subscription.lost is not None:
            lasted = self.hass.loop.time() - subscription.lost
            return THROTTLED.get(kind, 0.0) <= lasted < SHORT
        if kind == "subscribed":
            return new.state == STATE_OFF
        is_lost = new.state == STATE_UNKNOWN and old.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
        return is_lost or new.state == STATE_UNAVAILABLE

    def _clear(self, entry_id: str) -> None:
        for place in [place for place in self._subscriptions if place[0] == entry_id]:
            del self._subscriptions[place]


def _is_of_channel(entity: er.RegistryEntry) -> bool:
    return entity.platform == DOMAIN and entity.config_subentry_id is not None


def _kind(entity: er.RegistryEntry) -> str:
    """Return what kind of entity it is: its unique id without the ids of entry, subentry and member."""
    key = entity.unique_id.removeprefix(f"{entity.config_entry_id}_{entity.config_subentry_id}_")
    named = (kind for kind in ("member", "value") if key.startswith(f"{kind}_"))
    return next(named, key)
