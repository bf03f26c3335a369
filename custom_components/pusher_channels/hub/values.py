"""Values as the user configured them: what one place in the data of a channel's events says."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import voluptuous as vol
from homeassistant.components.sensor import CONF_STATE_CLASS, SensorDeviceClass
from homeassistant.const import (
    CONF_DEVICE_CLASS,
    CONF_NAME,
    CONF_PLATFORM,
    CONF_UNIT_OF_MEASUREMENT,
    Platform,
)

from ..const import (
    CONF_CHANNEL,
    CONF_DISPLAY_PRECISION,
    CONF_EVENTS,
    CONF_EXPIRE_AFTER,
    CONF_OFF_DELAY,
    CONF_VALUE,
    CONF_VALUES,
)
from .value_paths import compile_path
from .value_states import ValueKind

_LOGGER = logging.getLogger(__name__)


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
