"""undecorate.py FOLDER: writes `@callback` above a function as `name = callback(name)` below it, which means the same.

mutmut changes no decorated functions: without this, no callback and no property.
"""

import ast
import sys
from pathlib import Path

DECORATORS = frozenset({"callback", "override", "property"})


def undecorated(source: str) -> str:
    """Return the source; functions with any other decorator stay as they are."""
    lines = source.splitlines()
    functions = [
        it
        for it in ast.walk(ast.parse(source))
        if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for function in sorted(functions, key=lambda it: it.lineno, reverse=True):
        names = [it.id if isinstance(it, ast.Name) else "" for it in function.decorator_list]
        if DECORATORS.issuperset(names):
            indent = " " * function.col_offset
            calls = [
                f"{indent}{function.name} = {name}({function.name})" for name in reversed(names)
            ]
            lines[function.end_lineno : function.end_lineno] = calls
            del lines[function.lineno - 1 - len(names) : function.lineno - 1]
    return "\n".join((*lines, ""))


def main(folder: Path) -> None:
    """Rewrite each file."""
    for path in folder.rglob("*.py"):
        path.write_text(undecorated(path.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
