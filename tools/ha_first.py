"""Lets a test stack that was made for an earlier Home Assistant run on a newer one; harmless where they match.

Home Assistant must come before anything that imports httpx, and a function that the stack imports is gone. The stack
needs its own patches in place before the rest of Home Assistant is imported.
"""

from importlib import import_module

import_module("homeassistant")
for patch in ("json", "recorder", "time"):
    import_module(f"pytest_homeassistant_custom_component.patch_{patch}")
logger = import_module("homeassistant.components.logger")
vars(logger).setdefault("_clear_logger_overwrites", lambda *_: None)
