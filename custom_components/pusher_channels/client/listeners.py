"""Callbacks of which one that raises does not affect the others."""

import logging
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial

_LOGGER = logging.getLogger(__name__)

type Unlisten = Callable[[], None]


def notify[T](callbacks: tuple[Callable[[T], None], ...], value: T) -> None:
    """Call each callback with the value; log those that raise."""
    for callback in callbacks:
        try:
            callback(value)
        except Exception, CancelledError:
            _LOGGER.exception("A listener of %s failed", type(value).__name__)


class Listeners[T]:
    """Callbacks for one kind of value, in the order in which they were added."""

    __slots__ = ("_callbacks",)

    def __init__(self) -> None:
        self._callbacks: tuple[Callable[[T], None], ...] = ()

    def add(self, callback: Callable[[T], None]) -> Unlisten:
        """Call the callback with each value, until the returned function is called."""
        # A separate object: the same callback may be added more than once.
        added = partial(callback)
        self._callbacks = (*self._callbacks, added)

        def unlisten() -> None:
            self._callbacks = tuple(other for other in self._callbacks if other is not added)

        return unlisten

    def notify(self, value: T) -> None:
        """Call all callbacks."""
        notify(self._callbacks, value)
