"""Values: what one place in the data of a channel's events says."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from fnmatch import fnmatchcase
from functools import lru_cache
from math import isfinite
from typing import Any, Final, Self

import voluptuous as vol
from homeassistant.components.sensor import CONF_STATE_CLASS, SensorDeviceClass
from homeassistant.const import (
    CONF_DEVICE_CLASS,
    CONF_NAME,
    CONF_PLATFORM,
    CONF_UNIT_OF_MEASUREMENT,
    MAX_LENGTH_STATE_STATE,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util
from jinja2 import UndefinedError

from ..client import MAX_INTEGER, Event, Json
from ..const import (
    CONF_CHANNEL,
    CONF_DISPLAY_PRECISION,
    CONF_EVENTS,
    CONF_EXPIRE_AFTER,
    CONF_OFF_DELAY,
    CONF_VALUE,
    CONF_VALUES,
)
from .value_paths import MissingDataError, compile_path, find

_LOGGER = logging.getLogger(__name__)

MAX_MATCHED_NAMES: Final = 256
MAX_WARNINGS: Final = 20

type ValueState = str | int | float | bool | date | datetime | None


class ValueKind(Enum):
    """What the state of a value is."""

    TEXT = auto()
    NUMBER = auto()
    TIMESTAMP = auto()
    DATE = auto()
    BINARY = auto()


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the user configured it; `source` is a path or a template."""

    id: str
    platform: Platform
    name: str
    events: tuple[str, ...]
    source: str
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, value_id: str, stored: object) -> Self:
        """Return the value that is stored under the id. Raises `vol.Invalid`."""
        data: Mapping[str, Any] = _STORED_VALUE(stored)
        return cls(
            id=value_id,
            platform=Platform(data[CONF_PLATFORM]),
            name=data[CONF_NAME],
            events=tuple(data.get(CONF_EVENTS, ())),
            source=data[CONF_VALUE],
            settings=data,
        )

    @property
    def kind(self) -> ValueKind:
        """What its state is, by platform and class."""
        if self.platform is Platform.BINARY_SENSOR:
            return ValueKind.BINARY
        match self.settings.get(CONF_DEVICE_CLASS):
            case SensorDeviceClass.TIMESTAMP | SensorDeviceClass.UPTIME:
                return ValueKind.TIMESTAMP
            case SensorDeviceClass.DATE:
                return ValueKind.DATE
            case SensorDeviceClass.ENUM:
                return ValueKind.TEXT
            case _:
                is_number = any(self.settings.get(name) is not None for name in _OF_NUMBERS)
                return ValueKind.NUMBER if is_number else ValueKind.TEXT


_OF_NUMBERS: Final = (
    CONF_DEVICE_CLASS,
    CONF_UNIT_OF_MEASUREMENT,
    CONF_STATE_CLASS,
    CONF_DISPLAY_PRECISION,
)


def values_of(data: Mapping[str, Any], platform: Platform) -> list[Value]:
    """Return the values of a platform in the data of a channel's subentry.

    Logs and leaves out what was edited and cannot be used, once for both platforms.
    """
    values: list[Value] = []
    for value_id, stored in data.get(CONF_VALUES, {}).items():
        named = stored.get(CONF_PLATFORM) if isinstance(stored, Mapping) else None
        if (named == Platform.BINARY_SENSOR) is not (platform is Platform.BINARY_SENSOR):
            continue
        try:
            values.append(Value.of(value_id, stored))
        except vol.Invalid as err:
            _LOGGER.warning(
                "The stored value %s of channel %s cannot be used; change or remove it: %s",
                value_id,
                data.get(CONF_CHANNEL),
                err,
            )
    return values


def value_of(data: Mapping[str, Any], value_id: str) -> Value | None:
    """Return one of the values; None where it is gone or cannot be used."""
    try:
        return Value.of(value_id, data.get(CONF_VALUES, {}).get(value_id))
    except vol.Invalid:
        return None


def is_template(source: str) -> bool:
    """Return whether a source is a template, and no path."""
    return "{{" in source or "{%" in source


def _check_source(source: str) -> str:
    if not is_template(source):
        compile_path(source)
    return source


_SECONDS: Final = vol.Any(None, vol.All(vol.Any(int, float), vol.Range(min=0)))
_STORED_VALUE: Final = vol.Schema(
    {
        vol.Required(CONF_PLATFORM): vol.In([Platform.SENSOR.value, Platform.BINARY_SENSOR.value]),
        vol.Required(CONF_NAME): str,
        vol.Optional(CONF_EVENTS): [str],
        vol.Required(CONF_VALUE): vol.All(str, _check_source),
        vol.Optional(CONF_DEVICE_CLASS): vol.Any(None, str),
        vol.Optional(CONF_UNIT_OF_MEASUREMENT): vol.Any(None, str),
        vol.Optional(CONF_STATE_CLASS): vol.Any(None, str),
        vol.Optional(CONF_DISPLAY_PRECISION): vol.Any(None, int, float),
        vol.Optional(CONF_EXPIRE_AFTER): _SECONDS,
        vol.Optional(CONF_OFF_DELAY): _SECONDS,
    },
    extra=vol.ALLOW_EXTRA,
)


class UnusableDataError(ValueError):
    """An event's data cannot be the state of a value; the text says what is needed."""


