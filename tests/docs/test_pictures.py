"""The pictures are shown on the pages, and show the present texts and icons."""

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from . import CHECKOUT, COMPONENT
from .pages import PAGES, links

PICTURES = sorted((CHECKOUT / "docs" / "images").iterdir())
SCREENSHOTS = [picture for picture in PICTURES if picture.suffix == ".png"]
PICTURED = [
    COMPONENT / "brand",
    COMPONENT / "icons.json",
    COMPONENT / "translations" / "en.json",
    CHECKOUT / "tools" / "demo" / "dashboard.py",
]


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_each_picture_is_on_a_page() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert PICTURES
    assert [picture.name for picture in PICTURES if picture not in shown] == []


@pytest.mark.parametrize("picture", SCREENSHOTS, ids=lambda picture: picture.name)
def test_a_picture_names_a_commit_that_looks_like_it(picture: Path) -> None:
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("Without the repository's history, commits cannot be looked at.")
    with Image.open(picture) as image:
        commit = str(image.info["Commit"])
    changed = _git("diff", "--name-only", commit, "--", *map(str, PICTURED))
    assert changed.returncode == 0, changed.stderr
    assert changed.stdout == ""
