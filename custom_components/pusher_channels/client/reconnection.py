"""Decides whether to reconnect after a connection ended, and how long to wait."""

import random
from enum import StrEnum

from .close_codes import CloseCode, asks_to_reconnect, asks_to_stop, is_pusher_code
from .exceptions import ConnectionFailedError, FailureReason

LONG_WAIT = 300.0
MAX_RETRY_DELAY = 60.0
SHORTEST_MAX_DELAY = 1.0
HEALTHY_AFTER = 10.0
"""An uptime of this many seconds clears the earlier failures."""
BRIEF = 1.0
"""A connection with a shorter uptime counts as a refused one."""
_RESERVED = 1004  # RFC 6455 has no meaning for it yet


class CloseAction(StrEnum):
    """What a close code, or an error before the handshake, asks of the client."""

    RECONNECT = "reconnect"
    BACK_OFF = "back_off"
    WAIT_LONG = "wait_long"
    STOP = "stop"


def close_action(code: int | None) -> CloseAction:
    """Return what to do after a connection ended with this code (None: it was lost).

    4000 to 4099: the same attempt would fail again, so stop; only 4004, over the connection quota,
    may pass with time. 4100 to 4199: back off. 4200 to 4299: reconnect at once. Codes that the
    protocol does not define back off too.
    """
    if code is None or asks_to_reconnect(code):
        return CloseAction.RECONNECT
    if code == CloseCode.OVER_CONNECTION_QUOTA:
        return CloseAction.WAIT_LONG
    if asks_to_stop(code):
        return CloseAction.STOP
    if is_pusher_code(code) or CloseCode.PROTOCOL_ERROR <= code <= _RESERVED:
        return CloseAction.BACK_OFF
    return CloseAction.RECONNECT


class Backoff:
    """Counts failures in a row and returns the delays between attempts.

    An uptime of `HEALTHY_AFTER` seconds clears the count, one of at least `BRIEF` lowers it. So a
    server that refuses is asked 8 times in the first minute at most, and a healthy one is
    reconnected to soon.
    """

    def __init__(self, max_delay: float) -> None:
        """`max_delay` is the longest delay in seconds; less than 1 s counts as 1 s."""
        self._max_delay = max(max_delay, SHORTEST_MAX_DELAY)
        self.failures = 0

    def next_delay(self, action: CloseAction, uptime: float, chance: float) -> float:
        """Count a connection or attempt that ended; return the seconds to wait.

        `uptime`: how many seconds it was established. `chance`: a random number from 0 to 1.
        """
        if uptime >= HEALTHY_AFTER:
            self.failures = 0
        elif uptime >= BRIEF:
            self.failures = max(min(self.failures, 1), self.failures - 2)
        delay = reconnect_delay(action, self.failures, max_delay=self._max_delay, chance=chance)
        self.failures += 1
        return delay


def reconnect_delay(
    action: CloseAction, failures: int, *, max_delay: float, chance: float
) -> float:
    """Return the seconds to wait before the next connection attempt.

    `failures` counts the earlier failures in a row. The first reconnect is at once; later delays
    double from 1 to `max_delay` seconds, with jitter so that many clients do not reconnect at the
    same moment.
    """
    if action is CloseAction.WAIT_LONG:
        return LONG_WAIT * (1 + chance / 5)
    if action is CloseAction.BACK_OFF:
        return jittered(failures, max_delay=max_delay, chance=chance)
    if failures == 0:
        return 0.0
    return jittered(failures - 1, max_delay=max_delay, chance=chance)


def jittered(waits: int, *, max_delay: float, chance: float) -> float:
    """Return seconds from the upper half of a range that doubles with each wait, 1 to 2 at first."""
    ceiling = min(max_delay, 2.0 ** min(waits + 1, 30))
    return ceiling * (1 + chance) / 2


def retry_delay(failures: int) -> float:
    """Return the seconds to wait before a failed request is repeated, 60 at most."""
    return jittered(failures, max_delay=MAX_RETRY_DELAY, chance=random.random())


def next_action(failure: ConnectionFailedError, *, established: bool) -> CloseAction:
    """Decide by the code; an attempt that failed without a Pusher code backs off."""
    if failure.reason is FailureReason.AUTHORIZATION_TIMEOUT:
        return CloseAction.RECONNECT
    if established or (failure.code is not None and is_pusher_code(failure.code)):
        return close_action(failure.code)
    return CloseAction.BACK_OFF
