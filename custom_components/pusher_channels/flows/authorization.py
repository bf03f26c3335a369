"""The forms that say how private channels are authorized, one for each method."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    ObjectSelector,
    TextSelector,
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
    DEFAULT_USER_INFO,
    Settings,
)
from .addresses import check_url
from .forms import (
    NAME,
    PASSWORD,
    URL,
    VALUE,
    Field,
    FormError,
    check_header_name,
    check_header_value,
    fields_selector,
    strip_blanks,
)

SECRETS: Final = (CONF_SECRET, CONF_MASTER_KEY)
CONF_ADVANCED: Final = "advanced"
ADVANCED_FIELDS: Final = (CONF_MASTER_KEY, CONF_USER_ID, CONF_USER_INFO)

_FIELDS = fields_selector("request_field")

ENDPOINT_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_AUTH_ENDPOINT): URL,
        vol.Optional(CONF_USER_AUTH_ENDPOINT): URL,
        vol.Optional(CONF_HEADERS): _FIELDS,
        vol.Optional(CONF_PARAMS): _FIELDS,
    }
)

SCRIPT_SCHEMA = vol.Schema(
    {vol.Required(CONF_SCRIPT): EntitySelector(EntitySelectorConfig(domain="script"))}
)

ADVANCED_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_MASTER_KEY): PASSWORD,
        vol.Optional(CONF_USER_ID): TextSelector(),
        vol.Optional(CONF_USER_INFO): ObjectSelector(),
    }
)


@dataclass(frozen=True, slots=True)
class FormContext:
    """What is known before a form of authorization is filled in.

    `stored` is the entry's data where it uses the same method, `pasted` the settings of the form
    before, `user_id` the default.
    """

    stored: Settings
    pasted: Settings
    user_id: str


@dataclass(frozen=True, slots=True)
class AuthorizationForm:
    """The form of one method: its schema, what it shows at first, and its reader.

    The reader returns the entry data and raises `FormError`. `is_proved` is false where only a
    channel shows whether the endpoint or script works.
    """

    schema: Callable[[FormContext, FormError | None], vol.Schema]
    suggested: Callable[[FormContext], Mapping[str, Any]]
    read: Callable[[HomeAssistant, Settings, FormContext], dict[str, Any]]
    is_proved: bool


def _secret_schema(context: FormContext, error: FormError | None) -> vol.Schema:
    has_secret = CONF_SECRET in context.stored or CONF_SECRET in context.pasted
    secret = vol.Optional(CONF_SECRET) if has_secret else vol.Required(CONF_SECRET)
    is_advanced = error is not None and error.key.removeprefix("invalid_") in (
        "master_key",
        CONF_USER_ID,
        CONF_USER_INFO,
    )
    return vol.Schema(
        {
            secret: PASSWORD,
            vol.Optional(CONF_APP_ID): TextSelector(),
            vol.Optional(CONF_ADVANCED): section(ADVANCED_SCHEMA, {"collapsed": not is_advanced}),
        }
    )


def _suggested_secret(context: FormContext) -> dict[str, Any]:
    """Return the defaults, and what is stored or pasted; stored secrets are never shown."""
    stored = {name: value for name, value in context.stored.items() if name not in SECRETS}
    shown = {
        CONF_USER_ID: context.user_id,
        CONF_USER_INFO: DEFAULT_USER_INFO,
        **stored,
        **context.pasted,
    }
    advanced = {name: shown[name] for name in ADVANCED_FIELDS if name in shown}
    return {**shown, CONF_ADVANCED: advanced}


def _read_secret(hass: HomeAssistant, form: Settings, context: FormContext) -> dict[str, Any]:
    form = {**form, **form.get(CONF_ADVANCED, {})}
    user_info = form.get(CONF_USER_INFO) or DEFAULT_USER_INFO
    if not isinstance(user_info, dict):
        raise FormError("invalid_user_info")
    entered = strip_blanks(
        {name: form[name] for name in (*SECRETS, CONF_APP_ID, CONF_USER_ID) if name in form}
    )
    kept = {name: context.stored[name] for name in SECRETS if name in context.stored}
    pasted = {
        name: context.pasted[name] for name in (*SECRETS, CONF_APP_ID) if name in context.pasted
    }
    data: dict[str, Any] = {
        CONF_AUTHORIZATION: AUTH_SECRET,
        CONF_USER_ID: context.user_id,
        CONF_USER_INFO: user_info,
    }
    data |= kept | pasted | entered
    if CONF_SECRET not in data:
        raise FormError("invalid_auth", "The secret is empty")
    return data


def _read_endpoint(hass: HomeAssistant, form: Settings, context: FormContext) -> dict[str, Any]:
    data: dict[str, Any] = {CONF_AUTHORIZATION: AUTH_ENDPOINT, CONF_AUTH_ENDPOINT: ""}
    data |= strip_blanks(dict(form))
    for name in (CONF_AUTH_ENDPOINT, CONF_USER_AUTH_ENDPOINT):
        if name in data:
            check_url(data[name])
    for name in (CONF_HEADERS, CONF_PARAMS):
        if fields := _complete_fields(hass, data.pop(name, [])):
            data[name] = fields
    _check_headers(hass, data.get(CONF_HEADERS, ()))
    return data


def _read_script(hass: HomeAssistant, form: Settings, context: FormContext) -> dict[str, Any]:
    return {CONF_AUTHORIZATION: AUTH_SCRIPT, CONF_SCRIPT: form[CONF_SCRIPT]}


FORMS: Final[Mapping[str, AuthorizationForm]] = {
    AUTH_SECRET: AuthorizationForm(_secret_schema, _suggested_secret, _read_secret, is_proved=True),
    AUTH_ENDPOINT: AuthorizationForm(
        lambda _, __: ENDPOINT_SCHEMA,
        lambda context: context.stored,
        _read_endpoint,
        is_proved=False,
    ),
    AUTH_SCRIPT: AuthorizationForm(
        lambda _, __: SCRIPT_SCHEMA, lambda context: context.stored, _read_script, is_proved=False
    ),
}


def _check_headers(hass: HomeAssistant, headers: Iterable[Field]) -> None:
    """Raise `FormError` for a header that cannot be sent, or one that is there twice."""
    seen: set[str] = set()
    for header in headers:
        name = header[NAME]
        check_header_name(name)
        if Template(header[VALUE], hass).is_static:
            check_header_value(header)
        if name.lower() in seen:
            raise FormError("invalid_header", f"{name} is there twice")
        seen.add(name.lower())


def _complete_fields(hass: HomeAssistant, fields: Iterable[Field]) -> list[Field]:
    """Return the fields that have both a name and a value."""
    complete = [field for field in fields if field.keys() == {NAME, VALUE}]
    for field in complete:
        try:
            Template(field[VALUE], hass).ensure_valid()
        except TemplateError:
            raise FormError("invalid_template", field[NAME]) from None
    return complete
