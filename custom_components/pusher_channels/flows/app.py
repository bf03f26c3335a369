"""The form that says which app it is, and where its server is."""

from typing import Any

import voluptuous as vol
from homeassistant.const import CONF_HOST, CONF_PATH, CONF_PORT, CONF_VERIFY_SSL
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from yarl import URL

from ..const import (
    CONF_APP_KEY,
    CONF_CLUSTER,
    CONF_PROXY,
    CONF_SERVER,
    CONF_USE_TLS,
    DEFAULT_CLUSTER,
)
from ..hub.factory import Settings
from .forms import FormError, strip_blanks

CLUSTERS = [DEFAULT_CLUSTER, "us2", "us3", "eu", "ap1", "ap2", "ap3", "ap4", "sa1"]

SERVER_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_HOST): TextSelector(),
        vol.Optional(CONF_PORT): vol.All(
            NumberSelector(NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)),
            vol.Coerce(int),
        ),
        vol.Optional(CONF_PATH): TextSelector(),
        vol.Required(CONF_USE_TLS, default=True): BooleanSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        vol.Optional(CONF_PROXY): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
    }
)


def app_schema(shown: Settings) -> vol.Schema:
    """Return the form that shows these values; its section is open where it has something to see."""
    is_untouched = shown.get(CONF_SERVER) in (None, SERVER_SCHEMA({}))
    return vol.Schema(
        {
            vol.Required(CONF_APP_KEY): TextSelector(),
            vol.Required(CONF_CLUSTER, default=DEFAULT_CLUSTER): SelectSelector(
                SelectSelectorConfig(
                    options=CLUSTERS, custom_value=True, mode=SelectSelectorMode.DROPDOWN
                )
            ),
            vol.Optional(CONF_SERVER): section(SERVER_SCHEMA, {"collapsed": is_untouched}),
        }
    )


def read_app(form: Settings) -> dict[str, Any]:
    """Return the entry data that a filled form stands for; raises `FormError`."""
    app = {CONF_CLUSTER: DEFAULT_CLUSTER, **strip_blanks(dict(form))}
    server = app[CONF_SERVER] = app.get(CONF_SERVER) or SERVER_SCHEMA({})
    if CONF_APP_KEY not in app:
        raise FormError("invalid_app_key")
    if CONF_HOST in server:
        server[CONF_HOST] = _read_host(server[CONF_HOST])
    else:
        app[CONF_CLUSTER] = _read_host(app[CONF_CLUSTER])
    return app


def app_address(app: Settings) -> str:
    """Return what tells an app's server from others: its cluster, or its host and port."""
    server = app[CONF_SERVER]
    if CONF_HOST not in server:
        cluster: str = app[CONF_CLUSTER]
        return cluster
    port = server.get(CONF_PORT) or (443 if server[CONF_USE_TLS] else 80)
    return f"{server[CONF_HOST]}:{port}"


def app_title(app: Settings) -> str:
    """Return how an app is called until the user gives it a name."""
    return f"{app[CONF_APP_KEY]} ({app[CONF_SERVER].get(CONF_HOST, app[CONF_CLUSTER])})"


def _read_host(text: str) -> str:
    """Return a host name or address as a URL has it, without brackets; a cluster is part of one."""
    try:
        host = URL.build(scheme="https", host=text.removeprefix("[").removesuffix("]")).host
    except ValueError:
        host = None
    if not host:
        raise FormError("invalid_host")
    return host
