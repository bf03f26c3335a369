"""Origins are read as browsers send them."""

import pytest

from custom_components.pusher_channels.flows.addresses import parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://panel.local", "https://panel.local"),
        ("HTTPS://Panel.Local:443/", "https://panel.local"),
        ("http://192.168.1.5:8080", "http://192.168.1.5:8080"),
        ("http://[::1]:8123/", "http://[::1]:8123"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_origin_is_written_as_browsers_send_it(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "panel.local",
        "panel.local:8080",
        "https://",
        "https://*.local",
        "https://a b",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://me@a",
        "https://a:99999",
        "file:///a",
    ],
)
def test_invalid_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_origin(text)
