"""Tools import no tests, and depend on each other in one direction."""

import ast
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
MAY_IMPORT = {
    "benchmarks": {"load", "harness", "devserver"},
    "browser": {"harness", "devserver"},
    "demo": {"browser", "harness", "devserver"},
    "devserver": set[str](),
    "harness": {"ha_first"},
    "load": {"devserver"},
    "npm": set[str](),
    "soak": {"load", "harness", "devserver", "ha_first"},
}


def _imports(folder: Path) -> set[str]:
    """Return the modules that a folder's files import by their full names."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return found


def test_each_tool_is_listed() -> None:
    assert {path.parent.name for path in TOOLS.glob("*/__init__.py")} == MAY_IMPORT.keys()


@pytest.mark.parametrize("tool", MAY_IMPORT)
def test_a_tool_imports_no_tests_and_only_the_tools_below_it(tool: str) -> None:
    imports = _imports(TOOLS / tool)
    assert not {name for name in imports if name.split(".")[0] == "tests"}
    others = {name.split(".")[1] for name in imports if name.startswith("tools.")} - {tool}
    assert others <= MAY_IMPORT[tool]


def test_the_dev_server_shares_no_code_with_the_client() -> None:
    imports = _imports(TOOLS / "devserver")
    assert not {name for name in imports if name.startswith("custom_components")}
    assert any(name.startswith("pusher") for name in imports)
