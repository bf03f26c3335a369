"""Reads the addresses that people enter or copy: host names, full URLs, origins and proxies."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from ..const import DEFAULT_CLUSTER
from .forms import FormError

USES_TLS: Final = {"http": False, "ws": False, "https": True, "wss": True}
HTTP_SCHEMES: Final = ("http", "https")

_CLUSTER_HOST: Final = re.compile(r"(?:ws|api|sockjs)-([a-z0-9-]+)\.pusher\.com")
_FIRST_CLUSTER_HOSTS: Final = ("ws.pusherapp.com", "api.pusherapp.com", "api.pusher.com")
_APP_PATH: Final = re.compile(r"(?P<path>.*)/(?:app/(?P<key>[^/]+)|apps/(?P<id>[^/]+))/?")
_NOT_IN_A_HOST: Final = re.compile(r"[\s%/?#@\\<>^`{|}\x00-\x1f\x7f]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_A_PATH: Final = re.compile(r"[?#\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address; empty or None where it does not name them.

    A host of pusher.com is a `cluster`. `app_key` and `app_id` come from paths such as `/app/key`.
    """

    host: str = ""
    cluster: str = ""
    port: int | None = None
    use_tls: bool | None = None
    path: str = ""
    app_key: str = ""
    app_id: str = ""


def split_address(text: str, field: str) -> Address:
    """Split a host name or a full URL; raises `FormError` that names the field."""
    url, use_tls = _split_url(text, field)
    if url.username is not None or url.password is not None:
        raise FormError("invalid_host", f"{field}: an address has no user and no password")
    return address_of(url, use_tls, field)


def split_app_url(text: str, field: str) -> tuple[Address, str, str]:
    """Split a URL such as `https://key:secret@host/apps/1`: address, user and password."""
    url, use_tls = _split_url(text, field)
    return address_of(url, use_tls, field), url.username or "", url.password or ""


def address_of(url: SplitResult, use_tls: bool | None, field: str) -> Address:
    """Return the parts of a URL; raises `FormError`."""
    app = _APP_PATH.fullmatch(url.path)
    if (url.query or url.fragment) and app is None:
        raise FormError("invalid_host", f"{field}: ? and # are not allowed")
    host = read_host(url.hostname or "", field)
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0:
        raise FormError("invalid_host", f"{field}: a port is 1 to 65535")
    parts = {"path": url.path} if app is None else app.groupdict(default="")
    path, key, app_id = parts["path"].rstrip("/"), parts.get("key", ""), parts.get("id", "")
    if cluster := _cluster_of(host):
        return Address(cluster=cluster, app_key=key, app_id=app_id)
    return Address(host, "", port, use_tls, path, key, app_id)


def read_host(text: str, field: str) -> str:
    """Return a host name or an IP address as URLs have it, without brackets."""
    try:
        host = URL.build(scheme="https", host=text.rstrip(".")).host or ""
        if host.rpartition(".")[2].isdecimal():
            ip_address(host)
    except ValueError:
        host = ""
    if not host or _NOT_IN_A_HOST.search(host):
        raise FormError("invalid_host", f"{field}: enter a host name or an IP address")
    return host


def read_cluster(text: str) -> str:
    """Return the name of a cluster, also from the address of one of its servers."""
    try:
        address = split_address(text, "Cluster")
    except FormError:
        address = Address()
    if address.cluster:
        return address.cluster
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        raise FormError("invalid_host", "Cluster: enter its short name, such as eu")
    return text.lower()


def read_path(text: str) -> str:
    """Return a path; raises `FormError` for a query, a fragment or a full URL."""
    if _NOT_IN_A_PATH.search(text):
        raise FormError("invalid_host", "Path: ? and # are not allowed")
    if "://" in text:
        raise FormError("invalid_host", "Path: enter the path alone, without scheme and host")
    return text


def read_api_host(text: str, *, use_tls: bool) -> str:
    """Return the server API's `host` or `host:port`."""
    url, scheme_uses_tls = _split_url(text, "API host")
    address = split_address(text, "API host")
    if address.cluster:
        return read_host(url.hostname or "", "API host")
    if address.path or address.app_id or address.app_key:
        raise FormError("invalid_host", "API host: enter host and port alone, without a path")
    if scheme_uses_tls not in (None, use_tls):
        raise FormError("invalid_host", "API host: its scheme does not match Use TLS")
    port = address.port
    if port is None and scheme_uses_tls is not None:
        port = 443 if use_tls else 80
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if port is None else f"{host}:{port}"


def parse_origin(text: str) -> str:
    """Return an origin as browsers send it; raises `ValueError` for anything else."""
    url = URL(text)
    origin = url.origin()
    if url != origin or set(text) & set(" *"):
        raise ValueError("It is more than one origin")
    return str(origin)


def read_origin(text: str) -> str:
    """Return an origin as browsers send it; a host alone is one of https."""
    try:
        return parse_origin(text if "://" in text else f"https://{text}")
    except ValueError:
        raise FormError(
            "invalid_host", "Origin: enter scheme, host and port alone, as a browser sends it"
        ) from None


def read_proxy(text: str) -> str:
    """Return the URL of an HTTP proxy."""
    url = _http_url(text)
    if url is None or url.path != "/" or url.query_string or url.fragment:
        raise FormError("invalid_host", "Proxy: enter its full address, which starts with http://")
    return text


def check_url(text: str) -> None:
    """Raise `FormError` for anything but a full http or https URL."""
    if _http_url(text) is None:
        raise FormError("invalid_url")


def _http_url(text: str) -> URL | None:
    """Return an http or https URL with a valid host and port; None for anything else."""
    try:
        url = URL(text)
        read_host(url.host or "", "URL")
    except FormError, ValueError:
        return None
    has_control = _CONTROL.search(text) is not None
    return url if url.scheme in HTTP_SCHEMES and url.port and not has_control else None


def _split_url(text: str, field: str) -> tuple[SplitResult, bool | None]:
    """Split an address with or without a scheme; the second value says whether it uses TLS."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text.removeprefix("//")
    elif scheme.lower() not in USES_TLS:
        raise FormError("invalid_host", f"{field}: the address starts with http or https")
    location, slash, path = rest.partition("/")
    if location.count(":") > 1 and not set("[@") & set(location):
        rest = f"[{location}]{slash}{path}"
    try:
        if _NOT_IN_A_HOST.search(location.rpartition("@")[2].partition("?")[0]):
            raise ValueError("The host has characters that no host has")
        return urlsplit(f"//{rest}"), USES_TLS.get(scheme.lower())
    except ValueError:
        raise FormError("invalid_host", f"{field}: enter a host name or an IP address") from None


def _cluster_of(host: str) -> str:
    if host in _FIRST_CLUSTER_HOSTS:
        return DEFAULT_CLUSTER
    match = _CLUSTER_HOST.fullmatch(host)
    return "" if match is None else match[1]
