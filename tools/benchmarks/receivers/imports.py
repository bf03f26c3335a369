"""How long the integration and all its platforms take to import, where Home Assistant's own parts are there already.

Without arguments it prints which modules of Home Assistant the integration uses, as JSON. With those as arguments, it
imports them first, and prints the CPU seconds for the rest.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import homeassistant.bootstrap  # noqa: F401  # what every Home Assistant has imported

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "custom_components" / "pusher_channels"


def ours() -> list[str]:
    """Return the names of the package and of the modules in it that Home Assistant imports."""
    package = ".".join(PACKAGE.relative_to(ROOT).parts)
    modules = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    return [package, *(f"{package}.{name}" for name in modules)]


def main() -> None:
    """Print what is used, or measure."""
    modules = json.loads(sys.argv[1]) if sys.argv[1:] else None
    for name in modules or ():
        import_module(name)
    began = time.process_time()
    for name in ours():
        import_module(name)
    seconds = time.process_time() - began
    used = [name for name in sys.modules if name.partition(".")[0] == "homeassistant"]
    print(json.dumps(used if modules is None else seconds))


if __name__ == "__main__":
    main()
