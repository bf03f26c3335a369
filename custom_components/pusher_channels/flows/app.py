"""The form of an app and its server."""

from collections.abc import Collection, Mapping
from typing import Any, Final

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
)

from ..const import (
    CONF_API_HOST,
    CONF_APP_KEY,
    CONF_CLUSTER,
    CONF_HEADERS,
    CONF_ORIGIN,
    CONF_PROXY,
    CONF_SERVER,
    CONF_USE_TLS,
    DEFAULT_CLUSTER,
    Settings,
)
from .addresses import (
    read_api_host,
    read_cluster,
    read_origin,
    read_path,
    read_proxy,
    split_address,
)
from .forms import (
    NAME,
    URL,
    Field,
    FormError,
    check_header_name,
    check_header_value,
    fields_selector,
    hide_values,
    read_secret_fields,
    strip_blanks,
)
from .pasted import parse_settings

CLUSTERS: Final = [DEFAULT_CLUSTER, "us2", "us3", "eu", "ap1", "ap2", "ap3", "ap4", "sa1"]
CONF_PASTE: Final = "paste"
CONF_SETTINGS: Final = "settings"
KEY_IN_TITLE: Final = 6

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
        vol.Optional(CONF_API_HOST): TextSelector(),
        vol.Optional(CONF_ORIGIN): TextSelector(),
        vol.Optional(CONF_HEADERS): fields_selector("server_header", secret=True),
        vol.Optional(CONF_PROXY): URL,
    }
)

PASTE_SCHEMA = vol.Schema(
    {vol.Optional(CONF_SETTINGS): TextSelector(TextSelectorConfig(multiline=True))}
)


def app_schema(shown: Settings) -> vol.Schema:
    """Return the form that shows these values; the server's section is open where it has some."""
    has_server = shown.get(CONF_SERVER) not in (None, SERVER_SCHEMA({}))
    has_settings = bool(shown.get(CONF_PASTE))
    return vol.Schema(
        {
            vol.Optional(CONF_APP_KEY): TextSelector(),
            vol.Required(CONF_CLUSTER, default=DEFAULT_CLUSTER): SelectSelector(
                SelectSelectorConfig(
                    options=CLUSTERS, custom_value=True, mode=SelectSelectorMode.DROPDOWN
                )
            ),
            vol.Optional(CONF_PASTE): section(PASTE_SCHEMA, {"collapsed": not has_settings}),
            vol.Optional(CONF_SERVER): section(SERVER_SCHEMA, {"collapsed": not has_server}),
        }
    )


def shown_app(app: Settings) -> dict[str, Any]:
    """Return what a form shows of an app: everything but the values of its headers."""
    server = dict(app[CONF_SERVER])
    if CONF_HEADERS in server:
        server[CONF_HEADERS] = hide_values(server[CONF_HEADERS])
    return {**app, CONF_SERVER: server}


def read_pasted(form: Settings) -> dict[str, Any]:
    """Return the fields that the pasted settings name; raises `FormError`."""
    text: str = form.get(CONF_PASTE, {}).get(CONF_SETTINGS, "")
    return parse_settings(text) if text.strip() else {}


def fill_app(form: Settings, pasted: Settings, present: Settings) -> dict[str, Any]:
    """Return the form with pasted values where it is empty, unchanged or has a default."""
    app = {name: value for name, value in form.items() if name != CONF_PASTE}
    server = dict(app.get(CONF_SERVER) or SERVER_SCHEMA({}))
    defaults = {CONF_CLUSTER: DEFAULT_CLUSTER}
    fill(app, pasted, present, (CONF_APP_KEY, CONF_CLUSTER), defaults)
    of_server = present.get(CONF_SERVER, {})
    host = server.get(CONF_HOST)
    fill(server, pasted, of_server, (CONF_HOST,), {})
    if server.get(CONF_HOST) != host:
        server = {
            name: value
            for name, value in server.items()
            if name not in (CONF_PORT, CONF_PATH) or value != of_server.get(name)
        }
    if strip_blanks(server.get(CONF_HOST)):
        names = (CONF_PORT, CONF_PATH, CONF_USE_TLS)
        fill(server, pasted, of_server, names, {CONF_USE_TLS: True})
    return app | {CONF_SERVER: server}


