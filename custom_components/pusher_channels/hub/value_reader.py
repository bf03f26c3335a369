"""Reads the state of a value from events, by its path or template."""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template
from jinja2 import UndefinedError

from ..client import Event, Json, name_matches
from .value_paths import MissingDataError, compile_path, find
from .value_states import CONVERTERS, UnusableDataError, ValueState
from .values import Value, is_template

_LOGGER = logging.getLogger(__name__)

MAX_MATCHED_NAMES: Final = 256
MAX_UNREAD_EVENTS: Final = 20
MAX_WARNINGS: Final = 20


class ValueReader:
    """Reads the state of one value from events.

    A path is read at each event. A template is rendered only in `settle`, for the latest event
    that gives a state, of at most 20. `event` is the one that the state is from; None before the
    first, and for a restored state. `matches` returns whether the value reads events of a name.
    """

    def __init__(self, hass: HomeAssistant, value: Value) -> None:
        """Compile the source. Raises `PathError`."""
        self.state: ValueState = None
        self.event: Event | None = None
        self._convert = CONVERTERS[value.kind]
        self._name = value.name
        self._template: Template | None = None
        self._keys: tuple[str | int, ...] = ()
        if is_template(value.source):
            self._template = Template(value.source, hass)
        else:
            self._keys = compile_path(value.source)
        self.matches = _matcher(value.events)
        self._unread: list[Event] = []
        self._is_new = False
        self._has_worked = False
        self._may_warn = True
        self._warnings = 0

    def offer(self, event: Event) -> bool:
        """Read an event; return whether `settle` has something to do."""
        if not self.matches(event.name):
            return False
        if self._template is None:
            self._read(event)
        else:
            del self._unread[: 1 - MAX_UNREAD_EVENTS]
            self._unread.append(event)
        return self._is_new or bool(self._unread)

    def settle(self) -> bool:
        """Render a template that waits; return whether there was an event with a state."""
        while self._unread and not self._is_new:
            self._read(self._unread.pop())
        self._unread.clear()
        is_new, self._is_new = self._is_new, False
        return is_new

    def replay(self, events: Iterable[Event]) -> None:
        """Read earlier events, the latest last, without warnings."""
        for event in events:
            self._may_warn = False
            if self.offer(event):
                self.settle()
        self._may_warn = True

    def restore(self, state: object) -> None:
        """Start with a state of an earlier run, unless the value is of another kind now."""
        try:
            self.state = self._convert(state)
        except UnusableDataError:
            return
        self._has_worked = self.state is not None

    def accept(self) -> None:
        """Warn again from now on: the present state can be shown."""
        self._may_warn = True

    def refuse(self, previous: ValueState) -> None:
        """Return to a previous state, because Home Assistant cannot show the present one."""
        self.state = previous
        if self.event is not None:
            self._warn("it cannot be shown with this unit and class", self.event)

    def _read(self, event: Event) -> None:
        try:
            self.state = self._convert(self._find(event))
        except MissingDataError:
            # Other events of the channel may well be without it.
            if not self._has_worked:
                self._warn("it is not in the data", event)
        except UnusableDataError as err:
            self._warn(str(err), event)
        else:
            self.event = event
            self._has_worked = self._is_new = True

    def _find(self, event: Event) -> Json:
        return (
            find(event.data, self._keys)
            if self._template is None
            else _render(self._template, event)
        )

    def _warn(self, reason: str, event: Event) -> None:
        """Log that the state stays, once until the value works again; neither name nor data of the event.

        Data that is usable and unusable in turn does not fill the log: there are at most 20
        warnings until the value is changed or the app is loaded again.
        """
        if self._may_warn and self._warnings < MAX_WARNINGS:
            self._may_warn = False
            self._warnings += 1
            _LOGGER.warning(
                "The value %s of channel %s is not changed by an event: %s",
                self._name,
                event.channel,
                reason,
            )


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    @lru_cache(MAX_MATCHED_NAMES)
    def matches(name: str) -> bool:
        return name_matches(name, patterns)

    return matches


def _render(template: Template, event: Event) -> Json:
    """Return the text of a template. Raises `MissingDataError` where it needs what the data lacks."""
    variables = {
        "data": event.data,
        "event": event.name,
        "channel": event.channel,
        "user_id": event.user_id,
        "cached": event.cached,
    }
    try:
        text: str = template.async_render(variables, parse_result=False, strict=True)
    except TemplateError as err:
        if isinstance(err.__cause__, UndefinedError):
            raise MissingDataError from err
        raise UnusableDataError(f"the template fails ({type(err.__cause__).__name__})") from err
    if not text:
        raise MissingDataError
    return None if text == "None" else text
