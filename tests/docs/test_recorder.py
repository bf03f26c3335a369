"""The documentation is right about the recorder and restored states."""

import json
from typing import Any

import pytest
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import (
    EventData,
    Events,
    EventTypes,
    StateAttributes,
    States,
    StatesMeta,
)
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.helpers.restore_state import async_get
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from tools.devserver import DevServer

from ..conftest import SetUp, until
from .pages import blocks
from .shop import ada_in_the_lobby, shop_entry

EVENT = "pusher_channels_event"
DATA = {"note": "for your eyes only"}
BLOCKS = [block for block in blocks("yaml") if block.text.startswith("recorder:")]
PAGES = [str(block) for block in BLOCKS]
EXCLUSIONS = [json.loads(json.dumps(parse_yaml(block.text)))["recorder"] for block in BLOCKS]


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the database, which must exist before Home Assistant starts."""


async def _see_ada_and_a_note(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    received = async_capture_events(hass, EVENT)
    await set_up(shop_entry(server))
    async with ada_in_the_lobby(server):
        await server.publish("ticker", "note", DATA)
        await until(lambda: any(event.data["data"] == DATA for event in received))
        await hass.async_block_till_done()
        await async_wait_recording_done(hass)


async def test_everything_but_data_and_members_of_entities_is_recorded(
    recorder_mock: Recorder, hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await _see_ada_and_a_note(hass, server, set_up)

    events = await _events(recorder_mock)
    assert DATA in [event["data"] for event in events[EVENT]]
    assert events["pusher_channels_member_added"][0]["user_info"] == {"name": "Ada"}
    states = await _attributes(recorder_mock)
    assert states["event.ticker"].keys() >= {"event_type", "event", "user_id", "cached"}
    assert "data" not in states["event.ticker"]
    assert states["sensor.presence_lobby_members"].keys() >= {"others", "me"}
    assert "members" not in states["sensor.presence_lobby_members"]


@pytest.mark.parametrize("recorder_config", EXCLUSIONS, ids=PAGES)
async def test_what_is_excluded_is_not_recorded_and_still_received(
    recorder_mock: Recorder,
    recorder_config: dict[str, Any],
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
) -> None:
    await _see_ada_and_a_note(hass, server, set_up)

    excluded = recorder_config["exclude"]
    events = await _events(recorder_mock)
    assert "pusher_channels_subscription_succeeded" in events
    assert events.keys().isdisjoint(excluded["event_types"])
    states = await _attributes(recorder_mock)
    assert "sensor.shop_connection_state" in states
    assert states.keys().isdisjoint(excluded.get("entities", []))


async def test_the_data_of_the_latest_event_is_restored_after_a_restart(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    received = async_capture_events(hass, EVENT)
    await set_up(shop_entry(server))
    await server.publish("private-encrypted-vault", "note", DATA)
    await until(lambda: any(event.data["data"] == DATA for event in received))

    stored = async_get(hass).async_get_stored_states()

    [vault] = [it for it in stored if it.state.entity_id == "event.private_encrypted_vault"]
    assert vault.extra_data is not None
    assert vault.extra_data.as_dict()["last_event_attributes"]["data"] == DATA


async def _events(recorder: Recorder) -> dict[str, list[dict[str, Any]]]:
    """Return the data of the recorded events by type."""

    def read() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with session_scope(session=recorder.get_session(), read_only=True) as session:
            rows = (
                session.query(EventTypes.event_type, EventData.shared_data)
                .select_from(Events)
                .join(EventTypes, Events.event_type_id == EventTypes.event_type_id)
                .join(EventData, Events.data_id == EventData.data_id)
            )
            for event_type, data in rows:
                found.setdefault(event_type, []).append(json.loads(data))
        return found

    return await recorder.async_add_executor_job(read)


async def _attributes(recorder: Recorder) -> dict[str, dict[str, Any]]:
    """Return the latest recorded attributes by entity."""

    def read() -> dict[str, dict[str, Any]]:
        with session_scope(session=recorder.get_session(), read_only=True) as session:
            rows = (
                session.query(StatesMeta.entity_id, StateAttributes.shared_attrs)
                .select_from(States)
                .join(StatesMeta, States.metadata_id == StatesMeta.metadata_id)
                .join(StateAttributes, States.attributes_id == StateAttributes.attributes_id)
                .order_by(States.state_id)
            )
            return {entity_id: json.loads(attributes) for entity_id, attributes in rows}

    return await recorder.async_add_executor_job(read)
