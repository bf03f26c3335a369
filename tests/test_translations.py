"""Every text that the code uses exists, and every text is used, in every language."""

import ast
import inspect
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict

import custom_components.pusher_channels as component
from custom_components.pusher_channels.client.exceptions import Misuse
from custom_components.pusher_channels.config_flow import AppFlow
from custom_components.pusher_channels.flows import app, options, probe
from custom_components.pusher_channels.flows.authorization import ENDPOINT_SCHEMA
from custom_components.pusher_channels.flows.value_forms import PLATFORM, STATE_CLASS
from custom_components.pusher_channels.hub import action_errors, issues, share_issues
from custom_components.pusher_channels.system_health import _info

from .actions import ENGLISH

FOLDER = Path(component.__file__).parent
LANGUAGES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((FOLDER / "translations").glob("*.json"))
}
SOURCES = {
    str(path.relative_to(FOLDER)): ast.parse(path.read_text()) for path in FOLDER.rglob("*.py")
}
BY_HOME_ASSISTANT = {"reauth_successful", "reconfigure_successful"}
# What a stored app cannot be wrong about any more when an action runs.
ONLY_IN_FORMS = {Misuse.ADDRESS.value, Misuse.MASTER_KEY.value}
GIVEN_TO_ISSUES = {
    issues.Kind.API_REFUSED: {"name"},
    issues.Kind.CHANNEL_REFUSED: {"name", "channel"},
    issues.Kind.DECRYPTION_FAILED: {"name", "channel"},
    issues.Kind.WEBHOOK_REFUSED: {"name", "reason"},
    issues.Kind.WEBHOOK_MOVED: {"name", "url"},
}
# Functions that return a translated exception.
RAISED_BY_ACTIONS = [
    name
    for name, function in inspect.getmembers(action_errors, inspect.isfunction)
    if function.__module__ == action_errors.__name__ and not name.startswith("_")
]

SERVER_FIELD = "config.step.user.sections.server.data"
MASTER_KEY_LABEL = "config.step.auth_secret.sections.advanced.data.encryption_master_key"
FIX = "fix_flow.step.confirm.description"
# The text of a remedy, and the label that it sends the user to.
NAMES_LABEL = [
    ("config.error.tls_failed", f"{SERVER_FIELD}.use_tls"),
    ("config.error.tls_required", f"{SERVER_FIELD}.use_tls"),
    ("config.error.proxy_needs_tls", f"{SERVER_FIELD}.use_tls"),
    ("config.error.origin_not_allowed", f"{SERVER_FIELD}.origin"),
    ("config.error.invalid_app_id", f"{SERVER_FIELD}.api_host"),
    ("config_subentries.channel.error.origin_not_allowed", f"{SERVER_FIELD}.origin"),
    (
        "config_subentries.share.error.public_channel",
        "config_subentries.share.step.user.data.public",
    ),
    (
        "config.step.auth_endpoint.data_description.user_auth_endpoint",
        "options.step.init.data.sign_in",
    ),
    ("options.error.sign_in_needs_endpoint", "options.step.init.data.sign_in"),
    (
        "options.error.sign_in_needs_endpoint",
        "config.step.auth_endpoint.data.user_auth_endpoint",
    ),
    ("options.step.init.data_description.watchlist", "options.step.init.data.sign_in"),
    ("config_subentries.channel.create_entry.default", "triggers.event_received.name"),
    ("config_subentries.channel.create_entry.server_api", "triggers.event_received.name"),
    ("config_subentries.channel.create_entry.server_api", "services.trigger.name"),
    ("config_subentries.share.error.needs_master_key", MASTER_KEY_LABEL),
    ("exceptions.master_key_missing.message", MASTER_KEY_LABEL),
    ("issues.decryption_failed.description", MASTER_KEY_LABEL),
    (f"issues.origin_not_allowed.{FIX}", f"{SERVER_FIELD}.origin"),
    (f"issues.tls_required.{FIX}", f"{SERVER_FIELD}.use_tls"),
    (f"issues.channel_refused.{FIX}", "entity.binary_sensor.subscribed.name"),
    ("exceptions.app_not_named.message", "services.trigger.fields.config_entry_id.name"),
    ("exceptions.app_not_found.message", "services.trigger.fields.config_entry_id.name"),
    ("exceptions.info_needs_server.message", "services.trigger.fields.info.name"),
    ("exceptions.info_needs_server.message", "services.trigger.fields.via.name"),
    ("exceptions.client_event_name.message", "services.trigger.fields.via.name"),
    ("exceptions.client_event_channel.message", "selector.via.options.server"),
    ("exceptions.data_too_large.message", "services.trigger.fields.data.name"),
    ("exceptions.too_many_channels.message", "services.trigger.fields.channels.name"),
    ("exceptions.too_many_events.message", "services.trigger_batch.fields.events.name"),
    ("exceptions.invalid_user_id.message", "services.send_to_user.fields.user_id.name"),
    ("exceptions.channel_not_subscribed.message", "services.subscribe.name"),
]

