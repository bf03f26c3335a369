"""What the soak run calls lost."""

import pytest

from tools.soak.ledger import SLACK, Account, Ledger, Place, Sent
from tools.soak.soak import tell

NEWS, ROOM = Place("entry", "news"), Place("entry", "private-room")
NOON = 1000.0


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def sent(ledger: Ledger, at: float, *, certain: bool = True) -> int:
    number = ledger.number()
    ledger.note_sent(Sent(number, NEWS, at, at, certain))
    return number


def test_an_event_that_is_received_once_is_fine(ledger: Ledger) -> None:
    ledger.note_received(sent(ledger, NOON), NEWS)
    assert ledger.close() == Account(sent=1, received=1)


def test_an_event_that_is_never_received_is_lost(ledger: Ledger) -> None:
    ledger.note_gap(ROOM, NOON - 10, NOON + 10)
    ledger.note_gap(NEWS, NOON + 2 * SLACK, NOON + 10)
    sent(ledger, NOON)
    assert ledger.close().broken == ("event 1 on news was lost outside every declared gap",)


def test_an_event_inside_a_declared_gap_may_be_missed(ledger: Ledger) -> None:
    ledger.note_gap(NEWS, NOON - 10, NOON + 10)
    sent(ledger, NOON)
    assert ledger.close() == Account(sent=1, in_gaps=1)


def test_an_event_may_be_missed_while_its_channel_is_not_subscribed(
    ledger: Ledger,
) -> None:
    ledger.leave([NEWS], NOON)
    sent(ledger, NOON + 10)
    ledger.join(NEWS, NOON + 20)
    sent(ledger, NOON + 30)
    assert ledger.close().broken == ("event 2 on news was lost outside every declared gap",)


def test_an_event_that_may_not_have_been_sent_need_not_be_received(ledger: Ledger) -> None:
    sent(ledger, NOON, certain=False)
    assert ledger.close() == Account(unsure=1)


def test_an_event_that_is_received_twice_or_elsewhere_is_reported(ledger: Ledger) -> None:
    twice, elsewhere = sent(ledger, NOON), sent(ledger, NOON)
    for place in (NEWS, NEWS):
        ledger.note_received(twice, place)
    for place in (NEWS, ROOM):
        ledger.note_received(elsewhere, place)
    assert ledger.close().broken == (
        "event 1 on news was received 2 times",
        "event 2 was received on private-room, where it was not sent",
    )


def test_a_lost_event_makes_the_soak_run_fail(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.note_received(sent(ledger, NOON), NEWS)
    good = ledger.close()
    assert tell(good, [*good.broken]) == 0
    sent(ledger, NOON)
    bad = ledger.close()
    assert tell(bad, [*bad.broken]) == 1
    assert "Broken: event 2 on news was lost" in capsys.readouterr().out
