"""The check of Home Assistant's log finds what it is there to find."""

import pytest

from .apps import APP_1
from .log import faults, shared_secret

SIGNATURE = "0f" * 32


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-24 16:00:36.282+00:00 ERROR (MainThread) [custom_components.pusher_channels] It broke",
        "2026-11-24 16:00:36.282+00:00 CRITICAL (MainThread) [homeassistant.core] It broke",
        f"2026-11-24 16:00:36.282+00:00 DEBUG (MainThread) [x] auth is key:{SIGNATURE}",
        f"2026-11-24 16:00:36.282+00:00 DEBUG (MainThread) [x] {shared_secret(APP_1, 'private-encrypted-x')}",
        f"2026-11-24 16:00:36.282+00:00 DEBUG (MainThread) [x] {APP_1.master_key!r}",
        f"2026-11-24 16:00:36.282+00:00 DEBUG (MainThread) [x] signed with {APP_1.secret}.",
    ],
)
def test_each_fault_is_found_between_harmless_lines(line: str) -> None:
    harmless = "2026-11-24 16:00:36.282+00:00 DEBUG (MainThread) [x] ERRORS are rare; socket 123.456; key-of-app-1"
    assert faults("\n".join([harmless, line, harmless]), [APP_1.secret])
    assert not faults(harmless, [APP_1.secret])