CONNECTION_ERRORS = {
    probe.CANNOT_CONNECT,
    *probe._BY_CODE.values(),
    *probe._BY_REASON.values(),
}

type Tree = Mapping[str, Any]


def test_each_error_that_the_code_gives_has_a_text() -> None:
    given = {
        arguments[0] for name in SOURCES for arguments, _ in _calls(name, "FormError") if arguments
    }
    assert len(given) > 5
    assert given <= set().union(*_flow_texts("error"))
    assert ENGLISH["config"]["error"].keys() >= CONNECTION_ERRORS
    assert ENGLISH["config_subentries"]["channel"]["error"].keys() >= CONNECTION_ERRORS


def test_each_reason_to_end_a_flow_has_a_text() -> None:
    fixes = [issue.get("fix_flow", {}).get("abort", {}) for issue in ENGLISH["issues"].values()]
    texts = set().union(*_flow_texts("abort"), *fixes)
    assert {reason for name in SOURCES for reason in _reasons(name)} <= texts


@pytest.mark.parametrize("kind", ["error", "abort"])
def test_each_error_and_reason_that_has_a_text_is_named_in_the_code(kind: str) -> None:
    named = {
        node.value
        for source in SOURCES.values()
        for node in ast.walk(source)
        if isinstance(node, ast.Constant)
    }
    for texts in _flow_texts(kind):
        assert texts.keys() - BY_HOME_ASSISTANT <= named


def test_each_choice_of_the_menu_is_a_step_and_has_a_text() -> None:
    menu = ENGLISH["config"]["step"]["authorization"]["menu_options"]
    assert all(hasattr(AppFlow, f"async_step_{option}") for option in menu)
    steps = {name.removeprefix("async_step_") for name in vars(AppFlow) if "async_step_" in name}
    assert {step for step in steps if step.startswith("auth_")} == menu.keys()


def test_each_exception_has_a_text_and_each_text_is_raised() -> None:
    assert ENGLISH["exceptions"].keys() == _exceptions().keys()


def test_each_exception_gives_what_its_text_shows() -> None:
    for key, givens in _exceptions().items():
        shown = _placeholders(ENGLISH["exceptions"][key]["message"])
        for given in givens:
            assert shown <= given, key


def test_each_misuse_that_the_client_raises_is_among_the_exceptions() -> None:
    assert _raised_misuses() >= ONLY_IN_FORMS
    assert ENGLISH["exceptions"].keys() >= _raised_misuses() - ONLY_IN_FORMS


def test_no_home_assistant_error_is_raised_without_a_translation() -> None:
    names = (
        "HomeAssistantError",
        "ServiceValidationError",
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "ConfigEntryAuthFailed",
    )
    made = [
        (name, keywords.keys())
        for name in SOURCES
        for function in names
        for _, keywords in _calls(name, function)
    ]
    assert len(made) >= 5
    for name, keywords in made:
        assert keywords >= {"translation_domain", "translation_key"}, name


def test_each_issue_has_a_text_that_shows_what_it_is_given() -> None:
    of_shares = set(share_issues.ShareProblem)
    assert ENGLISH["issues"].keys() == {*issues.Kind, *of_shares}
    for problem in of_shares:
        texts = ENGLISH["issues"][problem]
        assert texts.keys() == {"title", "description"}
        assert set().union(*map(_placeholders, texts.values())) <= {"name", "app", "status"}
    for kind in issues.Kind:
        texts = ENGLISH["issues"][kind]
        given = GIVEN_TO_ISSUES.get(kind, {"name", "code"})
        assert set().union(*map(_placeholders, _texts(texts).values())) <= given
        is_fixable = kind not in issues._NOT_FIXABLE
        assert texts.keys() == {"title", "fix_flow" if is_fixable else "description"}
        if is_fixable:
            assert texts["fix_flow"]["step"].keys() == {"confirm"}
            assert texts["fix_flow"]["abort"].keys() == {"not_solved"}


