"""Code in languages other than YAML and Python is valid, and names files that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from . import CHECKOUT, COMPONENT
from .pages import Block, blocks, section

PYTHON_IS_RUN = {"docs/client.md", "docs/guides/authorizing-endpoint.md"}
RUN_ELSEWHERE = {"yaml", "python", "json", "html", "jinja"}
READ_ONLY = {"http", "mermaid", "text"}
FOLDERS = [path for path in COMPONENT.iterdir() if any(path.glob("*.py"))]
PHP = shutil.which("php")
NODE = shutil.which("node")


def test_each_language_is_checked_by_a_test() -> None:
    known = RUN_ELSEWHERE | READ_ONLY | {"js", "php", "sh"}
    assert {block.language for block in blocks()} <= known
    assert {block.page for block in blocks("python")} == PYTHON_IS_RUN


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_shell_is_valid_and_its_scripts_and_tests_exist(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    for path in re.findall(r"(?<![\w/])(?:\.ci|scripts|tests)/[\w./]+", block.text):
        assert (CHECKOUT / path).exists(), path


@pytest.mark.skipif(NODE is None, reason="there is no node")
@pytest.mark.parametrize("block", blocks("js"), ids=str)
def test_javascript_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "example.mjs"
    file.write_text(block.text)
    subprocess.run([str(NODE), "--check", str(file)], check=True)


@pytest.mark.skipif(PHP is None, reason="there is no php")
@pytest.mark.parametrize("block", blocks("php"), ids=str)
def test_php_is_valid(block: Block) -> None:
    text = block.text if block.text.startswith("<?php") else f"<?php\n{block.text}"
    subprocess.run([str(PHP), "-l"], input=text, text=True, check=True)


def _names(text: str) -> set[str]:
    """Return the paths in code in a text, apart from those in fences."""
    return set(re.findall(r"`([\w./-]+(?:/|\.py))`", text))


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_named_files_and_folders_exist(page: str) -> None:
    names = _names((CHECKOUT / page).read_text())
    assert names
    for name in names:
        known = [CHECKOUT / name, COMPONENT / name]
        inside = [path for folder in FOLDERS for path in [folder / name]]
        assert any(path.exists() for path in known + inside), name


def test_architecture_has_each_folder_and_each_root_module() -> None:
    text = section("docs/architecture.md", "Where everything is")
    folders = {f"{path.name}/" for path in FOLDERS}
    modules = {path.name for path in COMPONENT.glob("*.py")} - {"__init__.py"}
    assert folders | modules <= _names(text)


def test_hops_of_the_diagrams_are_in_the_code() -> None:
    text = (CHECKOUT / "docs/architecture.md").read_text()
    hops = re.findall(r"([\w/]+\.py): ([\w.]+(?:, \w+)*)", text)
    assert hops
    for file, names in hops:
        code = (COMPONENT / file).read_text()
        for name in re.findall(r"\w+", names):
            assert re.search(rf"\b(?:class|def|type) {name}\b", code), f"{file}: {name}"


def test_no_change_needs_more_than_four_python_files() -> None:
    rows = section("CONTRIBUTING.md", "Which files a change needs").strip().splitlines()[2:]
    assert len(rows) == 10
    for row in rows:
        assert 1 <= len(_names(row)) <= 4, row
