"""A server's message is logged and shown without the secrets of the app."""

from typing import Any

import pytest
from homeassistant.components.diagnostics import REDACTED

from custom_components.pusher_channels.hub.redaction import without_secrets


@pytest.mark.parametrize(
    ("data", "message", "shown"),
    [
        ({"secret": "abcdef"}, "Got abcdef.", f"Got {REDACTED}."),
        ({"secret": "abcde"}, "Got abcde.", "Got abcde."),
        ({"cluster": "abcdef"}, "Got abcdef.", "Got abcdef."),
        ({"user_id": "bcdefg", "secret": "abcdefghi"}, "Got abcdefghi.", f"Got {REDACTED}."),
        ({"user_info": {"name": "abcdef", "age": 42}}, "Got abcdef, 42.", f"Got {REDACTED}, 42."),
        ({"headers": [{"name": "abcdef", "value": "ghijkl"}]}, "abcdef", "abcdef"),
        ({"headers": [{"name": "abcdef", "value": "ghijkl"}]}, "ghijkl", REDACTED),
        ({"headers": [{"name": "A", "value": "Key ghijkl"}]}, "Got ghijkl.", f"Got {REDACTED}."),
        ({"webhook_keys": [{"name": "abcdef", "value": "ghijkl"}]}, "abcdef", REDACTED),
        ({}, "x" * 301, "x" * 300),
        ({}, 'Got {"user_id": 1}', f"Got {REDACTED}"),
    ],
)
def test_message_has_no_secrets_and_is_short(
    data: dict[str, Any], message: str, shown: str
) -> None:
    assert without_secrets(message, data) == shown
