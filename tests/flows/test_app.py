"""The form of an app: input is stripped, checked, filled from pasted settings and identified."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.flows.app import app_address, app_title, read_app
from custom_components.pusher_channels.flows.forms import FormError
from tools.devserver import DevServer

from ..conftest import APP, app_entry
from ..flow_steps import app_form, choose, is_collapsed, prefilled, start, start_change, submit

DEFAULTS = {"use_tls": True, "verify_ssl": True}
TOKEN = {"name": "X-Token", "value": "header-secret"}


def form(cluster: str = "mt1", **server: Any) -> dict[str, Any]:
    return {"app_key": "key", "cluster": cluster, "server": DEFAULTS | server}


def read(cluster: str = "mt1", **server: Any) -> dict[str, Any]:
    return read_app(form(cluster, **server), {})


async def test_form_starts_with_defaults_and_optional_sections(hass: HomeAssistant) -> None:
    step = await start(hass)
    assert (step["step_id"], step["last_step"]) == ("user", False)
    schema = step["data_schema"]
    assert schema is not None
    assert schema({}) == {"cluster": "mt1"}
    assert schema({"app_key": "key", "server": {}})["server"] == DEFAULTS
    assert prefilled(step) == {}
    assert is_collapsed(step, "paste")
    assert is_collapsed(step, "server")
    assert read_app({"app_key": "key", "cluster": "mt1"}, {}) == form()


async def test_surrounding_space_and_empty_fields_are_dropped(
    hass: HomeAssistant, server: DevServer
) -> None:
    entered = {
        "app_key": f" {APP.key}\n",
        "cluster": " eu ",
        "server": {
            "host": f"\t{server.host} ",
            "port": float(server.port),
            "path": " ",
            "use_tls": False,
            "proxy": "",
            "origin": " ",
            "api_host": "",
            "headers": [],
        },
    }
    step = await choose(hass, await submit(hass, await start(hass), entered), "auth_none")
    assert step["data"] == {
        "app_key": APP.key,
        "cluster": "eu",
        "server": {
            "host": server.host,
            "port": server.port,
            "use_tls": False,
            "verify_ssl": True,
        },
        "authorization": "auth_none",
    }
    assert isinstance(step["data"]["server"]["port"], int)


async def test_input_stays_in_the_form_after_an_error(
    hass: HomeAssistant, server: DevServer
) -> None:
    entered = app_form(server, host="no host", path="/ws")
    step = await submit(hass, await start(hass), entered)
    shown = prefilled(step)
    assert shown["app_key"] == APP.key
    assert shown["server"] == entered["server"] | {"verify_ssl": True}
    assert not is_collapsed(step, "server")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ({"host": "ftp://app.example"}, "Host: the address starts with http or https"),
        ({"host": "app example"}, "Host: enter a host name or an IP address"),
        ({"host": "app.example?x"}, "Host: ? and # are not allowed"),
        ({"host": "https://app.example/ws#x"}, "Host: ? and # are not allowed"),
        ({"host": "user@app.example"}, "Host: an address has no user and no password"),
        ({"host": "https://a:b@app.example"}, "Host: an address has no user and no password"),
        ({"host": "app.example:99999"}, "Host: a port is 1 to 65535"),
        ({"host": "app.example:0"}, "Host: a port is 1 to 65535"),
        ({"host": "[]"}, "Host: enter a host name or an IP address"),
        ({"host": "https://"}, "Host: enter a host name or an IP address"),
        ({"host": "app.example", "path": "a?x=1"}, "Path: ? and # are not allowed"),
        ({"host": "app.example", "path": "a#b"}, "Path: ? and # are not allowed"),
        (
            {"host": "app.example", "path": "https://app.example/ws"},
            "Path: enter the path alone, without scheme and host",
        ),
        (
            {"host": "app.example", "api_host": "api.example/apps"},
            "API host: enter host and port alone, without a path",
        ),
        (
            {"host": "app.example", "api_host": "http://api.example"},
            "API host: its scheme does not match Use TLS",
        ),
        (
            {"host": "app.example", "api_host": "https://api.example/app/key"},
            "API host: enter host and port alone, without a path",
        ),
        (
            {"host": "app.example", "api_host": "https://api.example/apps/1"},
            "API host: enter host and port alone, without a path",
        ),
        ({"api_host": "api example"}, "API host: enter a host name or an IP address"),
        ({"host": "256.1.1.1"}, "Host: enter a host name or an IP address"),
        ({"host": "192.168.1:6001"}, "Host: enter a host name or an IP address"),
        ({"api_host": "ftp://api.example"}, "API host: the address starts with http or https"),
        ({"api_host": "me@api.example"}, "API host: an address has no user and no password"),
        ({"api_host": "api.example:0"}, "API host: a port is 1 to 65535"),
        ({"api_host": "api.example?x"}, "API host: ? and # are not allowed"),
        ({"host": ":a@app.example"}, "Host: an address has no user and no password"),
        (
            {"origin": "https://app.example/page"},
            "Origin: enter scheme, host and port alone, as a browser sends it",
        ),
        (
            {"origin": "*"},
            "Origin: enter scheme, host and port alone, as a browser sends it",
        ),
        (
            {"proxy": "proxy:3128"},
            "Proxy: enter its full address, which starts with http://",
        ),
        (
            {"proxy": "socks5://proxy:1080"},
            "Proxy: enter its full address, which starts with http://",
        ),
        ({"proxy": "http://proxy:0"}, "Proxy: enter its full address, which starts with http://"),
        ({"proxy": "http://pro xy:1"}, "Proxy: enter its full address, which starts with http://"),
        ({"proxy": "http://proxy:1/a"}, "Proxy: enter its full address, which starts with http://"),
        ({"proxy": "http://proxy?a"}, "Proxy: enter its full address, which starts with http://"),
        ({"proxy": "http://proxy#a"}, "Proxy: enter its full address, which starts with http://"),
        ({"proxy": "http://:3128"}, "Proxy: enter its full address, which starts with http://"),
    ],
)
def test_invalid_address_is_refused_by_the_name_of_its_field(
    server: dict[str, Any], message: str
) -> None:
    with pytest.raises(FormError) as refused:
        read(**server)
    assert (refused.value.key, refused.value.message) == ("invalid_host", message)


async def test_invalid_address_is_shown_before_anything_is_tried(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await submit(hass, await start(hass), app_form(server, path="a?x=1#"))
    assert step["errors"] == {"base": "invalid_host"}
    assert step["description_placeholders"] == {"error": "Path: ? and # are not allowed"}
    assert server.attempts == []


@pytest.mark.parametrize(
    ("host", "stored"),
    [
        ("App.Example", {"host": "app.example"}),
        ("app.example.", {"host": "app.example"}),
        ("127.0.0.1", {"host": "127.0.0.1"}),
        ("::1", {"host": "::1"}),
        ("[::1]", {"host": "::1"}),
        ("my_container", {"host": "my_container"}),
        ("bücher.example", {"host": "bücher.example"}),
        ("xn--bcher-kva.example", {"host": "bücher.example"}),
        ("app.example:6001", {"host": "app.example", "port": 6001}),
        ("[::1]:6001", {"host": "::1", "port": 6001}),
        ("//app.example", {"host": "app.example"}),
        ("::1/ws", {"host": "::1", "path": "/ws"}),
        ("app.example:1", {"host": "app.example", "port": 1}),
        ("app.example:65535", {"host": "app.example", "port": 65535}),
        ("app.example/ws/", {"host": "app.example", "path": "/ws"}),
        ("app.example/WSX/", {"host": "app.example", "path": "/WSX"}),
        ("app.example/ws/apps/1/", {"host": "app.example", "path": "/ws"}),
        ("http://app.example", {"host": "app.example", "use_tls": False}),
        ("HTTPS://app.example/", {"host": "app.example"}),
        ("http://host:6001", {"host": "host", "port": 6001, "use_tls": False}),
        (
            "ws://app.example:8080/ws/app/key?protocol=7",
            {"host": "app.example", "port": 8080, "use_tls": False, "path": "/ws"},
        ),
        (
            "ws://app.example/app/key?origin=https://panel.example",
            {"host": "app.example", "use_tls": False},
        ),
    ],
)
def test_address_in_the_host_field_is_split(host: str, stored: dict[str, Any]) -> None:
    assert read(host=host) == form(**stored)


@pytest.mark.parametrize("address", ["ws-eu.pusher.com", "https://api-eu.pusher.com/", "EU"])
def test_address_of_pusher_com_is_a_cluster(address: str) -> None:
    assert read(address) == form("eu")
    if address != "EU":
        assert read(host=address, port=6001, path="/ws") == form("eu")


def test_app_key_is_read_from_the_address_of_a_websocket() -> None:
    entered = form(host="wss://ws-ap1.pusher.com/app/other-key?protocol=7&client=js")
    del entered["app_key"]
    assert read_app(entered, {}) == form("ap1") | {"app_key": "other-key"}


@pytest.mark.parametrize("cluster", ["eu/x", "e u", "wss://eu"])
def test_cluster_is_a_short_name(cluster: str) -> None:
    with pytest.raises(FormError) as refused:
        read(cluster)
    assert refused.value.key == "invalid_host"
    assert refused.value.message == "Cluster: enter its short name, such as eu"
    assert read(cluster, host="app.example")["cluster"] == cluster


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ({"api_host": "api.example"}, {"api_host": "api.example"}),
        ({"api_host": "api.example:4567"}, {"api_host": "api.example:4567"}),
        ({"api_host": "https://api.example/"}, {"api_host": "api.example:443"}),
        (
            {"api_host": "http://api.example", "use_tls": False},
            {"api_host": "api.example:80", "use_tls": False},
        ),
        ({"api_host": "https://api.example:4567"}, {"api_host": "api.example:4567"}),
        ({"api_host": "[::1]:4567"}, {"api_host": "[::1]:4567"}),
        ({"api_host": "api-eu.pusher.com"}, {"api_host": "api-eu.pusher.com"}),
        ({"origin": "HTTPS://App.example:443/"}, {"origin": "https://app.example"}),
        ({"origin": "app.example"}, {"origin": "https://app.example"}),
        ({"proxy": "http://me:pw@proxy:3128"}, {"proxy": "http://me:pw@proxy:3128"}),
    ],
)
def test_optional_addresses_are_stored_in_one_spelling(
    entered: dict[str, Any], stored: dict[str, Any]
) -> None:
    assert read(host="app.example", **entered) == form(host="app.example", **stored)


@pytest.mark.parametrize("host", ["", "app.example"])
async def test_proxy_needs_tls(hass: HomeAssistant, server: DevServer, host: str) -> None:
    entered = app_form(server, host=host, proxy="http://proxy:3128")
    step = await submit(hass, await start(hass), entered)
    assert step["errors"] == {"base": "proxy_needs_tls"}
    assert step["description_placeholders"] == {"error": ""}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([{"name": "X-Token"}], "X-Token needs a name and a value"),
        ([{"name": " ", "value": "x"}], "Each line needs a name and a value"),
        ([TOKEN, TOKEN | {"name": "x-token"}], "x-token is there twice"),
        ([{"name": "X Token", "value": "x"}], "X Token has characters that no header has"),
        ([{"name": "X", "value": "a\r\nb"}], "X has characters that no header has"),
        ([{"name": "Upgrade", "value": "h2"}], "Upgrade belongs to the connection itself"),
        (
            [{"name": "sec-websocket-key", "value": "x"}],
            "sec-websocket-key belongs to the connection itself",
        ),
    ],
)
def test_header_that_cannot_be_sent_is_refused_by_its_name(
    headers: list[dict[str, str]], message: str
) -> None:
    with pytest.raises(FormError) as refused:
        read(host="app.example", headers=headers)
    assert (refused.value.key, refused.value.message) == ("invalid_header", message)


async def test_header_is_stored_and_its_value_is_never_shown_again(
    hass: HomeAssistant, server: DevServer
) -> None:
    entered = app_form(server, headers=[TOKEN])
    server.faults.upgrade_status = 503
    step = await submit(hass, await start(hass), entered)
    assert prefilled(step)["server"]["headers"] == [{"name": "X-Token"}]
    server.faults.reset()
    step = await submit(hass, step, prefilled(step))
    step = await choose(hass, step, "auth_none")
    assert step["data"]["server"]["headers"] == [TOKEN]

    (entry,) = hass.config_entries.async_entries("pusher_channels")
    step = await start_change(hass, entry)
    assert TOKEN["value"] not in str(prefilled(step))
    kept = prefilled(step)
    kept["server"]["headers"].append({"name": "X-Other", "value": "2"})
    step = await choose(hass, await submit(hass, step, kept), "auth_none")
    assert step["reason"] == "reconfigure_successful"
    assert entry.data["server"]["headers"] == [TOKEN, {"name": "X-Other", "value": "2"}]
    await hass.async_block_till_done()


@pytest.mark.parametrize("app_key", ["  ", None])
async def test_app_key_is_needed(
    hass: HomeAssistant, server: DevServer, app_key: str | None
) -> None:
    entered = app_form(server, app_key=app_key or "")
    if app_key is None:
        del entered["app_key"]
    step = await submit(hass, await start(hass), entered)
    assert step["errors"] == {"base": "invalid_app_key"}
    assert step["description_placeholders"] == {"error": "The app key is empty"}


@pytest.mark.parametrize(
    ("app", "address", "title"),
    [
        (form("EU"), "eu", "Pusher eu"),
        (form(" "), "mt1", "Pusher mt1"),
        (form(host="app.example"), "app.example:443", "app.example"),
        (form(host="app.example", use_tls=False), "app.example:80", "app.example"),
        (form(host="app.example", port=6001), "app.example:6001", "app.example"),
    ],
)
def test_app_is_identified_by_its_cluster_or_its_host_and_port(
    app: dict[str, Any], address: str, title: str
) -> None:
    data = read_app(app | {"app_key": "123456789"}, {})
    assert app_address(data) == address
    assert app_title(data, ["Another"]) == title
    assert app_title(data, ["Another", title]) == f"{title} (123456)"


async def test_second_app_on_a_server_has_the_start_of_its_key_in_its_title(
    hass: HomeAssistant, server: DevServer
) -> None:
    other = app_entry(server, app_key="another")
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, title=server.host, unique_id="another@x")
    step = await submit(hass, await start(hass), app_form(server))
    step = await choose(hass, step, "auth_none")
    assert step["title"] == f"{server.host} ({APP.key[:6]})"
