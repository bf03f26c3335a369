"""What data becomes as the state of a value: a text, a number, a time, a date, or on and off."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum, auto
from math import isfinite
from typing import Final

import voluptuous as vol
from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..client import MAX_INTEGER

type ValueState = str | int | float | bool | date | datetime | None


class ValueKind(Enum):
    """What the state of a value is."""

    TEXT = auto()
    NUMBER = auto()
    TIMESTAMP = auto()
    DATE = auto()
    BINARY = auto()


class UnusableDataError(ValueError):
    """An event's data cannot be the state of a value; the text says what is needed."""


def _to_text(data: object) -> str | int | float | None:
    match data:
        case bool():
            return "true" if data else "false"
        case None | int() | float():
            return data
        case str() if "\0" in data:
            # PostgreSQL takes no text with it: the recorder would lose other states too.
            raise UnusableDataError("it has a null character")
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


CONVERTERS: Final[Mapping[ValueKind, Callable[[object], ValueState]]] = {
    ValueKind.TEXT: _to_text,
    ValueKind.NUMBER: _to_number,
    ValueKind.TIMESTAMP: _to_timestamp,
    ValueKind.DATE: _to_date,
    ValueKind.BINARY: _to_boolean,
}
