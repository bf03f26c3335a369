"""Code in other languages than YAML and Python is at least well-formed, and names what exists."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from . import CHECKOUT, COMPONENT
from .pages import Block, blocks

PYTHON_IS_RUN = {"docs/client.md", "docs/guides/authorizing-endpoint.md"}
RUN_ELSEWHERE = {"yaml", "python", "json", "html"}
READ_ONLY = {"http", "mermaid", "text"}
PHP = shutil.which("php")
NODE = shutil.which("node")


def test_each_language_is_checked_by_a_test() -> None:
    known = RUN_ELSEWHERE | READ_ONLY | {"js", "php", "sh"}
    assert {block.language for block in blocks()} <= known
    assert {block.page for block in blocks("python")} == PYTHON_IS_RUN


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_shell_is_well_formed_and_its_scripts_and_tests_exist(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    for path in re.findall(r"(?<![\w/])(?:\.ci|scripts|tests)/[\w./]+", block.text):
        assert (CHECKOUT / path).exists(), path


@pytest.mark.skipif(NODE is None, reason="there is no node")
@pytest.mark.parametrize("block", blocks("js"), ids=str)
def test_javascript_is_well_formed(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "example.mjs"
    file.write_text(block.text)
    subprocess.run([str(NODE), "--check", str(file)], check=True)


@pytest.mark.skipif(PHP is None, reason="there is no php")
@pytest.mark.parametrize("block", blocks("php"), ids=str)
def test_php_is_well_formed(block: Block) -> None:
    text = block.text if block.text.startswith("<?php") else f"<?php\n{block.text}"
    subprocess.run([str(PHP), "-l"], input=text, text=True, check=True)


def test_the_architecture_names_each_file_of_the_integration_and_no_other() -> None:
    text = (CHECKOUT / "docs/architecture.md").read_text()
    table = text[text.index("## Layers and their files") : text.index("Beside it stand")]
    named = {Path(name).name for name in re.findall(r"[\w/]+\.py", table)}
    files = {file.name for file in COMPONENT.rglob("*.py")}
    assert files - named <= {"const.py"}
    assert {Path(name).name for name in re.findall(r"[\w/]+\.py", text)} <= files
