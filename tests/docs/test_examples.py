"""Every YAML example of the documentation runs in a real Home Assistant, against a real server."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import homeassistant.components
import pytest
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_mock_service,
)

from tools.devserver import DevServer

from ..conftest import SetUp, until
from . import COMPONENT
from .pages import Block, block_after, blocks
from .shop import ada_in_the_lobby, live_a_day, shop_entry

CORE = Path(homeassistant.components.__file__).parent
SENDS = {"trigger", "trigger_batch", "send_to_user"}
USERS_ACTIONS = {"rest_command.missed_events", "rest_command.shop_auth"}


def _read(block: Block) -> Any:
    return parse_yaml(block.text)


def _is_script(block: Block) -> bool:
    return isinstance(_read(block), list)


def _is_automation(block: Block) -> bool:
    return "triggers" in _read(block)


EXAMPLES = blocks("yaml")
SCRIPTS = [block for block in EXAMPLES if _is_script(block)]
AUTOMATIONS = [block for block in EXAMPLES if not _is_script(block) and _is_automation(block)]
CONFIGURATIONS = [block for block in EXAMPLES if block not in SCRIPTS + AUTOMATIONS]
RESPONSES = [block for block in blocks("json") if block.page == "docs/automations.md"]


@pytest.mark.parametrize("block", AUTOMATIONS, ids=str)
async def test_automation_is_started_by_a_day_in_the_shop(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    block: Block,
) -> None:
    automation = _read(block)
    performed = await _watch(hass, automation["actions"])
    assert await async_setup_component(hass, "automation", {"automation": automation})
    hub = await set_up(shop_entry(server))

    await live_a_day(hass, server, hub)
    await hass.async_block_till_done()

    [state] = hass.states.async_all("automation")
    assert state.attributes["last_triggered"] is not None
    assert {name for name, _ in _actions(automation["actions"])} <= performed()
    assert _warnings(caplog) == []


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
async def test_actions_do_what_they_say(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    block: Block,
) -> None:
    sequence = _read(block)
    performed = await _watch(hass, sequence)
    assert await async_setup_component(
        hass, "script", {"script": {"example": {"sequence": sequence}}}
    )
    hub = await set_up(shop_entry(server))
    if _names_action(sequence, "unsubscribe"):
        await hub.temporary_channels.subscribe(sequence[0]["data"]["channel"])
    server.published.clear()

    await hass.services.async_call("script", "example", blocking=True)

    actions = list(_actions(sequence))
    assert {name for name, _ in actions} <= performed()
    sent = {(event.channel, event.event) for event in server.published}
    assert set(_sent_by(actions)) <= sent
    assert _warnings(caplog) == []


async def test_notified_channel_gets_the_event(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    [action] = _read(block_after("docs/automations.md", "### Notify a channel"))
    entry = shop_entry(server)
    await set_up(entry)
    er.async_get(hass).async_update_entity(action["target"]["entity_id"], disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await server.wait_subscribed("presence-lobby")
    await until(lambda: entry.runtime_data.channels["id-presence-lobby"].is_subscribed)

    await hass.services.async_call(
        "notify", "send_message", dict(action["data"]), blocking=True, target=action["target"]
    )

    [sent] = server.published
    assert (sent.channel, sent.event) == ("presence-lobby", "notification")
    assert json.loads(sent.data) == action["data"]


@pytest.mark.parametrize("block", RESPONSES, ids=str)
async def test_response_is_the_one_that_is_shown(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, block: Block
) -> None:
    example = [it for it in SCRIPTS if it.heading == block.heading and it.line < block.line][-1]
    [(name, action), *_] = _actions(_read(example))
    domain, _, service = name.partition(".")
    await set_up(shop_entry(server))

    async with ada_in_the_lobby(server):
        response = await hass.services.async_call(
            domain, service, action["data"], blocking=True, return_response=True
        )

    assert response == json.loads(block.text)


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=str)
async def test_configuration_is_accepted(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, block: Block
) -> None:
    configuration = _read(block)
    for domain in configuration:
        component = await (await async_get_integration(hass, domain)).async_get_component()
        if hasattr(component, "CONFIG_SCHEMA"):
            component.CONFIG_SCHEMA(configuration)
        if domain != "recorder":
            assert await async_setup_component(hass, domain, configuration)
    await hass.async_block_till_done()

    assert _warnings(caplog) == []


@pytest.mark.parametrize(
    "block", [block for block in CONFIGURATIONS if "template" in _read(block)], ids=str
)
async def test_template_sensor_takes_its_value_from_an_event(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    block: Block,
) -> None:
    configuration = _read(block)
    assert await async_setup_component(hass, "template", configuration)
    hub = await set_up(shop_entry(server))

    await live_a_day(hass, server, hub)
    await hass.async_block_till_done()

    for entity in [it for group in configuration["template"] for it in group["sensor"]]:
        state = hass.states.get(f"sensor.{slugify(entity['name'])}")
        assert state is not None
        assert float(state.state) > 0
    assert _warnings(caplog) == []


@pytest.mark.parametrize("block", AUTOMATIONS + SCRIPTS, ids=str)
def test_actions_and_their_fields_exist(block: Block) -> None:
    content = _read(block)
    for name, action in _actions(content if isinstance(content, list) else content["actions"]):
        if name not in USERS_ACTIONS:
            domain, _, service = name.partition(".")
            fields = _fields(_described(domain)[service] or {})
            required = {field for field in fields if fields[field].get("required")}
            given = action.get("data", {}).keys()
            assert required <= given <= fields.keys(), name


def _fields(description: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an action, with those in sections."""
    fields: dict[str, Any] = {}
    for name, field in description.get("fields", {}).items():
        fields |= _fields(field) if "fields" in field else {name: field}
    return fields


