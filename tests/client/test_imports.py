"""The client stands on its own: what it imports, and in which direction."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from custom_components.pusher_channels.client import client

FILES = sorted(Path(client.__file__).parent.glob("*.py"))
LIBRARIES = {"aiohttp", "nacl", "orjson", "yarl"}  # yarl: the addresses of aiohttp


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Yield what a file imports anywhere in it, with the number of leading dots."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.level, node.module
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, alias.name) for alias in node.names)


def test_the_client_imports_its_libraries_and_nothing_of_home_assistant() -> None:
    outside = {
        module.partition(".")[0] for file in FILES for dots, module in imported(file) if dots == 0
    }

    assert outside - sys.stdlib_module_names <= LIBRARIES


def test_the_client_reaches_nothing_above_its_own_folder() -> None:
    assert {dots for file in FILES for dots, _ in imported(file)} == {0, 1}


def test_imports_inside_the_client_have_one_direction() -> None:
    graph = {file.stem: {module for dots, module in imported(file) if dots == 1} for file in FILES}

    order = list(TopologicalSorter(graph).static_order())

    assert order[-2:] == ["client", "__init__"]
    assert set(order) == set(graph)
