"""docs/features.md and docs/reliability.md name tests that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEATURES = ROOT / "docs" / "features.md"
RELIABILITY = ROOT / "docs" / "reliability.md"


def test_each_named_test_is_collected(pytestconfig: pytest.Config) -> None:
    pages = {page: _tests_named_in(page) for page in (FEATURES, RELIABILITY)}
    named = set.union(*pages.values())
    files = sorted({test.split("::")[0] for test in named})
    plugins = [f"-p{plugin}" for plugin in pytestconfig.getoption("plugins")]

    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-cov", *plugins, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    known = {line.partition("[")[0] for line in collected.splitlines()}
    assert len(pages[FEATURES]) > 50
    assert len(pages[RELIABILITY]) > 20
    assert named - known == set()


def _tests_named_in(page: Path) -> set[str]:
    return set(re.findall(r"`(tests/\S+?::\w+)`", page.read_text()))


def test_each_row_names_a_test_or_says_why_not() -> None:
    rows = [line for line in FEATURES.read_text().splitlines() if line.startswith("| ")]
    for row in rows:
        *_, here, test = (cell.strip() for cell in row.strip("|").split("|"))
        assert test.startswith("`tests/") or test == "test" or here.startswith("no: "), row