@cache
def _described(domain: str) -> dict[str, Any]:
    folder = COMPONENT if domain == COMPONENT.name else CORE / domain
    return load_yaml_dict(str(folder / "services.yaml"))


def _actions(sequence: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all actions in a sequence."""
    match sequence:
        case {"action": str(name)}:
            yield name, dict[str, Any](sequence)
        case dict():
            for inner in sequence.values():
                yield from _actions(inner)
        case list():
            for inner in sequence:
                yield from _actions(inner)
        case _:
            pass


def _names_action(sequence: object, name: str) -> bool:
    return any(action == f"{COMPONENT.name}.{name}" for action, _ in _actions(sequence))


def _sent_by(actions: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Yield the channel and name of each event for the server API; client events are not recorded."""
    for name, action in actions:
        data = action.get("data", {})
        if not name.startswith(f"{COMPONENT.name}.") or data.get("event", "").startswith("client-"):
            continue
        for event in data.get("events", [data]):
            for channel in event.get("channels", [event.get("channel")]):
                if name.partition(".")[2] in SENDS and channel is not None:
                    yield channel, event["event"]


async def _watch(hass: HomeAssistant, sequence: object) -> Any:
    """Mock the actions of other integrations; return a function that returns the performed actions.

    What the integration itself loads is loaded before, or it would replace the mock.
    """
    assert await async_setup_component(hass, "notify", {})
    for name, _ in _actions(sequence):
        domain, _, service = name.partition(".")
        if domain != COMPONENT.name:
            async_mock_service(hass, domain, service)
    calls = async_capture_events(hass, EVENT_CALL_SERVICE)
    return lambda: {f"{call.data['domain']}.{call.data['service']}" for call in calls}


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings in the log, except about custom integrations and failures of a channel."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelname in ("WARNING", "ERROR", "CRITICAL")
        and record.name.startswith(("homeassistant", "custom_components"))
        and "custom integration" not in record.getMessage()
        and not record.getMessage().startswith("Shop: ")
    ]
