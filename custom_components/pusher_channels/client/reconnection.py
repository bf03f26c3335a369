"""What an ended connection asks of the client, and how long to wait before the next try."""

import random
from enum import StrEnum

from .close_codes import CloseCode, asks_to_reconnect, asks_to_stop, is_pusher_code

LONG_WAIT = 300.0
MAX_RETRY_DELAY = 60.0
_RESERVED = 1004  # RFC 6455 has no meaning for it yet


class CloseAction(StrEnum):
    """What a close code, or an error before the handshake, asks of the client."""

    RECONNECT = "reconnect"
    BACK_OFF = "back_off"
    WAIT_LONG = "wait_long"
    STOP = "stop"


def close_action(code: int | None) -> CloseAction:
    """Return what to do after the connection ended with this code (None: it was lost).

    4000 to 4099 say that the same attempt will fail again; 4004, over the connection quota, may
    pass with time. 4100 to 4199 ask to back off, 4200 to 4299 to come back at once. Codes that the
    protocol leaves open, 4300 and up too, are no reason to give up: they back off.
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


def reconnect_delay(
    action: CloseAction, failures: int, *, max_delay: float, chance: float
) -> float:
    """Return the seconds to wait before the next connection attempt.

    `failures` counts the tries that ended since a connection last stayed healthy, this one not
    included; `chance` is a random number from 0 to 1. The first return to a server that lost us,
    or asked us back, is at once; afterwards the wait doubles from 1 to `max_delay` seconds, spread
    over its upper half so that many clients do not come back in step.
    """
    if action is CloseAction.WAIT_LONG:
        return LONG_WAIT * (1 + chance / 5)
    if action is CloseAction.BACK_OFF:
        return jittered(failures, max_delay=max_delay, chance=chance)
    if failures == 0:
        return 0.0
    return jittered(failures - 1, max_delay=max_delay, chance=chance)


def jittered(waits: int, *, max_delay: float, chance: float) -> float:
    """Return seconds from the upper half of a range that doubles with each wait: 1 to 2 at first."""
    ceiling = min(max_delay, 2.0 ** min(waits + 1, 30))
    return ceiling * (1 + chance) / 2


def retry_delay(failures: int) -> float:
    """Return the seconds to wait before asking again for what failed so often, 60 at most."""
    return jittered(failures, max_delay=MAX_RETRY_DELAY, chance=random.random())