def test_each_selector_has_texts_and_each_text_a_selector() -> None:
    services = load_yaml_dict(str(FOLDER / "services.yaml"))
    fields = [field for action in services.values() for field in _fields(action)]
    selectors = [setting for field in fields for setting in field["selector"].values() if setting]
    forms = (ENDPOINT_SCHEMA, app.SERVER_SCHEMA, options.SERVER_SCHEMA)
    configs = [getattr(it, "config", {}) for form in forms for it in form.schema.values()]
    selectors += [config for config in configs if "fields" in config]
    selectors += [PLATFORM.config, STATE_CLASS.config]
    used = {it["translation_key"]: it for it in selectors if "translation_key" in it}
    assert used.keys() == ENGLISH["selector"].keys()
    for key, texts in ENGLISH["selector"].items():
        assert list(texts.get("options", {})) == used[key].get("options", [])
        assert list(texts.get("fields", {})) == list(used[key].get("fields", {}))


async def test_each_line_of_the_system_information_has_a_text(hass: HomeAssistant) -> None:
    assert ENGLISH["system_health"]["info"].keys() == (await _info(hass)).keys()


def test_the_languages_are_these() -> None:
    assert LANGUAGES.keys() == {"de", "en", "es", "fr", "nl"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_keys_in_the_same_order(language: str) -> None:
    assert list(_texts(LANGUAGES[language])) == list(_texts(ENGLISH))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_shows_the_same_placeholders(language: str) -> None:
    for path, text in _texts(LANGUAGES[language]).items():
        assert _placeholders(text) == _placeholders(_texts(ENGLISH)[path]), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_shown_as_it_is_written(language: str) -> None:
    """A quote before a brace hides a placeholder; a reference to another text is not resolved."""
    for path, text in _texts(LANGUAGES[language]).items():
        assert text == text.strip() != "", path
        assert not re.search(r"'[{}<>']|[<>]|\[%|https?://", text), path
        assert not set(re.sub(r"\{[a-z_]+\}", "", text)) & set("{}"), path


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_each_sentence_is_translated(language: str) -> None:
    for path, text in _texts(ENGLISH).items():
        if text.endswith("."):
            assert _texts(LANGUAGES[language])[path] != text, path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("remedy", "label"), NAMES_LABEL)
def test_remedy_names_a_field_as_its_label_does(language: str, remedy: str, label: str) -> None:
    texts = _texts(LANGUAGES[language])
    assert texts[label].casefold() in texts[remedy].casefold()


def _flow_texts(kind: str) -> list[dict[str, str]]:
    """Return the texts of one kind, such as `error`, of each flow that has some."""
    flows = [ENGLISH["config"], ENGLISH["options"], *ENGLISH["config_subentries"].values()]
    return [flow[kind] for flow in flows if kind in flow]


def _texts(tree: Tree, path: str = "") -> dict[str, str]:
    """Return all texts by their path."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        where = f"{path}.{key}" if path else key
        found |= {where: value} if isinstance(value, str) else _texts(value, where)
    return found


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def _calls(name: str, function: str) -> Iterator[tuple[list[str], dict[str, ast.expr]]]:
    """Yield the arguments of all calls of a function in a file, those that are known names."""
    for node in ast.walk(SOURCES[name]):
        if isinstance(node, ast.Call) and _name_of(node.func) == function:
            keywords = {word.arg: word.value for word in node.keywords if word.arg is not None}
            yield [text for it in node.args if (text := _value(it)) is not None], keywords


def _name_of(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _value(node: ast.expr) -> str | None:
    """Return a text that stands in the code, itself or as a misuse."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Attribute(value=ast.Name(id="Misuse"), attr=name):
            return Misuse[name].value
        case _:
            pass
    return None


def _reasons(name: str) -> set[str]:
    return {
        node.value.value
        for node in ast.walk(SOURCES[name])
        if isinstance(node, ast.keyword) and node.arg == "reason"
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def _fields(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of an action, with those in sections."""
    fields = description["fields"].values()
    return [it for field in fields for it in (_fields(field) if "fields" in field else [field])]


def _raised_misuses() -> set[str]:
    return {
        arguments[0]
        for name in SOURCES
        for arguments, _ in _calls(name, "InvalidUseError")
        if arguments
    }


def _exceptions() -> dict[str, list[set[str]]]:
    """Return, for each exception, the placeholders that each place that raises it gives."""
    found: dict[str, list[set[str]]] = defaultdict(list)
    for misuse in _raised_misuses() - ONLY_IN_FORMS:
        found[misuse].append(set() if misuse == Misuse.NOT_CONNECTED else {"channel"})
    for name in SOURCES:
        for function in RAISED_BY_ACTIONS:
            for arguments, keywords in _calls(name, function):
                if arguments:
                    found[arguments[0]].append(set(keywords))
    for node in ast.walk(SOURCES["__init__.py"]):
        if isinstance(node, ast.keyword) and node.arg == "translation_key":
            key = _value(node.value)
            assert key is not None
            found[key].append(set() if key == "platform_failed" else {"error"})
    return found
