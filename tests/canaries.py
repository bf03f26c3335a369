"""Searches what a test run writes for what must stay secret."""

import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from types import CodeType
from typing import Any, override

import pytest
import voluptuous as vol
from homeassistant.data_entry_flow import FlowManager
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry

from custom_components.pusher_channels import diagnostics
from custom_components.pusher_channels.client.exceptions import PusherError

APP_SECRET = "nightingale-of-the-demo-app"
SECRET = re.compile(
    rf"{APP_SECRET}"
    r"|Bearer\s+(?!\[redacted\])\S+"  # the value of a header
    r"|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"  # a signature
    r"|(?<![\w+/])[A-Za-z0-9+/]{43}="  # a master key or shared secret
)
LOGGERS = ("custom_components.pusher_channels", "homeassistant", "aiohttp.client", "asyncio")
COMPONENT = str(Path(diagnostics.__file__).parent)
RAISES = 4
SHOWN_ERRORS = (PusherError, HomeAssistantError, vol.Invalid)
SHOWN_BY_FLOWS = ("errors", "description_placeholders", "reason", "title")


class Canaries(logging.Handler):
    """Reads the log, what the component raises, and what it gives to diagnostics, flows and repairs."""

    def __init__(self, config: Path) -> None:
        """Read files below `config`, where Home Assistant writes its own."""
        super().__init__(logging.DEBUG)
        self.found: list[str] = []
        self._since = time.time()
        self._config = config

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(LOGGERS):
            self.read(f"the log of {record.name}", logging.Formatter().format(record))

    def read(self, where: str, what: object) -> None:
        """Add a finding if the text has a secret, with the start of it only."""
        if secret := SECRET.search(str(what)):
            self.found.append(f"{secret[0][:12]}... is in {where}")

    def take(self) -> list[str]:
        """Return what was found since the last call."""
        found, self.found = self.found, []
        return found

    def start(self, patch: pytest.MonkeyPatch) -> None:
        logging.getLogger().addHandler(self)
        logging.getLogger(LOGGERS[0]).setLevel(logging.DEBUG)
        sys.monitoring.use_tool_id(RAISES, "canaries")
        sys.monitoring.register_callback(RAISES, sys.monitoring.events.RAISE, self._raised)
        sys.monitoring.set_events(RAISES, sys.monitoring.events.RAISE)
        for owner, name in (
            (FlowManager, "_async_handle_step"),
            (diagnostics, "async_get_config_entry_diagnostics"),
        ):
            patch.setattr(owner, name, self._reading(getattr(owner, name)))
        create = issue_registry.async_create_issue

        @wraps(create)
        def create_issue(*args: Any, **issue: Any) -> None:
            self.read("a repair issue", issue)
            create(*args, **issue)

        patch.setattr(issue_registry, "async_create_issue", create_issue)

    def stop(self) -> None:
        logging.getLogger().removeHandler(self)
        sys.monitoring.free_tool_id(RAISES)
        self.read_files()

    def read_files(self) -> None:
        """Read what Home Assistant wrote, but for the file where it keeps what was entered."""
        for file in self._config.rglob("*"):
            written = file.is_file() and file.stat().st_mtime > self._since
            if written and file.name != "core.config_entries":
                self.read(str(file), file.read_text(errors="replace"))

    def _raised(self, code: CodeType, _: int, error: BaseException) -> None:
        if isinstance(error, SHOWN_ERRORS) and code.co_filename.startswith(COMPONENT):
            self.read(f"an exception of {code.co_qualname}", repr(error))

    def _reading(
        self, source: Callable[..., Awaitable[dict[str, Any]]]
    ) -> Callable[..., Awaitable[dict[str, Any]]]:
        @wraps(source)
        async def read(*args: Any, **kwargs: Any) -> dict[str, Any]:
            result = await source(*args, **kwargs)
            shown = {key: result[key] for key in SHOWN_BY_FLOWS if key in result}
            self.read(source.__qualname__, shown if "flow_id" in result else result)
            return result

        return read
