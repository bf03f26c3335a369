"""The addresses of a server."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from custom_components.pusher_channels.client.exceptions import Misuse
from custom_components.pusher_channels.client.server import Server
from tools.devserver import DevServer

from .conftest import MakeClient, address, connect
from .misuse import misused
from .vectors import VECTORS


@pytest.mark.parametrize("row", VECTORS["url"])
def test_address_is_the_one_of_the_official_clients(row: dict[str, str]) -> None:
    """Only the name of the client and optional parameters differ."""
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
        (
            partial(Server.self_hosted, "münchen.example", path="mein pfad/ü"),
            "wss://xn--mnchen-3ya.example:443/mein%20pfad/%C3%BC/app/k",
            "https://xn--mnchen-3ya.example:443/mein%20pfad/%C3%BC",
        ),
        (
            partial(Server.self_hosted, "my_host", 8080, path="a%20b/100%", use_tls=False),
            "ws://my_host:8080/a%20b/100%25/app/k",
            "http://my_host:8080/a%20b/100%25",
        ),
        (
            partial(Server.self_hosted, "h", 6001, api_host="api.example:7000", path="ws"),
            "wss://h:6001/ws/app/k",
            "https://api.example:7000/ws",
        ),
        (
            partial(Server.self_hosted, "h", 6001, api_host="api.example"),
            "wss://h:6001/app/k",
            "https://api.example:6001",
        ),
        (
            partial(Server.self_hosted, "h", 6001, api_host="[::2]:7000"),
            "wss://h:6001/app/k",
            "https://[::2]:7000",
        ),
        (
            partial(Server.self_hosted, "h", 6001, api_host="fd00::2"),
            "wss://h:6001/app/k",
            "https://[fd00::2]:6001",
        ),
        (
            partial(Server.of_cluster, "eu", api_host="rest-pusher.ably.io"),
            "wss://ws-eu.pusher.com:443/app/k",
            "https://rest-pusher.ably.io:443",
        ),
    ],
)
def test_server_has_a_websocket_and_an_api_address(
    make: Callable[[], Server], websocket: str, api: str
) -> None:
    server = make()
    assert server.websocket_url("k").partition("?")[0] == websocket
    assert server.api_url == api


@pytest.mark.parametrize(
    "make",
    [
        *(
            partial(Server.self_hosted, host)
            for host in ("", "a b", "a?b", "a#b", "a/b", "u@h", "h:1")
        ),
        *(partial(Server.self_hosted, host) for host in ("h\r\nX: y", "\ud800", "::::", "h%41")),
        partial(Server.self_hosted, "h", path="\ud800"),
        *(partial(Server.self_hosted, "h", port) for port in (-1, 65536)),
        *(
            partial(Server.self_hosted, "h", api_host=api_host)
            for api_host in ("http://h", "h/x", "h:x", "h:70000", "u@h", "a b", "h?", "h#", ":80")
        ),
        partial(Server.of_cluster, "eu/x"),
    ],
)
def test_address_that_cannot_be_valid_is_refused(make: Callable[[], Server]) -> None:
    with misused(Misuse.ADDRESS):
        make()


@pytest.mark.parametrize("path", ["a?x=1", "a#b"])
def test_path_with_a_query_or_a_fragment_is_refused(path: str) -> None:
    with misused(Misuse.ADDRESS, "A path has no ? and no #"):
        Server.self_hosted("h", path=path)


def test_app_key_is_one_segment_of_the_path() -> None:
    url = Server.of_cluster("eu").websocket_url("a/../b?c#d e")

    assert urlsplit(url).path == "/app/a%2F..%2Fb%3Fc%23d%20e"


async def test_server_receives_protocol_version_and_path(make_client: MakeClient) -> None:
    async with DevServer(path="/prefix") as server:
        await connect(make_client(at=address(server, path="prefix")))

        attempt = server.attempts[0]

    assert attempt.path == "/prefix/app/demo-key"
    assert attempt.query["protocol"] == "7"
    assert attempt.query["client"] == "pusher_channels"
    assert attempt.query["version"].count(".") == 2
