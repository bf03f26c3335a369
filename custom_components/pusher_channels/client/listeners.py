"""Callbacks of which one that raises does not affect the others."""

import logging
from collections.abc import Callable

_LOGGER = logging.getLogger(__name__)

type Unlisten = Callable[[], None]


def notify[T](callbacks: tuple[Callable[[T], None], ...], value: T) -> None:
    """Call each callback with the value; log those that raise."""
    for callback in callbacks:
        try:
            callback(value)
        except Exception:
            _LOGGER.exception("A listener of %s failed", type(value).__name__)


class Listeners[T]:
    """A set of callbacks for one kind of value."""

    __slots__ = ("_added", "_callbacks")

    def __init__(self) -> None:
        self._added: dict[object, Callable[[T], None]] = {}
        self._callbacks: tuple[Callable[[T], None], ...] = ()

    def add(self, callback: Callable[[T], None]) -> Unlisten:
        """Call the callback with each value, until the returned function is called."""
        token = object()
        self._added[token] = callback
        self._callbacks = (*self._added.values(),)

        def unlisten() -> None:
            self._added.pop(token, None)
            self._callbacks = (*self._added.values(),)

        return unlisten

    def notify(self, value: T) -> None:
        """Call all callbacks."""
        notify(self._callbacks, value)