def fill(
    form: dict[str, Any],
    pasted: Settings,
    present: Settings,
    names: Collection[str],
    defaults: Mapping[str, Any],
) -> None:
    """Put pasted values into the fields that are empty, unchanged or have their default."""
    for name in names:
        value = strip_blanks(form.get(name))
        if name in pasted and value in (None, "", defaults.get(name), present.get(name)):
            form[name] = pasted[name]


def read_app(form: Settings, present: Settings) -> dict[str, Any]:
    """Return the entry data of a form; raises `FormError`.

    Headers without a value keep the value that they have in `present`.
    """
    app = {CONF_CLUSTER: DEFAULT_CLUSTER, **strip_blanks(dict(form))}
    server = app[CONF_SERVER] = app.get(CONF_SERVER) or SERVER_SCHEMA({})
    if CONF_HOST in server:
        _split_host(app, server)
    if CONF_HOST not in server:
        app[CONF_CLUSTER] = read_cluster(app[CONF_CLUSTER])
    if CONF_APP_KEY not in app:
        raise FormError("invalid_app_key", "The app key is empty")
    if CONF_PATH in server:
        server[CONF_PATH] = read_path(server[CONF_PATH])
    if CONF_API_HOST in server:
        server[CONF_API_HOST] = read_api_host(server[CONF_API_HOST], use_tls=server[CONF_USE_TLS])
    if CONF_ORIGIN in server:
        server[CONF_ORIGIN] = read_origin(server[CONF_ORIGIN])
    if CONF_PROXY in server:
        server[CONF_PROXY] = read_proxy(server[CONF_PROXY])
        if not server[CONF_USE_TLS]:
            raise FormError("proxy_needs_tls")
    if headers := server.pop(CONF_HEADERS, None):
        stored = present.get(CONF_SERVER, {}).get(CONF_HEADERS, ())
        server[CONF_HEADERS] = _read_headers(headers, stored)
    return app


def app_address(app: Settings) -> str:
    """Return the identity of an app's server: its cluster, or its host and port."""
    server = app[CONF_SERVER]
    if CONF_HOST not in server:
        cluster: str = app[CONF_CLUSTER]
        return cluster
    port = server.get(CONF_PORT) or (443 if server[CONF_USE_TLS] else 80)
    return f"{server[CONF_HOST]}:{port}"


def app_title(app: Settings, taken: Collection[str]) -> str:
    """Return the title of an app; the start of its key follows where the name is taken."""
    name, with_key = _titles(app)
    return with_key if name in taken else name


def is_generated_title(app: Settings, title: str) -> bool:
    """Whether a title is one of those that an app gets when it is added."""
    return title in _titles(app)


def _titles(app: Settings) -> tuple[str, str]:
    name = app[CONF_SERVER].get(CONF_HOST) or f"Pusher {app[CONF_CLUSTER]}"
    return name, f"{name} ({app[CONF_APP_KEY][:KEY_IN_TITLE]})"


def _split_host(app: dict[str, Any], server: dict[str, Any]) -> None:
    """Put the parts of a full address into the fields that they belong to."""
    address = split_address(server.pop(CONF_HOST), "Host")
    if address.app_key:
        app.setdefault(CONF_APP_KEY, address.app_key)
    if address.cluster:
        app[CONF_CLUSTER] = address.cluster
        server.pop(CONF_PORT, None)
        server.pop(CONF_PATH, None)
        return
    server[CONF_HOST] = address.host
    if address.port is not None:
        server[CONF_PORT] = address.port
    if address.use_tls is not None:
        server[CONF_USE_TLS] = address.use_tls
    if address.path:
        server[CONF_PATH] = address.path


def _read_headers(entered: list[Field], stored: Collection[Field]) -> list[Field]:
    headers = read_secret_fields(entered, stored, "invalid_header")
    for header in headers:
        check_header_name(header[NAME])
        check_header_value(header)
    return headers
