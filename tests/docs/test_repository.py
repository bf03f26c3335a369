"""The files of the repository agree: versions, workflows, hooks, forms."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from homeassistant.util.yaml import parse_yaml

from custom_components.pusher_channels.client.server import CLIENT_VERSION

from . import CHECKOUT, COMPONENT, DOCUMENTATION

MANIFEST = json.loads((COMPONENT / "manifest.json").read_text())
WORKFLOWS = sorted(CHECKOUT.glob(".github/workflows/*.yml"))
FORMS = [CHECKOUT / ".github/ISSUE_TEMPLATE" / name for name in ("bug.yml", "feature.yml")]
FORM_FIELDS = {"checkboxes", "dropdown", "input", "markdown", "textarea"}


def _load(path: Path) -> Any:
    return parse_yaml(path.read_text())


def _commands(value: Any) -> list[str]:
    """Return the commands that a workflow or a hook runs."""
    match value:
        case {"run": str(command)} | {"entry": str(command)}:
            return [command]
        case dict():
            return [command for inner in value.values() for command in _commands(inner)]
        case list():
            return [command for inner in value for command in _commands(inner)]
        case _:
            pass
    return []


def test_the_changes_begin_with_the_present_version() -> None:
    versions = re.findall(r"^## (\S+)", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == MANIFEST["version"] == CLIENT_VERSION


def test_the_tests_run_on_each_version_that_has_requirements() -> None:
    matrix = _load(CHECKOUT / ".github/workflows/checks.yml")["jobs"]["test"]["strategy"]["matrix"]
    pinned = {file.stem.removeprefix("ha-") for file in CHECKOUT.glob("requirements/ha-*.in")}
    assert set(matrix["ha"]) == pinned


def test_the_lowest_version_is_the_one_that_hacs_asks_for() -> None:
    wanted = json.loads((CHECKOUT / "hacs.json").read_text())["homeassistant"]
    assert (CHECKOUT / f"requirements/ha-{wanted}.txt").exists()
    short = wanted.rpartition(".")[0]
    assert f"Home Assistant {short} or later" in (CHECKOUT / "README.md").read_text()


@pytest.mark.parametrize(
    "file", [*WORKFLOWS, CHECKOUT / ".pre-commit-config.yaml"], ids=lambda file: file.name
)
def test_what_workflows_and_hooks_run_is_there(file: Path) -> None:
    ours = [path for text in _commands(_load(file)) for path in re.findall(r"scripts/\w+", text)]
    assert ours
    for path in ours:
        assert os.access(CHECKOUT / path, os.X_OK), path


def test_each_check_is_a_job() -> None:
    jobs = _load(CHECKOUT / ".github/workflows/checks.yml")["jobs"]
    uses = {step.get("uses", "").split("@")[0] for job in jobs.values() for step in job["steps"]}
    assert {"lint", "test", "hassfest", "hacs", "release"} <= jobs.keys()
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= uses


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_pin_actions_by_commit_and_give_each_job_its_permissions(file: Path) -> None:
    workflow = _load(file)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        rights = {"contents": "write" if name == "publish" else "read"}
        assert job["permissions"] == rights, name
        for step in job.get("steps", ()):
            action = step.get("uses", f"@{'0' * 40}")
            assert re.fullmatch(r"[0-9a-f]{40}", action.partition("@")[2]), action


def test_the_latest_home_assistant_is_tested_every_day() -> None:
    text = (CHECKOUT / ".github/workflows/latest.yml").read_text()
    assert "schedule:" in text
    assert "scripts/pin --latest" in text
    assert "scripts/test --ha latest" in text


def test_a_tag_publishes_the_zip_after_the_checks() -> None:
    workflow = _load(CHECKOUT / ".github/workflows/release.yml")
    publish = workflow["jobs"]["publish"]
    assert workflow["jobs"]["checks"]["uses"] == "./.github/workflows/checks.yml"
    assert publish["needs"] == "checks"
    zip_name = json.loads((CHECKOUT / "hacs.json").read_text())["filename"]
    assert any(f"dist/{zip_name}" in command for command in _commands(publish))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_form_has_what_forms_need(form: Path) -> None:
    content = _load(form)
    assert content["name"]
    assert content["description"]
    ids = [field["id"] for field in content["body"] if "id" in field]
    assert len(ids) == len(set(ids))
    for field in content["body"]:
        assert field["type"] in FORM_FIELDS
        assert field["attributes"]["label"]


def test_the_manifest_leads_to_the_repository() -> None:
    assert MANIFEST["issue_tracker"] == f"{DOCUMENTATION}/issues"
    assert f"`{DOCUMENTATION}`" in (CHECKOUT / "README.md").read_text()
