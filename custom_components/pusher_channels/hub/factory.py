"""Makes the client and the server API of an entry."""

from aiohttp import ClientSession
from homeassistant.const import CONF_HOST, CONF_PATH, CONF_PORT, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..client import (
    HttpApi,
    PusherClient,
    Server,
    Timing,
    parse_master_key,
)
from ..const import (
    CONF_ACTIVITY_TIMEOUT,
    CONF_API_HOST,
    CONF_APP_ID,
    CONF_APP_KEY,
    CONF_CLUSTER,
    CONF_HEADERS,
    CONF_MASTER_KEY,
    CONF_MAX_RECONNECT_ATTEMPTS,
    CONF_MAX_RECONNECT_GAP,
    CONF_ORIGIN,
    CONF_PONG_TIMEOUT,
    CONF_PROXY,
    CONF_SECRET,
    CONF_SERVER,
    CONF_USE_TLS,
    Settings,
)
from .authorization import make_authorizer


def make_client(hass: HomeAssistant, data: Settings, options: Settings) -> PusherClient:
    """Return the client of an app."""
    return PusherClient(
        _session(hass, data),
        data[CONF_APP_KEY],
        make_server(data),
        authorizer=make_authorizer(hass, _session(hass, data), data, options),
        timing=_make_timing(options),
        proxy=data[CONF_SERVER].get(CONF_PROXY),
        origin=data[CONF_SERVER].get(CONF_ORIGIN),
        headers=_headers(data),
    )


def make_api(hass: HomeAssistant, data: Settings) -> HttpApi | None:
    """Return the server API of an app; None without its app id and secret."""
    if CONF_SECRET not in data or CONF_APP_ID not in data:
        return None
    return HttpApi(
        _session(hass, data),
        make_server(data),
        app_id=data[CONF_APP_ID],
        app_key=data[CONF_APP_KEY],
        secret=data[CONF_SECRET],
        master_key=parse_master_key(data[CONF_MASTER_KEY]) if CONF_MASTER_KEY in data else None,
        proxy=data[CONF_SERVER].get(CONF_PROXY),
        headers=_headers(data),
    )


def make_server(data: Settings) -> Server:
    """Return the server of an app; a host overrides the cluster."""
    server = data[CONF_SERVER]
    use_tls, api_host = server[CONF_USE_TLS], server.get(CONF_API_HOST, "")
    if host := server.get(CONF_HOST):
        return Server.self_hosted(
            host,
            server.get(CONF_PORT),
            path=server.get(CONF_PATH, ""),
            use_tls=use_tls,
            api_host=api_host,
        )
    return Server.of_cluster(data[CONF_CLUSTER], use_tls=use_tls, api_host=api_host)


def _make_timing(options: Settings) -> Timing:
    default = Timing()
    return Timing(
        activity_timeout=options.get(CONF_ACTIVITY_TIMEOUT, default.activity_timeout),
        pong_timeout=options.get(CONF_PONG_TIMEOUT, default.pong_timeout),
        max_reconnect_gap=options.get(CONF_MAX_RECONNECT_GAP, default.max_reconnect_gap),
        max_reconnect_attempts=int(options.get(CONF_MAX_RECONNECT_ATTEMPTS, 0)),
    )


def _headers(data: Settings) -> dict[str, str]:
    return {field["name"]: field["value"] for field in data[CONF_SERVER].get(CONF_HEADERS, ())}


def _session(hass: HomeAssistant, data: Settings) -> ClientSession:
    return async_get_clientsession(hass, verify_ssl=data[CONF_SERVER][CONF_VERIFY_SSL])
