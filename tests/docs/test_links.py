"""Links of the documentation lead somewhere; the network is not used."""

import re
from pathlib import Path

import pytest
from yarl import URL

from . import CHECKOUT, DOCUMENTATION
from .pages import PAGES, anchors, links, section

HOSTS = {
    "docs.aiohttp.org",
    "docs.bird.com",
    "github.com",
    "keepachangelog.com",
    "my.home-assistant.io",
    "pre-commit.com",
    "pusher.com",
    "pynacl.readthedocs.io",
    "reverb.laravel.com",
    "semver.org",
    "shop.example",
    "sockudo.io",
    "soketi.app",
}
NOT_MARKDOWN = [
    *CHECKOUT.glob("blueprints/**/*.yaml"),
    *CHECKOUT.glob(".github/**/*.yml"),
    CHECKOUT / "docs/dashboard.yaml",
]


def _name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_relative_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(CHECKOUT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [*PAGES, *NOT_MARKDOWN], ids=_name)
def test_external_addresses_are_well_formed_and_of_known_hosts(page: Path) -> None:
    for address in re.findall(r"https?://[^\s<>()\"'`]+", page.read_text()):
        url = URL(address.replace("$", ""))
        assert url.scheme == "https", address
        assert url.host in HOSTS, address


def test_addresses_of_the_repository_name_files_that_exist() -> None:
    pattern = re.compile(re.escape(DOCUMENTATION) + r"/blob/main/(\S+)")
    for page in [*PAGES, *NOT_MARKDOWN]:
        for path in pattern.findall(page.read_text()):
            assert (CHECKOUT / path).exists(), f"{_name(page)}: {path}"


@pytest.mark.parametrize("page", sorted(CHECKOUT.glob("docs/**/*.md")), ids=_name)
def test_each_page_can_be_reached_from_the_readme(page: Path) -> None:
    assert page in _reachable(CHECKOUT / "README.md", set())


def test_the_readme_has_its_sections_in_order() -> None:
    text = (CHECKOUT / "README.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    expected = ["Install", "Set up", "Three examples", "What leaves your house, and what it costs"]
    assert headings[:4] == expected
    assert headings[-3:] == ["More", "Try it", "License"]
    assert text.index("docs/images/") < text.index("## Install")
    assert f"git clone {DOCUMENTATION}\n" in section("README.md", "Try it")


def _reachable(page: Path, seen: set[Path]) -> set[Path]:
    seen.add(page)
    for link in links(page):
        target = (page.parent / link.partition("#")[0]).resolve()
        if target.suffix == ".md" and target not in seen:
            _reachable(target, seen)
    return seen