class ValueReader:
    """Reads the state of one value from events.

    A path is read at each event. A template is rendered only in `settle`, for the latest event.
    """

    def __init__(self, hass: HomeAssistant, value: Value) -> None:
        """Compile the source. Raises `PathError`."""
        self.state: ValueState = None
        self._convert = _CONVERTERS[value.kind]
        self._name = value.name
        self._template: Template | None = None
        self._keys: tuple[str | int, ...] = ()
        if is_template(value.source):
            self._template = Template(value.source, hass)
        else:
            self._keys = compile_path(value.source)
        self._matches = _matcher(value.events)
        self._unread: Event | None = None
        self._is_new = False
        self._has_worked = False
        self._may_warn = True
        self._warnings = 0

    def offer(self, event: Event) -> bool:
        """Read an event; return whether `settle` has something to do."""
        if not self._matches(event.name):
            return False
        if self._template is None:
            self._read(event)
        else:
            self._unread = event
        return self._is_new or self._unread is not None

    def settle(self) -> bool:
        """Render a template that waits; return whether there was an event with a state."""
        event, self._unread = self._unread, None
        if event is not None:
            self._read(event)
        is_new, self._is_new = self._is_new, False
        self._may_warn |= is_new
        return is_new

    def replay(self, events: Iterable[Event]) -> bool:
        """Read earlier events, the latest last, without warnings; return whether one had a state."""
        had_state = False
        for event in events:
            self._may_warn = False
            if self.offer(event):
                had_state |= self.settle()
        self._may_warn = True
        return had_state

    def restore(self, state: object) -> None:
        """Start with a state of an earlier run, unless the value is of another kind now."""
        try:
            self.state = self._convert(state)
        except UnusableDataError:
            return
        self._has_worked = self.state is not None

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
            self._has_worked = self._is_new = True

    def _find(self, event: Event) -> Json:
        return (
            find(event.data, self._keys)
            if self._template is None
            else _render(self._template, event)
        )

    def _warn(self, reason: str, event: Event) -> None:
        """Log that the state stays, once until the value works again; never what the data is.

        Data that is usable and unusable in turn does not fill the log: there are at most 20
        warnings until the value is changed or the app is loaded again.
        """
        if self._may_warn and self._warnings < MAX_WARNINGS:
            self._may_warn = False
            self._warnings += 1
            _LOGGER.warning(
                "The value %s of channel %s is not changed by the event %s: %s",
                self._name,
                event.channel,
                event.name,
                reason,
            )


def convert(data: object, kind: ValueKind) -> ValueState:
    """Return data as a state of the kind. Raises `UnusableDataError`."""
    return _CONVERTERS[kind](data)


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    @lru_cache(MAX_MATCHED_NAMES)
    def matches(name: str) -> bool:
        return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)

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


def _to_text(data: object) -> str | int | float | None:
    match data:
        case bool():
            return "true" if data else "false"
        case None | int() | float():
            return data
        case str() if len(data) <= MAX_LENGTH_STATE_STATE:
            return data
        case str():
            raise UnusableDataError("it is too long")
        case _:
            raise UnusableDataError("it is an object or a list; choose something inside of it")


def _to_number(data: object) -> int | float | None:
    match data:
        case float() if isfinite(data):
            return data
        case bool():
            pass
        case None | int():
            return data
        case str() if (number := _parse_number(data)) is not None and isfinite(number):
            return number
        case _:
            pass
    raise UnusableDataError("it is not a number")


def _parse_number(text: str) -> int | float | None:
    """Return the number that a text is; Python's underscores are none.

    Integers beyond 64 bits become floats: with one of them Home Assistant could store no states.
    """
    if len(text) > MAX_LENGTH_STATE_STATE or "_" in text:
        return None
    try:
        number = int(text)
    except ValueError:
        pass
    else:
        return number if abs(number) <= MAX_INTEGER else float(number)
    try:
        return float(text)
    except ValueError:
        return None


def _to_timestamp(data: object) -> datetime | None:
    return None if data is None else _to_moment(data)


def _to_moment(data: object) -> datetime:
    try:
        moment = _parse_moment(data)
        if moment is not None:
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
            return dt_util.as_utc(moment)
    except ValueError, OverflowError, OSError:
        pass
    raise UnusableDataError("it is neither a time in ISO format nor Unix seconds")


def _parse_moment(data: object) -> datetime | None:
    match data:
        case datetime():
            return data
        case str() if len(data) <= MAX_LENGTH_STATE_STATE:
            moment = dt_util.parse_datetime(data.strip())
            if moment is not None:
                return moment
            seconds = _parse_number(data)
            return None if seconds is None else dt_util.utc_from_timestamp(seconds)
        case bool():
            return None
        case int() | float():
            return dt_util.utc_from_timestamp(data)
        case _:
            return None


def _to_date(data: object) -> date | None:
    match data:
        case datetime():
            pass
        case None | date():
            return data
        case str() if (day := dt_util.parse_date(data.strip())) is not None:
            return day
        case _:
            pass
    try:
        return dt_util.as_local(_to_moment(data)).date()
    except UnusableDataError, OverflowError:
        raise UnusableDataError("it is neither a date in ISO format nor Unix seconds") from None


def _to_boolean(data: object) -> bool:
    try:
        return cv.boolean(data)
    except vol.Invalid:
        raise UnusableDataError("it is neither on or off nor true or false") from None


_CONVERTERS: Final[Mapping[ValueKind, Callable[[object], ValueState]]] = {
    ValueKind.TEXT: _to_text,
    ValueKind.NUMBER: _to_number,
    ValueKind.TIMESTAMP: _to_timestamp,
    ValueKind.DATE: _to_date,
    ValueKind.BINARY: _to_boolean,
}
