"""The check of Home Assistant's log finds what it is there to find."""

import pytest

from .apps import APP_1
from .log import faults, shared_secret

SIGNATURE = "0f" * 32
CONNECTION = (
    "(MainThread) [homeassistant.components.websocket_api.http.connection] [140271992384352]"
)
HARMLESS = [
    "2026-11-24 16:00:36.282 DEBUG (MainThread) [x] ERRORS are rare; socket 123.456; key-of-app-1",
    f"2026-11-24 16:00:36.282 ERROR {CONNECTION} A batch has 1 to 10 events. Send several batches",
    f"2026-11-24 16:00:36.282 ERROR {CONNECTION} Error during service call to pusher_channels.trigger: No connection.",
]


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-24 16:00:36.282 ERROR (MainThread) [custom_components.pusher_channels] It broke",
        "2026-11-24 16:00:36.282 CRITICAL (MainThread) [homeassistant.core] It broke",
        f"2026-11-24 16:00:36.282 ERROR {CONNECTION} Unexpected exception",
        f"2026-11-24 16:00:36.282 DEBUG (MainThread) [x] auth is key:{SIGNATURE}",
        f"2026-11-24 16:00:36.282 DEBUG (MainThread) [x] {shared_secret(APP_1, 'private-encrypted-x')}",
        f"2026-11-24 16:00:36.282 DEBUG (MainThread) [x] {APP_1.master_key!r}",
        f"2026-11-24 16:00:36.282 DEBUG (MainThread) [x] signed with {APP_1.secret}.",
    ],
)
def test_each_fault_is_found_between_harmless_lines(line: str) -> None:
    assert len(faults("\n".join([*HARMLESS, line, *HARMLESS]), [APP_1.secret])) == 1


def test_what_is_found_is_shown_without_the_secret() -> None:
    line = f"{APP_1.secret} {APP_1.master_key} {SIGNATURE}"
    assert faults(line, [APP_1.secret]) == ["<canary> <key> <signature>"]
