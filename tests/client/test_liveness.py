"""When the clock asks for a ping, and when it says that nobody is there."""

from custom_components.pusher_channels.client.liveness import Liveness, Verdict


def start() -> Liveness:
    return Liveness(1000, activity_timeout=120, pong_timeout=30)


def test_case_08_silence_asks_for_a_ping_and_further_silence_for_an_end() -> None:
    liveness = start()

    assert liveness.due == 1120
    assert liveness.check(1119.9) is Verdict.WAIT
    assert liveness.check(1120) is Verdict.PING
    liveness.sent = 1120
    assert liveness.due == 1150
    assert liveness.check(1149.9) is Verdict.WAIT
    assert liveness.check(1150) is Verdict.DEAD


def test_case_08a_any_frame_puts_the_ping_off() -> None:
    liveness = start()
    liveness.received = liveness.sent = 1100

    assert liveness.check(1120) is Verdict.WAIT
    assert liveness.due == 1220


def test_case_08b_any_frame_answers_a_ping() -> None:
    liveness = start()
    liveness.check(1120)
    liveness.sent, liveness.received = 1120, 1149.9

    assert liveness.check(1150) is Verdict.WAIT
    assert liveness.due == 1240


def test_a_client_that_only_listens_pings_too() -> None:
    """Some servers look only at what the client sends (laravel/echo#308)."""
    liveness = start()
    liveness.received = 1119

    assert liveness.check(1120) is Verdict.PING
    liveness.sent, liveness.received = 1120, 1121
    assert liveness.check(1239.9) is Verdict.WAIT
    assert liveness.check(1240) is Verdict.PING


def test_a_client_that_only_sends_pings_too() -> None:
    liveness = start()
    liveness.sent = 1119

    assert liveness.check(1120) is Verdict.PING


def test_a_check_that_comes_late_pings_before_it_gives_up() -> None:
    """A computer that slept asks first, since the silence was its own."""
    liveness = start()

    assert liveness.check(9000) is Verdict.PING
    assert liveness.check(9029) is Verdict.WAIT
