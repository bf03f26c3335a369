"""The forms of a channel's values, and what is wrong with a filled one."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final
from unicodedata import normalize

import voluptuous as vol
from homeassistant.components.sensor import CONF_STATE_CLASS, SensorDeviceClass, SensorStateClass
from homeassistant.components.sensor.const import (
    AMBIGUOUS_UNITS,
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    STATE_CLASS_UNITS,
)
from homeassistant.const import (
    CONF_DEVICE_CLASS,
    CONF_NAME,
    CONF_PLATFORM,
    CONF_UNIT_OF_MEASUREMENT,
    Platform,
)
from homeassistant.helpers.selector import (
    DeviceClassSelector,
    DeviceClassSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ..client import Event
from ..const import (
    CONF_DISPLAY_PRECISION,
    CONF_EVENTS,
    CONF_EXPIRE_AFTER,
    CONF_OFF_DELAY,
    CONF_VALUE,
)
from ..hub.value_paths import PathError, compile_path, list_paths
from ..hub.value_states import ValueState
from ..hub.values import is_template
from .forms import choose_none_of, strip_blanks, whole_number

CONF_VALUE_ID: Final = "value_id"
MAX_NAME_LENGTH: Final = 100
MAX_UNIT_LENGTH: Final = 50
MAX_LISTED_PATHS: Final = 200
MAX_SHOWN_LENGTH: Final = 40
SECONDS_OF_A_YEAR: Final = 31_536_000
NOTHING: Final = "-"

type Form = dict[str, Any]
type Errors = dict[str, str]


PLATFORM = SelectSelector(
    SelectSelectorConfig(
        options=[Platform.SENSOR, Platform.BINARY_SENSOR],
        mode=SelectSelectorMode.LIST,
        translation_key="value_platform",
    )
)
STATE_CLASS = SelectSelector(
    SelectSelectorConfig(
        options=[state_class.value for state_class in SensorStateClass],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="state_class",
    )
)
UNITS: Final = sorted(
    {str(unit) for units in DEVICE_CLASS_UNITS.values() for unit in units if unit is not None},
    key=lambda unit: (unit.casefold(), unit),
)
SENSOR_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_DEVICE_CLASS): DeviceClassSelector(
            DeviceClassSelectorConfig(domain=Platform.SENSOR)
        ),
        vol.Optional(CONF_UNIT_OF_MEASUREMENT): SelectSelector(
            SelectSelectorConfig(options=UNITS, custom_value=True, mode=SelectSelectorMode.DROPDOWN)
        ),
        vol.Optional(CONF_STATE_CLASS): STATE_CLASS,
        vol.Optional(CONF_DISPLAY_PRECISION): whole_number(0, 10),
        vol.Optional(CONF_EXPIRE_AFTER): whole_number(1, SECONDS_OF_A_YEAR, "s"),
    }
)
BINARY_SENSOR_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_DEVICE_CLASS): DeviceClassSelector(
            DeviceClassSelectorConfig(domain=Platform.BINARY_SENSOR)
        ),
        vol.Optional(CONF_OFF_DELAY): whole_number(1, SECONDS_OF_A_YEAR, "s"),
    }
)


def value_schema(paths: list[SelectOptionDict]) -> vol.Schema:
    """Return the form of a value, with the paths to choose from."""
    return vol.Schema(
        {
            # If it were required, the frontend would choose the first path.
            vol.Optional(CONF_VALUE): SelectSelector(
                SelectSelectorConfig(
                    options=paths, custom_value=True, mode=SelectSelectorMode.DROPDOWN
                )
            ),
            vol.Optional(CONF_NAME): TextSelector(),
            vol.Required(CONF_PLATFORM, default=Platform.SENSOR.value): PLATFORM,
            vol.Optional(CONF_EVENTS): TextSelector(TextSelectorConfig(multiple=True)),
        }
    )


def choice_schema(values: Mapping[str, Mapping[str, Any]]) -> vol.Schema:
    """Return the form that chooses one of the values."""
    options = [
        SelectOptionDict(value=value_id, label=str(value.get(CONF_NAME, value_id)))
        for value_id, value in values.items()
    ]
    return vol.Schema(
        {
            vol.Required(CONF_VALUE_ID, description=choose_none_of(options)): SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
        }
    )


def read_value(form: Form) -> Form:
    """Return what is stored of the first form."""
    source = strip_blanks(form.get(CONF_VALUE, ""))
    return {
        CONF_PLATFORM: form[CONF_PLATFORM],
        CONF_NAME: strip_blanks(form.get(CONF_NAME)) or _name_of(source),
        CONF_EVENTS: list(dict.fromkeys(strip_blanks(form.get(CONF_EVENTS, [])))),
        CONF_VALUE: source,
    }


def _name_of(source: str) -> str:
    """Return a name that says what the last key of a path says; empty for anything else."""
    try:
        keys = () if is_template(source) else compile_path(source)
    except PathError:
        return ""
    names = [key for key in keys if isinstance(key, str)]
    name = names[-1].replace("_", " ").strip() if names else ""
    return name[:1].upper() + name[1:MAX_NAME_LENGTH]


def comparable(name: str) -> str:
    """Return what names have in common that look the same but for upper and lower case."""
    return " ".join(normalize("NFKC", name).casefold().split())


def check_sensor(form: Form) -> Errors:
    """Return which field of a sensor does not fit the others, by Home Assistant's tables."""
    device_class, state_class = form.get(CONF_DEVICE_CLASS), form.get(CONF_STATE_CLASS)
    unit = AMBIGUOUS_UNITS.get(
        form.get(CONF_UNIT_OF_MEASUREMENT), form.get(CONF_UNIT_OF_MEASUREMENT)
    )
    units = _units(device_class)
    if (units is not None and unit not in units) or len(unit or "") > MAX_UNIT_LENGTH:
        return {CONF_UNIT_OF_MEASUREMENT: "invalid_unit"}
    if state_class is None:
        return {}
    if device_class is not None and state_class not in DEVICE_CLASS_STATE_CLASSES[device_class]:
        return {CONF_STATE_CLASS: "invalid_unit"}
    if state_class in STATE_CLASS_UNITS and unit not in STATE_CLASS_UNITS[state_class]:
        return {CONF_UNIT_OF_MEASUREMENT: "invalid_unit"}
    return {}


