"""Texts that users write in the YAML of actions and triggers."""

import voluptuous as vol
from homeassistant.helpers import config_validation as cv


def yaml_text(value: object) -> str:
    """Validate a text, which may be written as a number; raises `vol.Invalid`."""
    if isinstance(value, bool):
        raise vol.Invalid(
            "Put it in quotes: YAML reads on, off, yes and no without them as true or false"
        )
    return cv.string(value)
