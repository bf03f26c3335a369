"""What a user reads: the texts of the translations, and never a key that nothing translated."""

import json
import re
from pathlib import Path

_TRANSLATIONS = Path(__file__).parents[2] / "custom_components" / "pusher_channels" / "translations"
ENGLISH: dict[str, object] = json.loads((_TRANSLATIONS / "en.json").read_text())

_RAW = re.compile(
    r"\[%key|\bundefined\b|\bNaN\b|\[object Object\]|component\.pusher_channels|config_subentries\."
    r"|\b[a-z]+(?:_[a-z]+)+\b"
)
_MEANT = {
    "pusher_channels",
    "socket_id",
    "user_id",
    "channel_name",
    "channel_data",
    "shared_secret",
    "allowed_origins",
}
_PLACEHOLDER = re.compile(r"\{\w+\}")


def raw_keys(text: str) -> list[str]:
    """Return what looks like a key in a text that a user sees.

    The names of a script's variables are meant so, and so are our own name and what stands in an address.
    """
    without_addresses = re.sub(r"^\s*- /url: .*$", "", text, flags=re.MULTILINE)
    return [found for found in _RAW.findall(without_addresses) if found not in _MEANT]


def texts(tree: object = ENGLISH, path: str = "") -> dict[str, str]:
    """Return the English texts by their path in the translations, such as config.error.unknown."""
    if not isinstance(tree, dict):
        return {path: str(tree)}
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= texts(value, f"{path}.{key}" if path else key)
    return found


def as_shown(path: str) -> re.Pattern[str]:
    """Return what a text looks like once something stands in its placeholders. Raises KeyError."""
    return re.compile(".+".join(re.escape(part) for part in _PLACEHOLDER.split(texts()[path])))
