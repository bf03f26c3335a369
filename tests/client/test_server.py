"""Where the client finds a server."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from custom_components.pusher_channels.client.server import Server
from tools.devserver import DevServer

from .conftest import MakeClient, address, connect
from .vectors import VECTORS


@pytest.mark.parametrize("row", VECTORS["url"])
def test_the_address_is_the_one_of_the_official_clients(row: dict[str, str]) -> None:
    """Only what says who the client is differs, and parameters that a server does not ask for."""
    theirs = urlsplit(row["url"])
    ours = urlsplit(Server.of_cluster("eu").websocket_url(row.get("key", "<key>")))

    assert (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
    assert ours.path == theirs.path.replace("<key>", "%3Ckey%3E")
    assert parse_qs(ours.query).keys() == parse_qs(theirs.query).keys() - {"flash"}


@pytest.mark.parametrize(
    ("make", "websocket", "api"),
    [
        (
            partial(Server.of_cluster, "mt1"),
            "wss://ws-mt1.pusher.com:443/app/k",
            "https://api-mt1.pusher.com:443",
        ),
        (
            partial(Server.of_cluster, "eu", use_tls=False),
            "ws://ws-eu.pusher.com:80/app/k",
            "http://api-eu.pusher.com:80",
        ),
        (
            partial(Server.self_hosted, "ws.example"),
            "wss://ws.example:443/app/k",
            "https://ws.example:443",
        ),
        (
            partial(Server.self_hosted, "10.0.0.2", 6001, path="/ws/", use_tls=False),
            "ws://10.0.0.2:6001/ws/app/k",
            "http://10.0.0.2:6001/ws",
        ),
        (
            partial(Server.self_hosted, "::1", 6001, path="a/b"),
            "wss://[::1]:6001/a/b/app/k",
            "https://[::1]:6001/a/b",
        ),
    ],
)
def test_each_server_has_a_websocket_and_an_api(
    make: Callable[[], Server], websocket: str, api: str
) -> None:
    server = make()
    assert server.websocket_url("k").partition("?")[0] == websocket
    assert server.api_url == api


def test_an_app_key_cannot_leave_its_place_in_the_path() -> None:
    url = Server.of_cluster("eu").websocket_url("a/../b?c#d e")

    assert urlsplit(url).path == "/app/a%2F..%2Fb%3Fc%23d%20e"


async def test_the_server_hears_protocol_version_and_path(make_client: MakeClient) -> None:
    async with DevServer(path="/prefix") as server:
        await connect(make_client(at=address(server, path="prefix")))

        attempt = server.attempts[0]

    assert attempt.path == "/prefix/app/demo-key"
    assert attempt.query["protocol"] == "7"
    assert attempt.query["client"] == "pusher_channels"
    assert attempt.query["version"].count(".") == 2
