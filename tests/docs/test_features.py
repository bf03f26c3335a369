"""docs/features.md and docs/reliability.md name tests that exist."""

import re
from pathlib import Path

import pytest

from . import CHECKOUT

FEATURES = CHECKOUT / "docs" / "features.md"
RELIABILITY = CHECKOUT / "docs" / "reliability.md"


@pytest.mark.parametrize(("page", "fewest"), [(FEATURES, 50), (RELIABILITY, 20)])
def test_each_named_file_has_tests(page: Path, fewest: int) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", page.read_text())
    assert len(named) > fewest
    for file in set(named):
        assert "def test_" in (CHECKOUT / file).read_text(), file


def test_each_row_names_a_test_or_a_reason() -> None:
    rows = [line for line in FEATURES.read_text().splitlines() if line.startswith("| ")]
    for row in rows:
        *_, here, test = (cell.strip() for cell in row.strip("|").split("|"))
        assert test.startswith("`tests/") or test == "test" or here.startswith("no: "), row
