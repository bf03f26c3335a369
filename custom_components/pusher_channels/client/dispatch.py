"""Dispatches events to listeners by channel and event name."""

from collections.abc import Callable, Mapping
from functools import partial

from .listeners import Unlisten, notify
from .messages import Event
from .names import name_matches

MAX_EVENT_NAMES = 1024
MAX_EVENT_NAME_CHARS = 200

type EventListener = Callable[[Event], None]


def ignore_event(event: Event) -> None:
    """Do nothing: the handler of events without listeners."""


class ChannelDispatcher:
    """Listeners of one channel by event name pattern.

    `handlers` maps recent event names to what the receive loop calls, so that patterns are matched
    once per name. Events go to the interceptor first if there is one; it calls `find` itself.
    """

    __slots__ = ("_bindings", "_found", "_global", "_interceptor", "_is_active", "handlers")

    def __init__(self, global_dispatcher: ChannelDispatcher | None = None) -> None:
        """Listeners of the global dispatcher are called after the channel's own."""
        self._global = global_dispatcher
        self._bindings: dict[object, tuple[EventListener, tuple[str, ...]]] = {}
        self._found: dict[str, EventListener] = {}
        self._interceptor: EventListener | None = None
        self._is_active = True
        self.handlers: dict[str, EventListener] = {}

    @property
    def event_names(self) -> tuple[str, ...]:
        """Names of recently received events (at most 1024)."""
        return tuple(self._found)

    def bind(self, listener: EventListener, patterns: tuple[str, ...]) -> Unlisten:
        """Call the listener for names or globs such as `order.*`, without patterns for each event."""
        token = object()
        self._bindings[token] = (listener, patterns)
        self.invalidate()

        def unbind() -> None:
            self._bindings.pop(token, None)
            self.invalidate()

        return unbind

    def intercept(self, interceptor: EventListener | None) -> None:
        """Send all events to the interceptor, or with None to the listeners again."""
        self._interceptor = interceptor
        self.handlers.clear()

    def set_active(self, active: bool) -> None:
        """Call the listeners, or none of them."""
        self._is_active = active
        self.invalidate()

    def invalidate(self) -> None:
        """Match all names again: the listeners have changed."""
        self._found.clear()
        self.handlers.clear()

    def dispatch(self, event: Event) -> None:
        """Call the interceptor or the listeners of an event."""
        name = event.name
        handler = self.handlers.get(name)
        if handler is None:
            handler = self._interceptor or self.find(name)
            if len(name) <= MAX_EVENT_NAME_CHARS:
                if len(self.handlers) >= MAX_EVENT_NAMES:
                    self.handlers.clear()
                self.handlers[name] = handler
        notify((handler,), event)

    def find(self, name: str) -> EventListener:
        """Return the listener of a name, one that calls several, or `ignore_event`."""
        found = self._found.get(name)
        if found is None:
            found = _combined(self._matching(name)) if self._is_active else ignore_event
            if len(name) <= MAX_EVENT_NAME_CHARS:
                if len(self._found) >= MAX_EVENT_NAMES:
                    self._found.clear()
                self._found[name] = found
        return found

    def _matching(self, name: str) -> tuple[EventListener, ...]:
        own = tuple(
            listener
            for listener, patterns in self._bindings.values()
            if name_matches(name, patterns)
        )
        return own if self._global is None else own + self._global._matching(name)


def _combined(listeners: tuple[EventListener, ...]) -> EventListener:
    match listeners:
        case ():
            return ignore_event
        case (listener,):
            return listener
        case several:
            return partial(notify, several)


class Dispatcher:
    """Handlers of one client by channel and event name.

    `handlers` is read by the receive loop and is the same object at all times. What it does not
    have yet goes through `dispatch`.
    """

    def __init__(self) -> None:
        self._global = ChannelDispatcher()
        self._channels: dict[str, ChannelDispatcher] = {}
        self._handlers: dict[str, Mapping[str, EventListener]] = {}

    @property
    def handlers(self) -> Mapping[str, Mapping[str, EventListener]]:
        """Handlers of recent events, by channel and event name."""
        return self._handlers

    def bind(self, listener: EventListener, patterns: tuple[str, ...]) -> Unlisten:
        """Call the listener for the events of all channels; see `ChannelDispatcher.bind`."""
        unbind = self._global.bind(listener, patterns)
        self._invalidate()

        def unbind_and_invalidate() -> None:
            unbind()
            self._invalidate()

        return unbind_and_invalidate

    def new_channel(self) -> ChannelDispatcher:
        """Return a dispatcher for one channel; it gets events between `activate` and `deactivate`."""
        return ChannelDispatcher(self._global)

    def activate(self, name: str, channel: ChannelDispatcher) -> None:
        """Dispatch the events of a channel."""
        channel.set_active(True)
        self._channels[name] = channel
        self._handlers[name] = channel.handlers

    def deactivate(self, name: str) -> None:
        """Drop the events of a channel."""
        self._channels.pop(name).set_active(False)
        del self._handlers[name]

    def dispatch(self, event: Event) -> None:
        """Call the handlers of an event."""
        channel = self._channels.get(event.channel or "")
        if channel is not None:
            channel.dispatch(event)

    def _invalidate(self) -> None:
        for channel in self._channels.values():
            channel.invalidate()
