"""The forms that say how private channels are authorized, one for each way."""

from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    ObjectSelector,
    ObjectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.template import Template

from ..const import (
    AUTH_ENDPOINT,
    AUTH_SCRIPT,
    AUTH_SECRET,
    CONF_APP_ID,
    CONF_AUTH_ENDPOINT,
    CONF_AUTHORIZATION,
    CONF_HEADERS,
    CONF_MASTER_KEY,
    CONF_PARAMS,
    CONF_SCRIPT,
    CONF_SECRET,
    CONF_USER_AUTH_ENDPOINT,
    CONF_USER_ID,
    CONF_USER_INFO,
)
from ..hub.factory import Settings
from .forms import FormError, strip_blanks

SECRETS = (CONF_SECRET, CONF_MASTER_KEY)

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_URL = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_FIELDS = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            "name": {"selector": {"text": {}}, "required": True},
            "value": {"selector": {"text": {}}, "required": True},
        },
        multiple=True,
        label_field="name",
        translation_key="request_field",
    )
)

ENDPOINT_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_AUTH_ENDPOINT): _URL,
        vol.Optional(CONF_USER_AUTH_ENDPOINT): _URL,
        vol.Optional(CONF_HEADERS): _FIELDS,
        vol.Optional(CONF_PARAMS): _FIELDS,
    }
)

SCRIPT_SCHEMA = vol.Schema(
    {vol.Required(CONF_SCRIPT): EntitySelector(EntitySelectorConfig(domain="script"))}
)


def secret_schema(stored: Settings) -> vol.Schema:
    """Return the form of the app secret; one that is stored need not be entered again."""
    secret = vol.Optional(CONF_SECRET) if CONF_SECRET in stored else vol.Required(CONF_SECRET)
    return vol.Schema(
        {
            secret: _PASSWORD,
            vol.Optional(CONF_APP_ID): TextSelector(),
            vol.Optional(CONF_MASTER_KEY): _PASSWORD,
            vol.Optional(CONF_USER_ID): TextSelector(),
            vol.Optional(CONF_USER_INFO): ObjectSelector(),
        }
    )


def read_secret(form: Settings, stored: Settings, user_id: str) -> dict[str, Any]:
    """Return the entry data of a filled form; raises `FormError`.

    What it leaves empty of the secrets stays as stored; `user_id` is for whoever enters none.
    """
    kept = {name: stored[name] for name in SECRETS if name in stored}
    entered = strip_blanks({name: value for name, value in form.items() if name != CONF_USER_INFO})
    data: dict[str, Any] = {CONF_AUTHORIZATION: AUTH_SECRET, CONF_USER_ID: user_id}
    data |= kept | entered
    if CONF_SECRET not in data:
        raise FormError("invalid_auth")
    if user_info := form.get(CONF_USER_INFO):
        if not isinstance(user_info, dict):
            raise FormError("invalid_user_info")
        data[CONF_USER_INFO] = user_info
    return data


def read_endpoint(hass: HomeAssistant, form: Settings) -> dict[str, Any]:
    """Return the entry data of a filled form; raises `FormError`."""
    data: dict[str, Any] = {CONF_AUTHORIZATION: AUTH_ENDPOINT, CONF_AUTH_ENDPOINT: ""}
    data |= strip_blanks(dict(form))
    for name in (CONF_AUTH_ENDPOINT, CONF_USER_AUTH_ENDPOINT):
        if name in data:
            _check_url(data[name])
    for name in (CONF_HEADERS, CONF_PARAMS):
        if fields := _read_fields(hass, data.pop(name, [])):
            data[name] = fields
    return data


def read_script(form: Settings) -> dict[str, Any]:
    """Return the entry data of a filled form."""
    return {CONF_AUTHORIZATION: AUTH_SCRIPT, **form}


def _check_url(text: str) -> None:
    try:
        cv.url(text)
    except vol.Invalid:
        raise FormError("invalid_url") from None


def _read_fields(
    hass: HomeAssistant, fields: list[dict[str, str]] | dict[str, str]
) -> list[dict[str, str]]:
    """Return the fields that have both a name and a value."""
    complete = [field for field in cv.ensure_list(fields) if field.keys() == {"name", "value"}]
    for field in complete:
        try:
            Template(field["value"], hass).ensure_valid()
        except TemplateError:
            raise FormError("invalid_template") from None
    return complete
