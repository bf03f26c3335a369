"""What the quality scale requires and no other test proves."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import homeassistant.components
import pytest
import voluptuous as vol
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_FRIENDLY_NAME, EntityCategory
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from packaging.requirements import Requirement

import custom_components.pusher_channels as component
from custom_components.pusher_channels import trigger
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.flows.app import app_schema
from custom_components.pusher_channels.flows.authorization import FORMS as AUTHORIZATION_FORMS
from custom_components.pusher_channels.flows.authorization import FormContext
from custom_components.pusher_channels.flows.channel import channel_schema
from custom_components.pusher_channels.flows.options import SERVER_SCHEMA, USER_SCHEMA
from custom_components.pusher_channels.flows.share import SHARE_SCHEMA
from custom_components.pusher_channels.flows.value_forms import (
    BINARY_SENSOR_SCHEMA,
    SENSOR_SCHEMA,
    choice_schema,
    value_schema,
)
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer

from .actions import ENGLISH, act
from .conftest import SetUp, until
from .docs.shop import live_a_day, shop_entry
from .home_assistant import state_of
from .hub.shares import share_subentry

FOLDER = Path(component.__file__).parent
ICONS = json.loads((FOLDER / "icons.json").read_text())
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
RULES: dict[str, Any] = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]
SERVICES = load_yaml_dict(str(FOLDER / "services.yaml"))
TRIGGERS = {
    name: description
    for name, description in load_yaml_dict(str(FOLDER / "triggers.yaml")).items()
    if not name.startswith(".")
}
PLATINUM = Path(homeassistant.components.__path__[0]) / "ntfy/quality_scale.yaml"

SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
FORMS: dict[tuple[str, str], vol.Schema] = {
    ("config", "user"): app_schema({}),
    ("config", "reconfigure"): app_schema({}),
    **{
        ("config", method): form.schema(FormContext({}, {}, ""), None)
        for method, form in AUTHORIZATION_FORMS.items()
    },
    ("channel", "user"): channel_schema({}, {}),
    ("channel", "channel"): channel_schema({}, {}),
    ("share", "user"): SHARE_SCHEMA,
    ("share", "reconfigure"): SHARE_SCHEMA,
    ("channel", "add_value"): value_schema([]),
    ("channel", "sensor"): SENSOR_SCHEMA,
    ("channel", "binary_sensor"): BINARY_SENSOR_SCHEMA,
    ("channel", "change_value"): choice_schema({}),
    ("channel", "remove_value"): choice_schema({}),
    ("options", "init"): USER_SCHEMA.extend(SERVER_SCHEMA.schema),
    ("options", "webhook"): vol.Schema({}),
}
FLOWS = {
    "config": ENGLISH["config"],
    "channel": ENGLISH["config_subentries"]["channel"],
    "share": ENGLISH["config_subentries"]["share"],
    "options": ENGLISH["options"],
}

type Entities = list[tuple[Entity, State]]


@pytest.fixture
async def entities(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> Entities:
    """Return every kind of entity, with what it shows once something has happened."""
    entry = shop_entry(server)
    await set_up(entry)
    data = MappingProxyType(dict(share_subentry("sun.sun")["data"]))
    share = ConfigSubentry(data=data, subentry_type="share", title="Home", unique_id="share")
    hass.config_entries.async_add_subentry(entry, share)
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(known.entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: all(channel.is_subscribed for channel in hub.channels.values()))
    await live_a_day(hass, server, hub)
    await act(hass, "send_to_user", user_id=hub.client.user.user_id, event="hello")
    await until(lambda: state_of(hass, "event.shop_user_event").attributes.get("event"))
    found: Entities = []
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        entity = hass.data["entity_components"][known.domain].get_entity(known.entity_id)
        assert entity is not None
        found.append((entity, state_of(hass, known.entity_id)))
    return found


def test_every_rule_up_to_platinum_is_done_or_exempt() -> None:
    assert load_yaml_dict(str(PLATINUM))["rules"].keys() <= RULES.keys()
    for rule, status in RULES.items():
        if status != "done":
            assert status.keys() == {"status", "comment"}, rule
            assert status["status"] == "exempt", rule
            assert len(status["comment"].split()) > 4, rule
    assert MANIFEST["quality_scale"] == "platinum"


def test_each_platform_sets_parallel_updates() -> None:
    for platform in component.PLATFORMS:
        module = importlib.import_module(f"{component.__name__}.{platform}")
        assert (1 if platform == "notify" else 0) == module.PARALLEL_UPDATES, platform


def test_each_entity_has_a_name_and_an_icon(entities: Entities) -> None:
    used = {(entity.platform.domain, entity.translation_key) for entity, _ in entities}
    assert used == set(_pairs(ENGLISH["entity"])) == set(_pairs(ICONS["entity"]))
    for entity, state in entities:
        texts = _texts(entity)
        is_main = state.attributes[ATTR_FRIENDLY_NAME] == _device_name(entity)
        assert is_main != bool(texts.get("name")), state.entity_id
        assert entity.has_entity_name, state.entity_id
        assert entity.unique_id, state.entity_id


def test_the_only_main_entity_of_a_device_is_its_event(entities: Entities) -> None:
    assert {e.platform.domain for e, _ in entities if "name" not in _texts(e)} == {"event"}


def test_each_attribute_of_an_entity_has_a_name(entities: Entities) -> None:
    shown: dict[tuple[str, str | None], set[str]] = {}
    for entity, state in entities:
        known = set(entity.capability_attributes or {}) | _FROM_HOME_ASSISTANT
        key = (entity.platform.domain, entity.translation_key)
        shown.setdefault(key, set()).update(state.attributes.keys() - known)
    named = {
        (domain, key): {name for name, texts in _attributes(domain, key).items() if "name" in texts}
        for domain, key in shown
    }
    for name in ("event", "user_event"):
        shown["event", name].add("data_bytes")  # in the place of data over 16 KB
    assert shown == named


def test_each_state_that_is_a_word_has_a_text(entities: Entities) -> None:
    for entity, state in entities:
        binary = {"on", "off"} if entity.platform.domain == "binary_sensor" else set()
        expected = binary | set(state.attributes.get("options", ()))
        assert _texts(entity).get("state", {}).keys() == expected
    types = _attributes("event", "event")["event_type"]["state"]
    assert types.keys() == {"received", "other"}
    assert _attributes("event", "user_event")["event_type"]["state"].keys() == {"received"}


def test_diagnostic_and_configuration_entities_have_a_category(entities: Entities) -> None:
    categories = {entity.translation_key: entity.entity_category for entity, _ in entities}
    assert categories["subscribed"] is EntityCategory.DIAGNOSTIC
    assert categories["connection_state"] is EntityCategory.DIAGNOSTIC
    assert categories["connection"] is EntityCategory.CONFIG
    assert categories["event"] is categories["members"] is None


@pytest.mark.usefixtures("enable_custom_integrations")
def _without_sections(fields: Mapping[str, Any]) -> list[str]:
    """Return the names of fields; a section is replaced by its fields."""
    names: list[str] = []
    for name, field in fields.items():
        names += list(field["fields"]) if "fields" in field else [name]
    return names


async def test_each_action_and_each_of_its_fields_is_described(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    actions = hass.services.async_services_for_domain(DOMAIN)
    assert list(SERVICES) == list(ENGLISH["services"]) == list(ICONS["services"]) == list(actions)
    for name, action in actions.items():
        assert isinstance(action.schema, vol.Schema)
        taken = {str(field) for field in action.schema.schema}
        described = _without_sections(SERVICES[name]["fields"])
        assert taken == set(described)
        assert taken == ENGLISH["services"][name]["fields"].keys()
        assert ICONS["services"][name]["service"].startswith("mdi:")
        _assert_described(ENGLISH["services"][name])


def test_each_trigger_and_each_of_its_fields_is_described() -> None:
    names = list(trigger.TRIGGERS)
    described_names = [name for name in TRIGGERS if not name.startswith(".")]
    assert names == described_names == list(ENGLISH["triggers"]) == list(ICONS["triggers"])
    for name, kind in trigger.TRIGGERS.items():
        described = TRIGGERS[name]["fields"]
        assert issubclass(kind, trigger.BusTrigger)
        assert kind._fields.keys() == described.keys()
        assert described.keys() == ENGLISH["triggers"][name]["fields"].keys()
        assert ICONS["triggers"][name]["trigger"].startswith("mdi:")
        _assert_described(ENGLISH["triggers"][name])


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_each_field_of_a_form_is_named_and_described(form: tuple[str, str]) -> None:
    flow, step = form
    texts = FLOWS[flow]["step"][step]
    assert texts["title"]
    assert texts["description"]
    _assert_form_described(FORMS[form], texts)


def test_each_step_of_a_flow_is_among_the_forms_or_a_menu() -> None:
    steps = {(flow, step) for flow, texts in FLOWS.items() for step in texts["step"]}
    menus = {("config", "authorization"), ("channel", "reconfigure")}
    assert steps - menus == FORMS.keys()
    menu = ENGLISH["config"]["step"]["authorization"]
    assert list(menu["menu_options"]) == list(menu["menu_option_descriptions"])


def test_the_manifest_is_in_order() -> None:
    keys = list(MANIFEST)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert MANIFEST["domain"] == DOMAIN == FOLDER.name
    assert MANIFEST["name"].startswith(ENGLISH["title"])
    assert re.fullmatch(SEMVER, MANIFEST["version"])
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    for requirement in MANIFEST["requirements"]:
        assert " " not in requirement
        assert Requirement(requirement).specifier, requirement


def test_types_and_brand_are_shipped() -> None:
    assert (FOLDER / "py.typed").exists()
    assert {path.name for path in (FOLDER / "brand").iterdir()} >= {"icon.png", "icon@2x.png"}


_FROM_HOME_ASSISTANT = {
    "device_class",
    "event_type",
    "friendly_name",
    "icon",
    "supported_features",
    "unit_of_measurement",
}


def _texts(entity: Entity) -> dict[str, Any]:
    key = entity.translation_key
    assert key is not None
    texts: dict[str, Any] = ENGLISH["entity"][entity.platform.domain][key]
    return texts


def _attributes(domain: str, key: str | None) -> dict[str, dict[str, Any]]:
    attributes: dict[str, dict[str, Any]] = ENGLISH["entity"][domain][key].get(
        "state_attributes", {}
    )
    return attributes


def _device_name(entity: Entity) -> str | None:
    assert entity.device_entry is not None
    return entity.device_entry.name


def _pairs(tree: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield platform and key of all entities."""
    for platform, keys in tree.items():
        for key in keys:
            yield platform, key


def _assert_described(texts: Mapping[str, Any]) -> None:
    for described in (texts, *texts["fields"].values()):
        assert described["name"]
        assert described["description"]


def _assert_form_described(schema: vol.Schema, texts: Mapping[str, Any]) -> None:
    """Compare a form, and the sections in it, with its descriptions."""
    sections = {str(key): it for key, it in schema.schema.items() if isinstance(it, section)}
    fields = [str(key) for key in schema.schema if str(key) not in sections]
    assert fields == list(texts.get("data", ())) == list(texts.get("data_description", ()))
    assert sections.keys() == texts.get("sections", {}).keys()
    for name, inner in sections.items():
        assert texts["sections"][name]["name"]
        assert texts["sections"][name]["description"]
        _assert_form_described(inner.schema, texts["sections"][name])
