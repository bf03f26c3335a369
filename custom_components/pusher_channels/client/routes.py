"""Who wants an event of which name."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial

from .listeners import Unlisten, notify
from .messages import Event

MAX_REMEMBERED_NAMES = 1024
MAX_REMEMBERED_LENGTH = 200

type EventListener = Callable[[Event], None]
type Known = Mapping[str, EventListener]


def nobody(event: Event) -> None:
    """Hear an event that concerns nobody."""


class Routes:
    """Listeners by event name; whom a name concerns is worked out once and remembered."""

    __slots__ = ("_bindings", "_parent", "_remembered")

    def __init__(self, parent: Routes | None = None) -> None:
        """Start empty; a parent's listeners are served too, after one's own."""
        self._parent = parent
        self._bindings: dict[object, tuple[EventListener, tuple[str, ...]]] = {}
        self._remembered: dict[str, EventListener] = {}

    def add(self, listener: EventListener, patterns: tuple[str, ...]) -> Unlisten:
        """Call the listener for names or globs such as `order.*`; for every event without any."""
        token = object()
        self._bindings[token] = (listener, patterns)
        self.forget()

        def remove() -> None:
            self._bindings.pop(token, None)
            self.forget()

        return remove

    def forget(self) -> None:
        """Work out anew whom each name concerns, since a listener came or went."""
        self._remembered.clear()

    @property
    def known(self) -> Known:
        """The event names of late, and who hears each; the same mapping at all times."""
        return self._remembered

    def of(self, name: str) -> EventListener:
        """Return who hears an event of this name: one listener as it is, or what calls several."""
        found = self._remembered.get(name)
        return self._remember(name) if found is None else found

    def concerned(self, name: str) -> tuple[EventListener, ...]:
        """Return all whom an event of this name concerns."""
        own = tuple(
            listener
            for listener, patterns in self._bindings.values()
            if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
        )
        return own if self._parent is None else own + self._parent.concerned(name)

    def _remember(self, name: str) -> EventListener:
        match self.concerned(name):
            case ():
                found: EventListener = nobody
            case (listener,):
                found = listener
            case several:
                found = partial(notify, several)
        if len(name) > MAX_REMEMBERED_LENGTH:
            return found
        if len(self._remembered) >= MAX_REMEMBERED_NAMES:
            self._remembered.clear()
        self._remembered[name] = found
        return found
