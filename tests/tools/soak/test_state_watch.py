"""Which states the soak run calls changed in a short outage."""

from dataclasses import dataclass

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.soak.clock import Clock
from tools.soak.soak_figures.state_watch import DOMAIN, StateWatch


@dataclass(slots=True)
class Watched:
    """A channel with an entity, and the watch that follows it."""

    hass: HomeAssistant
    clock: Clock
    entry: MockConfigEntry
    entity_id: str
    watch: StateWatch

    def fire(self, event: str, **data: object) -> None:
        """Fire an event about the channel and its app."""
        place = {"entry_id": self.entry.entry_id, "channel": "news"}
        self.hass.bus.async_fire(f"{DOMAIN}_{event}", place | data)

    def subscribe(self) -> None:
        """Report that the channel is subscribed."""
        self.fire("subscription_succeeded")

    def lose(self) -> None:
        """Report that the connection is lost."""
        self.fire("connection_state", state="reconnecting", previous="connected")

    def show(self, state: str) -> list[str]:
        """Set the entity's state; return what the watch has found so far."""
        self.hass.states.async_set(self.entity_id, state)
        return self.watch.found


@pytest.fixture
def watched(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Watched:
    clock = Clock(hass.loop)
    monkeypatch.setattr(hass.loop, "time", clock.time)
    channel = ConfigSubentryData(
        data={"channel": "news"}, subentry_type="channel", title="news", unique_id="news"
    )
    entry = MockConfigEntry(domain=DOMAIN, subentries_data=[channel])
    entry.add_to_hass(hass)
    entry.mock_state(hass, ConfigEntryState.LOADED)
    [subentry_id] = entry.subentries
    entity = er.async_get(hass).async_get_or_create(
        "sensor",
        DOMAIN,
        f"{entry.entry_id}_{subentry_id}_members",
        config_entry=entry,
        config_subentry_id=subentry_id,
    )
    watch = StateWatch(hass)
    watch.start()
    it = Watched(hass, clock, entry, entity.entity_id, watch)
    it.show("unavailable")
    return it


async def test_a_state_that_changes_in_a_short_outage_is_found(watched: Watched) -> None:
    watched.subscribe()
    assert watched.show("3") == []
    watched.lose()
    watched.clock.skip(2)
    assert watched.show("unavailable") == [
        f"{watched.entity_id} of news: 3 -> unavailable 2.0 s after the loss"
    ]


async def test_a_short_outage_that_changes_nothing_is_counted(watched: Watched) -> None:
    watched.subscribe()
    watched.show("3")
    watched.lose()
    watched.clock.skip(9)
    watched.subscribe()
    assert watched.show("2") == []
    assert watched.watch.short_outages == 1


async def test_the_time_before_an_earlier_return_does_not_count(watched: Watched) -> None:
    watched.subscribe()
    watched.show("3")
    for _ in range(2):
        watched.lose()
        watched.clock.skip(6)
        found = [*watched.show("unavailable")]
        watched.subscribe()
        watched.show("3")
    assert len(found) == 2


async def test_a_state_may_change_once_the_outage_has_lasted_10_seconds(watched: Watched) -> None:
    watched.subscribe()
    watched.show("3")
    watched.lose()
    watched.clock.skip(10)
    assert watched.show("unavailable") == []
    watched.subscribe()
    assert watched.show("3") == []
    assert watched.watch.short_outages == 0


async def test_a_state_that_is_lost_while_subscribed_is_found(watched: Watched) -> None:
    watched.subscribe()
    watched.show("3")
    assert len(watched.show("unknown")) == 1


@pytest.mark.parametrize("state", ["disconnecting", "disconnected"])
async def test_a_connection_that_is_switched_off_may_change_states(
    watched: Watched, state: str
) -> None:
    watched.subscribe()
    watched.show("3")
    watched.fire("connection_state", state=state, previous="connected")
    assert watched.show("unavailable") == []


async def test_an_app_that_is_not_loaded_may_change_states(watched: Watched) -> None:
    watched.subscribe()
    watched.show("3")
    watched.entry.mock_state(watched.hass, ConfigEntryState.UNLOAD_IN_PROGRESS)
    assert watched.show("unavailable") == []


async def test_the_kinds_of_enabled_entities_are_reported(watched: Watched) -> None:
    assert watched.watch.kinds() == ["members"]
    er.async_get(watched.hass).async_update_entity(
        watched.entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )
    assert watched.watch.kinds() == []
