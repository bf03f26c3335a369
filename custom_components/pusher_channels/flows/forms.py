"""What reading any filled form takes."""

from typing import Any

import voluptuous as vol
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)


class FormError(Exception):
    """A form cannot be right; `args[0]` is an error of the flow's translations."""


def strip_blanks(value: Any) -> Any:
    """Return text without space around it, lists and objects without what is then empty."""
    match value:
        case str():
            return value.strip()
        case list():
            return [tidy for it in value if not _is_empty(tidy := strip_blanks(it))]
        case dict():
            return {
                key: tidy for key, it in value.items() if not _is_empty(tidy := strip_blanks(it))
            }
        case _:
            pass
    return value


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def whole_number(lowest: int, highest: int, unit: str | None = None) -> vol.All[int]:
    """Return the field of a whole number within the limits."""
    config = NumberSelectorConfig(min=lowest, max=highest, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))
