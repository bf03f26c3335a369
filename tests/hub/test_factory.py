"""Where an app's server is: pusher.com by its cluster, one's own by its host."""

import pytest

from custom_components.pusher_channels.hub.factory import make_server

SCHEME = {"use_tls": True, "verify_ssl": True}


@pytest.mark.parametrize(
    ("server", "socket", "api"),
    [
        ({}, "wss://ws-eu.pusher.com:443/app/", "https://api-eu.pusher.com:443"),
        (
            {"host": "push.example", "port": 6001, "path": "/ws/", "use_tls": False},
            "ws://push.example:6001/ws/app/",
            "http://push.example:6001/ws",
        ),
    ],
)
def test_host_overrides_the_cluster(server: dict[str, object], socket: str, api: str) -> None:
    found = make_server({"cluster": "eu", "server": SCHEME | server})
    assert found.websocket_url("key").startswith(socket)
    assert found.api_url == api
