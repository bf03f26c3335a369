"""What a user must never see: keys that nothing translated."""

import re

_RAW = re.compile(
    r"\[%key|\bundefined\b|\bNaN\b|\[object Object\]|component\.pusher_channels|config_subentries\."
    r"|\b[a-z]+(?:_[a-z]+)+\b"
)
_MEANT = {"socket_id", "channel_name", "channel_data", "shared_secret"}


def raw_keys(text: str) -> list[str]:
    """Return what looks like a key in a text that a user sees.

    The names of a script's variables are meant so, and so is what stands in an address.
    """
    without_addresses = re.sub(r"^\s*- /url: .*$", "", text, flags=re.MULTILINE)
    return [found for found in _RAW.findall(without_addresses) if found not in _MEANT]
