"""The server, the authorizer and the server API of an entry."""

import json

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.pusher_channels.client import Timing
from custom_components.pusher_channels.hub import factory
from custom_components.pusher_channels.hub.authorization import make_authorizer
from custom_components.pusher_channels.hub.factory import make_api, make_server
from tools.devserver import DevServer

from ..conftest import app_data, app_entry

SCHEME = {"use_tls": True, "verify_ssl": True}


@pytest.mark.parametrize(
    ("server", "socket", "api"),
    [
        ({}, "wss://ws-eu.pusher.com:443/app/", "https://api-eu.pusher.com:443"),
        ({"use_tls": False}, "ws://ws-eu.pusher.com:80/app/", "http://api-eu.pusher.com:80"),
        (
            {"host": "push.example", "port": 6001, "path": "/ws/", "use_tls": False},
            "ws://push.example:6001/ws/app/",
            "http://push.example:6001/ws",
        ),
        (
            {"host": "push.example", "api_host": "api.example:4567"},
            "wss://push.example:443/app/",
            "https://api.example:4567",
        ),
        (
            {"api_host": "rest.example"},
            "wss://ws-eu.pusher.com:443/app/",
            "https://rest.example:443",
        ),
    ],
)
def test_host_overrides_the_cluster(server: dict[str, object], socket: str, api: str) -> None:
    found = make_server({"cluster": "eu", "server": SCHEME | server})
    assert found.websocket_url("key").startswith(socket)
    assert found.api_url == api


async def test_endpoint_and_server_api_are_asked_through_the_proxy(
    hass: HomeAssistant, server: DevServer
) -> None:
    at = {"host": "server.invalid", "port": 80, "use_tls": False, "verify_ssl": True}
    data = app_data(
        server,
        authorization="auth_endpoint",
        auth_endpoint="http://endpoint.invalid/pusher/auth",
        headers=[{"name": "X-Token", "value": "abc"}],
        params=[{"name": "tenant", "value": "{{ 6 * 7 }}"}],
    ) | {"server": at | {"proxy": server.url}}
    authorizer = make_authorizer(hass, async_get_clientsession(hass), data, {})
    api = make_api(hass, data)
    assert authorizer is not None
    assert api is not None

    assert (await authorizer.authorize_channel("1.2", "private-room")).auth
    (request,) = server.auth_requests
    assert (request.headers["X-Token"], request.form["tenant"]) == ("abc", "42")
    assert await api.channels() == {}


async def test_connection_is_made_through_the_proxy_with_the_origin_and_the_headers(
    hass: HomeAssistant, server: DevServer
) -> None:
    at = {"host": "server.invalid", "port": 80, "use_tls": False, "verify_ssl": True}
    headers = [{"name": "X-Gateway", "value": "gateway-token"}]
    sent = {"proxy": server.url, "origin": "https://panel.example", "headers": headers}
    entry = app_entry(server)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data=entry.data | {"server": at | sent})

    assert await hass.config_entries.async_setup(entry.entry_id)

    (attempt,) = server.attempts
    assert attempt.headers["Host"] == "server.invalid"
    assert attempt.headers["Origin"] == "https://panel.example"
    assert attempt.headers["X-Gateway"] == "gateway-token"


async def test_user_without_information_is_named_home_assistant(
    hass: HomeAssistant, server: DevServer
) -> None:
    data = app_data(server)
    authorizer = make_authorizer(hass, async_get_clientsession(hass), data, {})
    assert authorizer is not None

    channel_data = (await authorizer.authorize_channel("1.2", "presence-room")).channel_data

    user = {"user_id": data["user_id"], "user_info": {"name": "Home Assistant"}}
    assert channel_data is not None
    assert json.loads(channel_data) == user


@pytest.mark.parametrize("verify_ssl", [True, False])
async def test_certificate_is_verified_as_the_server_is_configured(
    hass: HomeAssistant, server: DevServer, verify_ssl: bool
) -> None:
    data = app_data(server)
    api = make_api(hass, data | {"server": data["server"] | {"verify_ssl": verify_ssl}})
    assert api is not None
    assert api.session is async_get_clientsession(hass, verify_ssl=verify_ssl)


async def test_each_time_is_its_own_option(
    hass: HomeAssistant, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {
        "activity_timeout": 11,
        "pong_timeout": 12,
        "max_reconnect_gap": 13,
        "max_reconnect_attempts": 14,
    }
    timings: list[Timing] = []

    def keep(*_: object, timing: Timing, **__: object) -> None:
        timings.append(timing)

    monkeypatch.setattr(factory, "PusherClient", keep)
    factory.make_client(hass, app_data(server), options)
    factory.make_client(hass, app_data(server), {})

    assert timings == [Timing(**options), Timing()]


async def test_server_api_gets_the_headers_of_the_server(hass: HomeAssistant) -> None:
    headers = [{"name": "X-Gateway", "value": "gateway-token"}]
    data = {
        "app_key": "key",
        "cluster": "eu",
        "server": SCHEME | {"headers": headers},
        "secret": "secret",
        "app_id": "1",
    }
    api = make_api(hass, data)
    assert api is not None
    assert api.headers == {"X-Gateway": "gateway-token"}
    assert "gateway-token" not in repr(api)
