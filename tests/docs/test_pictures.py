"""Each picture of the documentation is on a page, and an image that a browser can show."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from . import CHECKOUT
from .pages import PAGES, links

PICTURES = sorted((CHECKOUT / "docs" / "images").iterdir())
MOST_BYTES = 2_000_000


def test_each_picture_is_on_a_page() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert PICTURES
    assert [picture.name for picture in PICTURES if picture not in shown] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_whole_and_small(picture: Path) -> None:
    assert picture.stat().st_size < MOST_BYTES
    if picture.suffix == ".svg":
        assert ET.parse(picture).getroot().tag.endswith("svg")
        return
    with Image.open(picture) as image:
        image.load()
        assert min(image.size) >= 200
