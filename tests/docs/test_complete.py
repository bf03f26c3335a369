"""The documentation is complete, and its tables agree with the code."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.pusher_channels import const
from custom_components.pusher_channels.client.connection import Timing
from custom_components.pusher_channels.flows.options import CONNECTION_SCHEMA
from tools.devserver import DevServer

from ..actions import ENGLISH
from ..conftest import SetUp
from . import CHECKOUT, COMPONENT
from .pages import prose, section
from .shop import live_a_day, shop_entry

SERVICES = load_yaml_dict(str(COMPONENT / "services.yaml"))
TRIGGERS = {
    name: trigger
    for name, trigger in load_yaml_dict(str(COMPONENT / "triggers.yaml")).items()
    if not name.startswith(".")
}
ICONS = json.loads((COMPONENT / "icons.json").read_text())
BUS_EVENTS = {value for name, value in vars(const).items() if name.startswith("EVENT")}
ON_EVERY_EVENT = {"entry_id", "device_id"}


def _page(name: str) -> str:
    return prose(CHECKOUT / "docs" / f"{name}.md")


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of each table."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|-"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _labels(value: Any) -> Iterator[str]:
    """Yield the labels of all fields in a flow's translations."""
    for key, inner in value.items():
        if key == "data":
            yield from inner.values()
        elif isinstance(inner, dict):
            yield from _labels(inner)


@pytest.mark.parametrize(
    ("heading", "texts"),
    [
        ("The app cannot be added", list(ENGLISH["config"]["error"].values())),
        ("Sending fails", [it["message"] for it in ENGLISH["exceptions"].values()]),
    ],
)
def test_each_answer_in_troubleshooting_is_a_text_of_the_integration(
    heading: str, texts: list[str]
) -> None:
    (_, *answers) = _rows(section("docs/troubleshooting.md", heading))
    shown = [re.sub(r" \{[a-z]+\}", "", text).lower() for text in texts]
    assert len(answers) > 3
    for answer, *_ in answers:
        assert any(answer.lower() in text for text in shown), answer


@pytest.mark.parametrize("flow", ["config", "config_subentries", "options"])
def test_each_field_of_a_flow_is_explained(flow: str) -> None:
    pages = [CHECKOUT / "docs/configuration.md", *CHECKOUT.glob("docs/guides/*.md")]
    explained = {row[0] for page in pages for row in _rows(prose(page))}
    script = {"Script"} if flow == "config" else set()
    assert set(_labels(ENGLISH[flow])) - script <= explained


def test_each_authorization_method_has_a_section() -> None:
    for name in ENGLISH["config"]["step"]["authorization"]["menu_options"].values():
        assert section("docs/configuration.md", name.removesuffix(" (recommended)"))


def test_ranges_and_defaults_of_options_are_those_of_the_form() -> None:
    rows = {row[0]: row for row in _rows(_page("configuration"))}
    labels = ENGLISH["options"]["step"]["init"]["data"]
    for marker, validator in CONNECTION_SCHEMA.schema.items():
        _, _, shown_range, shown_default = rows[labels[str(marker)]]
        config = validator.validators[0].config
        default = getattr(Timing(), str(marker))
        assert shown_range.removesuffix(" s") == f"{config['min']:g} to {config['max']:g}"
        assert shown_default.removesuffix(" s") == f"{default:g}"
        has_unit = "unit_of_measurement" in config
        assert shown_range.endswith(" s") == shown_default.endswith(" s") == has_unit


def test_each_entity_has_a_row() -> None:
    first_cells = " ".join(row[0] for row in _rows(_page("entities")))
    for entities in ENGLISH["entity"].values():
        for entity in entities.values():
            for word in re.findall(r"[A-Z][a-z ]+(?=$| )", entity.get("name", "")):
                assert word in first_cells
    for platform in ICONS["entity"]:
        assert f"(`{platform}`" in first_cells


def _fields(fields: dict[str, Any]) -> Iterator[str]:
    """Return the names of an action's fields; a section only groups fields."""
    for name, field in fields.items():
        if "fields" in field:
            yield from _fields(field["fields"])
        else:
            yield name


@pytest.mark.parametrize("action", SERVICES)
def test_each_action_has_a_section_with_its_fields_and_an_example(action: str) -> None:
    actions = section("docs/automations.md", "Actions")
    texts = re.split(r"^### ", actions, flags=re.MULTILINE)
    [text, *_] = [text for text in texts if f"action: pusher_channels.{action}\n" in text]
    for field in _fields(SERVICES[action]["fields"]):
        where = actions if field == "config_entry_id" else text
        assert re.search(rf"\b{field}\b", where), field
    assert ENGLISH["services"][action]["name"].lower() in actions.lower().replace("\n", " ")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_each_trigger_has_its_options_and_an_example(trigger: str) -> None:
    text = section("docs/automations.md", "Triggers")
    assert f"trigger: pusher_channels.{trigger}\n" in text
    options = {row[0].strip("`") for row in _rows(text)}
    assert TRIGGERS[trigger]["fields"].keys() <= options


async def test_bus_events_are_listed_with_the_fields_that_they_have(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    fired = async_capture_events(hass, MATCH_ALL)
    hub = await set_up(shop_entry(server))
    await live_a_day(hass, server, hub)
    await hass.async_block_till_done()

    seen: dict[str, set[str]] = {}
    for event in fired:
        if event.event_type in BUS_EVENTS:
            assert event.data.keys() >= ON_EVERY_EVENT
            fields = seen.setdefault(str(event.event_type), set())
            fields.update(event.data.keys() - ON_EVERY_EVENT)
    rows = list(_rows(section("docs/automations.md", "Events on the bus")))
    listed = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows[1:]}
    assert seen == listed
    assert listed.keys() == BUS_EVENTS


def test_each_repair_is_explained() -> None:
    text = section("docs/troubleshooting.md", "Repairs")
    shortened = {
        "app_not_found": "was not found",
        "app_disabled": "is disabled",
        "app_refused": "is refused",
        "decryption_failed": "cannot be decrypted",
    }
    for key, issue in ENGLISH["issues"].items():
        title = issue["title"].partition(": ")[2].replace(" {channel}", "")
        assert shortened.get(key, title[:1].upper() + title[1:]) in text, key


@pytest.mark.parametrize("heading", ["The app cannot be added", "Sending fails"])
def test_explained_messages_are_those_that_are_shown(heading: str) -> None:
    shown = [*ENGLISH["config"]["error"].values()]
    shown += [exception["message"] for exception in ENGLISH["exceptions"].values()]
    texts = re.sub(r" \{\w+\}", "", " ".join(shown)).lower()
    _, *rows = _rows(section("docs/troubleshooting.md", heading))
    assert rows
    for message, _ in rows:
        assert message.lower() in texts, message


def test_lines_of_the_debug_log_are_those_of_the_client() -> None:
    client = "".join(file.read_text() for file in (COMPONENT / "client").glob("*.py"))
    rows = _rows(section("docs/troubleshooting.md", "A debug log"))
    lines = [row[0].strip("`") for row in rows if row[0].startswith("`")]
    assert len(lines) > 5
    for line in lines:
        words = re.findall(r"^[a-zA-Z ]+(?= )", line)
        assert f'"{words[0]}' in client or f"; {words[0]}" in client, line


def test_each_blueprint_is_listed() -> None:
    text = section("docs/automations.md", "Blueprints")
    for file in CHECKOUT.glob("blueprints/automation/*/*.yaml"):
        assert f"(../{file.relative_to(CHECKOUT)})" in text
