"""What Home Assistant's log must not have: errors and secrets."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator

from tools.harness import HomeAssistant

from .apps import App

_ERROR = re.compile(r" (?:ERROR|CRITICAL) \(")
_REFUSED_ACTION = re.compile(
    r"\[homeassistant\.components\.websocket_api\.http\.connection\] \[\d+\] (?!Un|Error h)"
)
_SIGNATURE = re.compile(r"\b[0-9a-f]{64}\b")
_KEY = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")


class LogWatch:
    """Reads what Home Assistant has logged since the last call."""

    def __init__(self, hass: HomeAssistant, canaries: Iterable[str]) -> None:
        """Start at the log's beginning."""
        self.hass = hass
        self._canaries = tuple(canaries)
        self._seen = 0

    def new_faults(self) -> list[str]:
        """Return the errors and secrets that were logged since the last call."""
        new = self.hass.log[self._seen :]
        self._seen += len(new)
        return faults(new, [*self._canaries, self.hass.token])


def faults(log: str, canaries: Iterable[str]) -> list[str]:
    """Return the lines of a log that report an error, or show a secret, which is left out.

    Secrets are the canaries, and all that look like an HMAC-SHA256 (every auth signature) or like 32 bytes as base64
    (master keys and shared secrets). A refused action is no error here, since its caller gets the error too.
    """
    return [*_errors(log), *_indiscretions(log, tuple(canaries))]


def shared_secret(app: App, channel: str) -> str:
    """Return the key of an encrypted channel, as base64."""
    digest = hashlib.sha256(channel.encode() + base64.b64decode(app.master_key)).digest()
    return base64.b64encode(digest).decode()


def _errors(log: str) -> Iterator[str]:
    for line in log.splitlines():
        if _ERROR.search(line) and not _REFUSED_ACTION.search(line):
            yield line


def _indiscretions(log: str, canaries: tuple[str, ...]) -> Iterator[str]:
    for line in log.splitlines():
        hidden = _KEY.sub("<key>", _SIGNATURE.sub("<signature>", line))
        for canary in canaries:
            hidden = hidden.replace(canary, "<canary>")
        if hidden != line:
            yield hidden