def _units(device_class: SensorDeviceClass | None) -> set[Any] | None:
    """Return the units that a class allows; None for any."""
    if device_class in NON_NUMERIC_DEVICE_CLASSES:
        return {None}
    return None if device_class is None else DEVICE_CLASS_UNITS.get(device_class)


def fitting(form: Form) -> dict[str, str]:
    """Return the units and state classes that fit a form's device class, as texts.

    Where any would fit, the entered one does.
    """
    device_class, state_class = form.get(CONF_DEVICE_CLASS), form.get(CONF_STATE_CLASS)
    units = _units(device_class)
    if units is None and state_class in STATE_CLASS_UNITS:
        units = STATE_CLASS_UNITS[state_class]
    if units is None:
        unit = str(form.get(CONF_UNIT_OF_MEASUREMENT, ""))
        units = {unit} if len(unit) <= MAX_UNIT_LENGTH else set()
    state_classes = (
        {state_class} if device_class is None else DEVICE_CLASS_STATE_CLASSES.get(device_class, ())
    )
    return {"units": _join(units), "state_classes": _join(state_classes)}


def _join(texts: Iterable[Any]) -> str:
    return ", ".join(sorted(str(text or NOTHING) for text in texts)) or NOTHING


def path_options(events: Iterable[Event]) -> list[SelectOptionDict]:
    """Return the paths of the latest events, each with what is there now; the most recent first."""
    latest = list(events)[::-1]
    labels: dict[str, str] = {}
    for event in latest:
        source = f" ({shorten(event.name)})" if len(latest) > 1 else ""
        for path, value in islice(list_paths(event.data), MAX_LISTED_PATHS):
            if len(labels) < MAX_LISTED_PATHS:
                labels.setdefault(path, f"{path}: {shorten(value)}{source}")
    return [SelectOptionDict(value=path, label=label) for path, label in labels.items()]


def shorten(value: ValueState) -> str:
    """Return a value as one line of at most 40 characters, in JSON's notation."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            text = " ".join(str(value).split()).replace("`", "'")
    return text if len(text) <= MAX_SHOWN_LENGTH else f"{text[: MAX_SHOWN_LENGTH - 1]}…"
