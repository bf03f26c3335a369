"""The form of an app: what is typed is strip_blanks up, checked, and told apart from other apps."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.flows.app import app_address, app_title, read_app
from custom_components.pusher_channels.flows.forms import FormError
from tools.devserver import DevServer

from ..conftest import APP
from ..flow_steps import app_form, choose, prefilled, start, submit

DEFAULTS = {"use_tls": True, "verify_ssl": True}


def form(cluster: str = "mt1", **server: Any) -> dict[str, Any]:
    return {"app_key": "key", "cluster": cluster, "server": DEFAULTS | server}


async def test_form_starts_with_the_defaults_and_a_section_that_may_be_left_out(
    hass: HomeAssistant,
) -> None:
    step = await start(hass)
    schema = step["data_schema"]
    assert schema is not None
    assert schema({"app_key": "key"}) == {"app_key": "key", "cluster": "mt1"}
    assert schema({"app_key": "key", "server": {}})["server"] == DEFAULTS
    assert prefilled(step) == {}
    assert read_app({"app_key": "key", "cluster": "mt1"}) == form()


async def test_space_around_text_is_dropped_and_so_is_what_is_empty(
    hass: HomeAssistant, server: DevServer
) -> None:
    typed = {
        "app_key": f" {APP.key}\n",
        "cluster": " eu ",
        "server": {
            "host": f"\t{server.host} ",
            "port": float(server.port),
            "path": " ",
            "use_tls": False,
            "proxy": "",
        },
    }
    step = await choose(hass, await submit(hass, await start(hass), typed), "auth_none")
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


async def test_what_was_typed_is_still_there_after_an_error(
    hass: HomeAssistant, server: DevServer
) -> None:
    typed = app_form(server, host="no host", path="/ws")
    step = await submit(hass, await start(hass), typed)
    shown = prefilled(step)
    assert shown["app_key"] == APP.key
    assert shown["server"] == typed["server"] | {"verify_ssl": True}


@pytest.mark.parametrize(
    "host",
    [
        "http://app.example",
        "app.example/ws",
        "app.example:6001",
        "app example",
        "app.example?x",
        "user@app.example",
        "[]",
    ],
)
async def test_host_stands_alone(hass: HomeAssistant, server: DevServer, host: str) -> None:
    step = await submit(hass, await start(hass), app_form(server, host=host))
    assert step["errors"] == {"base": "invalid_host"}
    assert server.attempts == []


@pytest.mark.parametrize(
    ("host", "known_as"),
    [
        ("App.Example", "app.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("my_container", "my_container"),
        ("bücher.example", "bücher.example"),
    ],
)
def test_host_may_be_a_name_or_an_address(host: str, known_as: str) -> None:
    assert read_app(form(host=host))["server"]["host"] == known_as


@pytest.mark.parametrize("cluster", ["eu/x", "e u", "wss://eu"])
def test_cluster_is_part_of_a_host(cluster: str) -> None:
    with pytest.raises(FormError, match="invalid_host"):
        read_app(form(cluster))
    assert read_app(form(cluster, host="app.example"))["cluster"] == cluster


async def test_blank_app_key_is_no_app_key(hass: HomeAssistant, server: DevServer) -> None:
    step = await submit(hass, await start(hass), app_form(server, app_key="  "))
    assert step["errors"] == {"base": "invalid_app_key"}


@pytest.mark.parametrize(
    ("app", "address", "title"),
    [
        (form("EU"), "eu", "key (eu)"),
        (form(" "), "mt1", "key (mt1)"),
        (form(host="app.example"), "app.example:443", "key (app.example)"),
        (form(host="app.example", use_tls=False), "app.example:80", "key (app.example)"),
        (form(host="app.example", port=6001), "app.example:6001", "key (app.example)"),
    ],
)
def test_app_is_known_by_its_cluster_or_by_its_host_and_port(
    app: dict[str, Any], address: str, title: str
) -> None:
    data = read_app(app)
    assert app_address(data) == address
    assert app_title(data) == title
