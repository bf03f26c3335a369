"""When a ping is due, and when a connection counts as dead."""

from custom_components.pusher_channels.client.liveness import Liveness, Verdict


def start() -> Liveness:
    return Liveness(1000, activity_timeout=120, pong_timeout=30)


def test_silence_asks_for_a_ping_and_further_silence_ends_the_connection() -> None:
    liveness = start()

    assert liveness.due == 1120
    assert liveness.check(1119.9) is Verdict.WAIT
    assert liveness.check(1120) is Verdict.PING
    liveness.sent = 1120
    assert liveness.due == 1150
    assert liveness.check(1149.9) is Verdict.WAIT
    assert liveness.check(1150) is Verdict.DEAD


def test_any_frame_postpones_the_ping() -> None:
    liveness = start()
    liveness.check(1100)
    liveness.has_received = True
    liveness.sent = 1100

    assert liveness.check(1120) is Verdict.WAIT
    assert liveness.due == 1220


def test_any_frame_answers_a_ping() -> None:
    liveness = start()
    liveness.check(1120)
    liveness.sent = 1120
    liveness.has_received = True

    assert liveness.check(1150) is Verdict.WAIT
    assert liveness.due == 1240


def test_a_frame_from_before_a_ping_is_no_answer() -> None:
    liveness = start()
    liveness.has_received = True
    liveness.start_ping(1050)

    assert liveness.check(1079.9) is Verdict.WAIT
    assert liveness.check(1080) is Verdict.DEAD


def test_the_time_of_the_latest_frame_is_that_of_the_check_before_it() -> None:
    """A gap must not begin later than the truth."""
    liveness = start()
    received = [liveness.received]
    for now in (1004, 1008, 1012):
        liveness.has_received = now == 1008
        received.append(liveness.received)
        liveness.check(now)
        received.append(liveness.received)

    assert received == [1000, 1000, 1000, 1004, 1004, 1004, 1004]


def test_a_client_that_only_listens_pings_too() -> None:
    """Some servers look only at what the client sends (laravel/echo#308)."""
    liveness = start()
    liveness.has_received = True

    assert liveness.check(1120) is Verdict.PING
    liveness.sent = 1120
    liveness.has_received = True
    assert liveness.check(1239.9) is Verdict.WAIT
    assert liveness.check(1240) is Verdict.PING


def test_a_client_that_only_sends_pings_too() -> None:
    liveness = start()
    liveness.sent = 1119

    assert liveness.check(1120) is Verdict.PING


def test_a_late_check_pings_before_the_connection_counts_as_dead() -> None:
    """The client was blocked itself, so the server may be alive."""
    liveness = start()

    assert liveness.check(9000) is Verdict.PING
    assert liveness.check(9029) is Verdict.WAIT


def test_a_pong_timeout_longer_than_the_activity_timeout_delays_no_ping() -> None:
    """Proxies cut a connection that is silent for some 20 seconds."""
    liveness = Liveness(0, activity_timeout=10, pong_timeout=30)

    pings = []
    for second in range(1, 40):
        verdict = liveness.check(second)
        if verdict is Verdict.PING:
            pings.append(second)
            liveness.sent = second
        assert verdict is not Verdict.DEAD

    assert pings == [10, 20, 30]
    assert liveness.due == 40
    assert liveness.check(40) is Verdict.DEAD


def test_answered_pings_are_due_at_each_interval() -> None:
    liveness = Liveness(0, activity_timeout=10, pong_timeout=30)

    pings = []
    for second in range(1, 61):
        if liveness.check(second) is Verdict.PING:
            pings.append(second)
            liveness.sent = second
            liveness.has_received = True

    assert pings == [10, 20, 30, 40, 50, 60]


def test_a_ping_that_was_sent_early_counts_from_then() -> None:
    liveness = start()

    liveness.start_ping(1050)

    assert liveness.due == 1080
    assert liveness.check(1080) is Verdict.DEAD
