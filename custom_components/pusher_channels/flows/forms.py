"""Helpers that read any submitted form."""

import re
from collections.abc import Iterable, Mapping, Sized
from typing import Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import ECHO_PREFIXES

NAME = "name"
VALUE = "value"

PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
URL = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_HEADER: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_HEADERS_OF_A_CONNECTION: Final = re.compile(
    r"connection|upgrade|sec-websocket-.*|content-length|transfer-encoding", re.IGNORECASE
)

type Field = dict[str, str]


class FormError(Exception):
    """A form cannot be accepted.

    `key` is an error in the flow's translations; `message` fills its `{error}` and has no secrets.
    """

    def __init__(self, key: str, message: str = "") -> None:
        super().__init__(key)
        self.key = key
        self.message = message


def errors(error: FormError | None) -> dict[str, str] | None:
    """Return the errors of a form in the shape of Home Assistant."""
    return None if error is None else {"base": error.key}


def placeholders(error: FormError | None, **others: str) -> dict[str, str]:
    """Return the placeholders of a form; `{error}` is always there."""
    return {"error": "" if error is None else error.message, **others}


def strip_blanks(value: Any) -> Any:
    """Return text without surrounding space, lists and objects without what is then empty."""
    match value:
        case str():
            return value.strip()
        case list():
            return [it for item in value if not _is_empty(it := strip_blanks(item))]
        case dict():
            return {
                key: it for key, item in value.items() if not _is_empty(it := strip_blanks(item))
            }
        case _:
            return value


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def whole_number(lowest: int, highest: int, unit: str | None = None) -> vol.All[int]:
    """Return the field of a whole number within the limits."""
    config = NumberSelectorConfig(min=lowest, max=highest, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


def fields_selector(translation_key: str, *, secret: bool = False) -> ObjectSelector:
    """Return a selector for a list of {name, value}; secret values may be left empty."""
    value = {"type": "password"} if secret else {}
    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                NAME: {"selector": {"text": {}}, "required": True},
                VALUE: {"selector": {"text": value}, "required": not secret},
            },
            multiple=True,
            label_field=NAME,
            translation_key=translation_key,
        )
    )


def choose_none_of(options: Sized) -> dict[str, str] | None:
    """Return the description of a required field, of which the frontend would choose the first option.

    Where there is only one, it may.
    """
    return {"suggested_value": ""} if len(options) > 1 else None


def hide_values(fields: Iterable[Field]) -> list[Field]:
    """Return stored fields for a form: the names alone."""
    return [{NAME: field[NAME]} for field in fields]


def check_header_name(name: str) -> None:
    """Raise `FormError` unless a user may set a header of this name."""
    if not _HEADER_NAME.fullmatch(name):
        raise FormError("invalid_header", f"{name} has characters that no header has")
    if _HEADERS_OF_A_CONNECTION.fullmatch(name):
        raise FormError("invalid_header", f"{name} belongs to the connection itself")


def check_header_value(header: Field) -> None:
    """Raise `FormError` for a value with a line break or another control character."""
    if _NOT_IN_A_HEADER.search(header[VALUE]):
        raise FormError("invalid_header", f"{header[NAME]} has characters that no header has")


def check_event_name(name: str) -> None:
    """Raise `FormError` for the name of an event as Laravel Echo writes it, with the right name."""
    if name.startswith(ECHO_PREFIXES):
        raise FormError("echo_event_name", name.lstrip("".join(ECHO_PREFIXES)))


def read_secret_fields(
    entered: Iterable[Field], stored: Iterable[Field], error: str
) -> list[Field]:
    """Return the fields of a form; an empty value keeps the stored one.

    Raises `FormError` with the key `error` for a field without a name or a value, or a repeated one.
    """
    values = {field[NAME]: field[VALUE] for field in stored}
    fields: list[Field] = []
    for field in entered:
        name = field.get(NAME, "")
        value = field.get(VALUE) or values.get(name)
        if not name or not value:
            raise FormError(error, f"{name or 'Each line'} needs a name and a value")
        if any(name.lower() == other[NAME].lower() for other in fields):
            raise FormError(error, f"{name} is there twice")
        fields.append({NAME: name, VALUE: value})
    return fields


def select_or_type(
    labels: Mapping[str, str], *, multiple: bool = False
) -> SelectSelector | TextSelector:
    """Return a selector that offers these values and takes any other text."""
    if not labels:
        return TextSelector(TextSelectorConfig(multiple=multiple))
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=value, label=label) for value, label in labels.items()],
            custom_value=True,
            multiple=multiple,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
