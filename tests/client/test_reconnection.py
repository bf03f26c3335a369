"""What a close code asks for, and how the waits between attempts are spread."""

from itertools import accumulate, count, pairwise, takewhile
from typing import Any

import pytest

from custom_components.pusher_channels.client.reconnection import (
    Backoff,
    CloseAction,
    close_action,
    jittered,
    reconnect_delay,
)

from .vectors import VECTORS

CHANCES = [step / 1000 for step in range(1001)]
PUSHER_JS = {
    None: CloseAction.RECONNECT,
    "retry": CloseAction.RECONNECT,
    "backoff": CloseAction.BACK_OFF,
    "refused": CloseAction.STOP,
}


@pytest.mark.parametrize(
    "row", [row for row in VECTORS["close_action"] if row["code"] < 4300 and row["code"] != 4000]
)
def test_a_close_code_asks_for_what_pusher_js_does(row: dict[str, Any]) -> None:
    assert close_action(row["code"]) is PUSHER_JS[row["pusher_js_action"]]


def test_4000_stops() -> None:
    """pusher-js switches to TLS; here nothing is switched silently, so it stops with a reason."""
    assert close_action(4000) is CloseAction.STOP


@pytest.mark.parametrize(
    "code", [row["code"] for row in VECTORS["close_action"] if row["code"] >= 4300] + [4400, 4999]
)
def test_codes_that_the_protocol_leaves_open_back_off(code: int) -> None:
    """pusher-js gives up; here only 40xx does."""
    assert close_action(code) is CloseAction.BACK_OFF


def test_only_4000_to_4099_stop_and_the_quota_waits_long() -> None:
    actions = {code: close_action(code) for code in range(5000)}

    stopping = {code for code, action in actions.items() if action is CloseAction.STOP}
    waiting = {code for code, action in actions.items() if action is CloseAction.WAIT_LONG}

    assert waiting == {4004}
    assert stopping == set(range(4000, 4100)) - waiting


def test_a_connection_lost_without_a_code_is_tried_again_at_once() -> None:
    assert close_action(None) is CloseAction.RECONNECT


@pytest.mark.parametrize(("waits", "ceiling"), list(enumerate([2, 4, 8, 16, 32, 60, 60, 60])))
def test_a_wait_is_spread_evenly_over_the_upper_half_of_a_range(waits: int, ceiling: int) -> None:
    delays = [jittered(waits, max_delay=60, chance=chance) for chance in CHANCES]

    assert (delays[0], delays[-1]) == (ceiling / 2, ceiling)
    steps = [after - before for before, after in pairwise(delays)]
    assert steps == pytest.approx([ceiling / 2000] * 1000)


def test_a_wait_never_exceeds_the_gap_however_long_a_server_is_away() -> None:
    assert [jittered(waits, max_delay=7, chance=1) for waits in (2, 3, 10**6)] == [7, 7, 7]


def test_the_first_return_is_at_once_and_later_ones_back_off() -> None:
    delays = [
        reconnect_delay(CloseAction.RECONNECT, failures, max_delay=60, chance=0)
        for failures in range(8)
    ]

    assert delays == [0, 1, 2, 4, 8, 16, 30, 30]


def test_backing_off_waits_from_the_first_failure_on() -> None:
    delays = [
        reconnect_delay(CloseAction.BACK_OFF, failures, max_delay=60, chance=1)
        for failures in range(8)
    ]

    assert delays == [2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("failures", [0, 20])
def test_over_the_quota_waits_five_to_six_minutes(failures: int) -> None:
    delays = [
        reconnect_delay(CloseAction.WAIT_LONG, failures, max_delay=60, chance=chance)
        for chance in CHANCES
    ]

    assert (min(delays), max(delays)) == (300, 360)


@pytest.mark.parametrize("chance", [0, 0.5, 1])
def test_a_server_that_always_closes_with_4200_gets_8_attempts_in_the_first_minute(
    chance: float,
) -> None:
    """The official clients ask it up to 440 times a second."""
    delays = (
        reconnect_delay(close_action(4200), failures, max_delay=60, chance=chance)
        for failures in count()
    )
    attempts = [0, *takewhile(lambda moment: moment < 3600, accumulate(delays))]

    assert len([moment for moment in attempts if moment <= 60]) <= 8
    assert len([moment for moment in attempts if moment > 600]) <= 3000 / 30


@pytest.mark.parametrize("row", VECTORS["reconnect_delay"], ids=lambda row: row["client"])
def test_there_is_a_next_attempt_where_an_official_client_made_its_last(
    row: dict[str, Any],
) -> None:
    """The vectors have the delays of other clients: constant, quadratic, or six attempts and then none."""
    beyond = (row.get("max_attempts") or max(row.get("attempts", [0]))) + 1

    assert 0 < reconnect_delay(CloseAction.RECONNECT, beyond, max_delay=60, chance=1) <= 60


def test_a_longest_delay_of_0_counts_as_a_second() -> None:
    backoff = Backoff(0)

    delays = [backoff.next_delay(CloseAction.BACK_OFF, 0, chance=0) for _ in range(5)]

    assert delays == [0.5] * 5
