"""Reads pasted settings: lines of an .env file, pusher.com's App Keys, or a PUSHER_URL."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from homeassistant.const import CONF_HOST, CONF_PATH, CONF_PORT

from ..const import (
    CONF_APP_ID,
    CONF_APP_KEY,
    CONF_CLUSTER,
    CONF_MASTER_KEY,
    CONF_SECRET,
    CONF_USE_TLS,
)
from .addresses import USES_TLS, Address, split_address, split_app_url
from .forms import FormError

MAX_LENGTH: Final = 100_000
MAX_VALUE_LENGTH: Final = 10_000
"""The characters that are kept of a value with references."""
MAX_REFERENCES: Final = 10
"""How many references of one value are replaced."""
MAX_DEPTH: Final = 3
"""How many references in a row are followed: a value may refer to one that refers to another."""

type Variables = Mapping[str, str]

# None of these patterns has two neighbours that match the same space: the time stays linear.
_LINE: Final = re.compile(r"(?:-\s+)?(?:export\s+)?([A-Za-z_]\w*)\s*([=:])(.*)")
_QUOTED_ITEM: Final = re.compile(r"""-\s+(["'])(.*)\1""")
_BARE_URL: Final = re.compile(r"""(["']?)((?:https?|wss?)://[^\s"']+)\1""")
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
_REFERENCE: Final = re.compile(
    r"""\$\{(\w+)(?::?-((?:[^{}]|\$\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)|\\(["$\\])"""
)
_PORT: Final = re.compile(r"[0-9]{1,5}")
_BYTE_ORDER_MARK: Final = "\ufeff"
_EMPTY: Final = ("", "null", "(null)", "empty", "(empty)")
_SWITCHES: Final = {
    **USES_TLS,
    **dict.fromkeys(("true", "(true)", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "(false)", "0", "no", "off"), False),
}

# Prefixes of variables that a web page sees: these have the address that others reach.
_PUBLIC_PREFIXES: Final = ("VITE_", "MIX_", "NEXT_PUBLIC_", "REACT_APP_", "NUXT_PUBLIC_")
_APP_FIELDS: Final = {
    "APP_KEY": CONF_APP_KEY,
    "KEY": CONF_APP_KEY,
    "APP_ID": CONF_APP_ID,
    "APP_SECRET": CONF_SECRET,
    "SECRET": CONF_SECRET,
    "APP_CLUSTER": CONF_CLUSTER,
    "CLUSTER": CONF_CLUSTER,
    "HOST": CONF_HOST,
    "PORT": CONF_PORT,
    "SCHEME": CONF_USE_TLS,
    "USE_TLS": CONF_USE_TLS,
    "APP_USE_TLS": CONF_USE_TLS,
    "ENCRYPTION_MASTER_KEY": CONF_MASTER_KEY,
    "APP_ENCRYPTION_MASTER_KEY": CONF_MASTER_KEY,
    "ENCRYPTION_MASTER_KEY_BASE64": CONF_MASTER_KEY,
}
_SERVER_FIELDS: Final = {
    "DEFAULT_APP_KEY": CONF_APP_KEY,
    "DEFAULT_APP_ID": CONF_APP_ID,
    "DEFAULT_APP_SECRET": CONF_SECRET,
    "PORT": CONF_PORT,
    "PATH_PREFIX": CONF_PATH,
}
# In the order of preference: the fields of an app by the names of its variables.
_FAMILIES: Final[Mapping[str, Mapping[str, str]]] = {
    "pusher": {f"PUSHER_{name}": field for name, field in _APP_FIELDS.items()},
    "reverb": {
        **{f"REVERB_{name}": field for name, field in _APP_FIELDS.items()},
        "REVERB_SERVER_PATH": CONF_PATH,
    },
    "soketi": {f"SOKETI_{name}": field for name, field in _SERVER_FIELDS.items()},
    "sockudo": {f"SOCKUDO_{name}": field for name, field in _SERVER_FIELDS.items()},
    "pusher.com": {
        "app_id": CONF_APP_ID,
        "key": CONF_APP_KEY,
        "secret": CONF_SECRET,
        "cluster": CONF_CLUSTER,
    },
}
_CHOICE: Final = ("BROADCAST_CONNECTION", "BROADCAST_DRIVER")
_URL: Final = "PUSHER_URL"


def parse_settings(text: str) -> dict[str, Any]:
    """Return the fields of the forms that the text names.

    Raises `FormError` that names the variable, never its value.
    """
    if len(text) > MAX_LENGTH:
        raise FormError("invalid_settings", f"The text has more than {MAX_LENGTH} characters")
    variables = _variables(text)
    families = {name: _fields(variables, names) for name, names in _FAMILIES.items()}
    if url := variables.get(_URL):
        families["pusher"] = families["pusher"] | _url_fields(url)
    chosen = _choose(families, variables)
    if not chosen:
        raise FormError("invalid_settings", "No app key, secret or address was found")
    return chosen


def _variables(text: str) -> Variables:
    """Return the variables of the lines; references to each other are replaced."""
    raw: dict[str, tuple[str, bool]] = {}
    for line in map(str.strip, text.removeprefix(_BYTE_ORDER_MARK).splitlines()):
        if url := _BARE_URL.fullmatch(line):
            raw[_URL] = url[2], False
        elif match := _LINE.fullmatch(_QUOTED_ITEM.sub(r"\2", line)):
            name, separator, rest = match.groups()
            value, refers = _unquote(rest.strip())
            if value or name not in raw:
                # In YAML, Docker Compose replaces references in single quotes too.
                raw[name] = value, refers or separator == ":"
    values = {
        name: "" if refers and _REFERENCE.search(value) else value
        for name, (value, refers) in raw.items()
    }
    for _ in range(MAX_DEPTH):
        values = {
            name: _replace_references(value, values) if refers else value
            for name, (value, refers) in raw.items()
        }
    stripped = {name: value.strip() for name, value in values.items()}
    return {name: value for name, value in stripped.items() if value.lower() not in _EMPTY}


def _replace_references(text: str, variables: Variables) -> str:
    """Return a value with the variables that it refers to, or their defaults.

    `$NAME` without such a variable stays: it may be a part of a secret.
    """

    def replace(match: re.Match[str]) -> str:
        braced, default, bare, escaped = match.groups()
        if escaped:
            return escaped
        if found := variables.get(braced or bare):
            return found
        return match[0] if bare else _REFERENCE.sub(replace, default or "", MAX_REFERENCES)

    return _REFERENCE.sub(replace, text, MAX_REFERENCES)[:MAX_VALUE_LENGTH]


def _unquote(text: str) -> tuple[str, bool]:
    """Return a value without quotes or comment, and whether it may refer to other variables."""
    if match := _QUOTED.match(text):
        return (match[1], False) if match[2] is None else (match[2], True)
    value = re.split(r"(?:^|\s)#", text, maxsplit=1)[0]
    return value.strip(), True


def _fields(variables: Variables, names: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for prefix in ("", *_PUBLIC_PREFIXES):
        for name, field in names.items():
            if value := variables.get(f"{prefix}{name}"):
                fields |= _field(f"{prefix}{name}", field, value)
    return fields


def _field(name: str, field: str, value: str) -> dict[str, Any]:
    match field:
        case "host":
            try:
                return _address_fields(split_address(value, name))
            except FormError:
                raise FormError("invalid_settings", name) from None
        case "port":
            if not _PORT.fullmatch(value) or not 1 <= int(value) <= 65535:
                raise FormError("invalid_settings", name)
            return {CONF_PORT: int(value)}
        case "use_tls":
            if (use_tls := _SWITCHES.get(value.lower())) is None:
                raise FormError("invalid_settings", name)
            return {CONF_USE_TLS: use_tls}
        case _:
            return {field: value}


def _url_fields(text: str) -> dict[str, Any]:
    """Return the fields of a URL such as `https://key:secret@api-eu.pusher.com/apps/1`."""
    try:
        address, user, password = split_app_url(text, _URL)
    except FormError:
        raise FormError("invalid_settings", _URL) from None
    fields = _address_fields(address)
    if user:
        fields[CONF_APP_KEY] = unquote(user)
    if password:
        fields[CONF_SECRET] = unquote(password)
    if CONF_APP_KEY not in fields:
        raise FormError("invalid_settings", _URL)
    return fields


def _address_fields(address: Address) -> dict[str, Any]:
    fields = {
        CONF_HOST: address.host,
        CONF_CLUSTER: address.cluster,
        CONF_PORT: address.port,
        CONF_USE_TLS: address.use_tls,
        CONF_PATH: address.path,
        CONF_APP_KEY: unquote(address.app_key),
        CONF_APP_ID: unquote(address.app_id),
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _choose(families: Mapping[str, dict[str, Any]], variables: Variables) -> dict[str, Any]:
    """Return the fields of one app, completed by other families with the same app key.

    It is one with an app key if there is one: the chosen broadcaster's, else that with most fields.
    """
    choice = next((variables[name].lower() for name in _CHOICE if name in variables), "")

    def rank(name: str) -> tuple[bool, bool, int]:
        fields = families[name]
        return CONF_APP_KEY in fields, bool(fields) and name == choice, len(fields)

    chosen = families[max(families, key=rank)]
    fields = dict(chosen)
    for other in families.values():
        if other.get(CONF_APP_KEY) == chosen.get(CONF_APP_KEY):
            fields = other | fields
    return fields
