"""A server's messages are shown and logged on one line, short, and without signatures or secrets."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from custom_components.pusher_channels.client.exceptions import ProtocolError
from custom_components.pusher_channels.client.messages import ErrorReceived, SubscriptionRefused
from custom_components.pusher_channels.client.protocol import decode
from tools.devserver import frames

SIGNATURE = "0123456789abcdef" * 4
FORGED = (
    f"No\r\n2026-01-01 ERROR (MainThread) [root] \x1b[31m{SIGNATURE}\x85\u2028\x00" + "x" * 1000
)
SHOWN = ("No 2026-01-01 ERROR (MainThread) [root] [31m[redacted] " + "x" * 1000)[:300]


def test_an_error_is_one_short_line() -> None:
    assert decode(frames.error(4200, FORGED)) == ErrorReceived(4200, SHOWN, None)


def test_the_name_of_a_broken_frame_is_one_short_line() -> None:
    with pytest.raises(ProtocolError, match=r"^The frame pusher:x ERROR \S{45} lacks a field"):
        decode(frames.encode({"event": "pusher:x\nERROR\x1b" + "y" * 1000, "channel": 1}))


@pytest.mark.parametrize(
    "frame",
    [frames.error(4001, "{}"), frames.subscription_error("private-a", "{}")],
    ids=["error", "refusal"],
)
def test_an_error_of_more_than_64_kb_is_rejected(frame: str) -> None:
    room = 65_536 - len(frame) + 2
    decode(frame.replace('"{}"', f'"{"x" * room}"'))

    with pytest.raises(ProtocolError, match=r" has more than 65536 bytes$"):
        decode(frame.replace('"{}"', f'"{"x" * (room + 1)}"'))


@pytest.mark.parametrize("name", ["pusher", "pusher_internal"])
def test_a_refusal_is_one_short_line(name: str) -> None:
    frame = frames.subscription_error("private-a", FORGED, 403, FORGED)

    assert decode(frame.replace("pusher", name, 1)) == SubscriptionRefused(
        "private-a", SHOWN, SHOWN, 403
    )


@pytest.mark.parametrize(
    "quoted",
    [
        str,
        repr,
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: text.replace("/", r"\/"),
        html.escape,
        quote,
        quote_plus,
        lambda text: quote(text, "").lower(),
    ],
    ids=["as it is", "Python", "JSON", "JSON twice", "PHP", "HTML", "URL", "form", "lower case"],
)
def test_a_secret_that_a_server_quotes_is_redacted_however_it_is_escaped(
    quoted: Callable[[str], str],
) -> None:
    secret = "canary/of+the\"header'é&<\\end=="
    error = decode(frames.error(4001, f"No {quoted(secret)} here"), (secret,))

    assert isinstance(error, ErrorReceived)
    assert error.message.replace("'", "").replace('"', "").replace("\\", "") == (
        "No [redacted] here"
    )
