"""Pasted settings fill the form of an app and the form of its secret."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.pusher_channels.flows.app import fill_app
from tools.devserver import DevServer

from ..conftest import APP, app_entry
from ..flow_steps import choose, is_collapsed, prefilled, shown_error, start, submit


def env(server: DevServer, family: str = "PUSHER") -> str:
    return f"""
        {family}_APP_ID={APP.app_id}
        {family}_APP_KEY={APP.key}
        {family}_APP_SECRET={APP.secret}
        {family}_HOST={server.host}
        {family}_PORT={server.port}
        {family}_SCHEME=http
        {family}_APP_CLUSTER=eu
    """


async def test_pasted_settings_fill_all_forms(hass: HomeAssistant, server: DevServer) -> None:
    pasted = {"app_key": " ", "cluster": "mt1", "paste": {"settings": env(server, "REVERB")}}
    step = await submit(hass, await start(hass), pasted)
    step = await choose(hass, step, "auth_secret")
    shown = prefilled(step)
    assert (shown["secret"], shown["app_id"]) == (APP.secret, APP.app_id)
    step = await submit(hass, step, {})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    data = step["data"]
    assert (data["secret"], data["app_id"], data["cluster"]) == (APP.secret, APP.app_id, "eu")
    assert data["server"] == {
        "host": server.host,
        "port": server.port,
        "use_tls": False,
        "verify_ssl": True,
    }
    assert "paste" not in data


async def test_entered_values_win_over_pasted_ones(hass: HomeAssistant, server: DevServer) -> None:
    text = f"PUSHER_APP_KEY=other\nPUSHER_HOST=other.example\nPUSHER_PORT={server.port}"
    text += "\nPUSHER_APP_SECRET=other\nPUSHER_APP_ID=other\nPUSHER_SCHEME=http"
    pasted = {
        "app_key": APP.key,
        "server": {"host": server.host},
        "paste": {"settings": text},
    }
    step = await choose(hass, await submit(hass, await start(hass), pasted), "auth_secret")
    step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
    assert step["data"]["app_key"] == APP.key
    assert step["data"]["secret"] == APP.secret
    assert step["data"]["server"]["host"] == server.host


async def test_pasted_values_are_shown_in_their_fields_after_an_error(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.upgrade_status = 503
    pasted = {"paste": {"settings": env(server)}}
    step = await submit(hass, await start(hass), pasted)
    assert step["errors"] == {"base": "cannot_connect"}
    assert "paste" not in prefilled(step)
    assert prefilled(step)["app_key"] == APP.key
    assert APP.secret not in str(prefilled(step))
    server.faults.reset()
    step = await choose(hass, await submit(hass, step, prefilled(step)), "auth_secret")
    step = await submit(hass, step, {})
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_unusable_settings_stay_in_the_form(hass: HomeAssistant, server: DevServer) -> None:
    pasted = {"paste": {"settings": "PUSHER_APP_KEY=x\nPUSHER_PORT=many"}}
    step = await submit(hass, await start(hass), pasted)
    assert step["errors"] == {"base": "invalid_settings"}
    assert shown_error(step) == "PUSHER_PORT"
    assert prefilled(step)["paste"] == pasted["paste"]
    assert not is_collapsed(step, "paste")


async def test_pasted_settings_replace_the_unchanged_fields_of_an_app(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, app_key="old-key", secret="old", app_id="old")
    entry.add_to_hass(hass)
    step = await entry.start_reconfigure_flow(hass)
    step = await submit(hass, step, prefilled(step) | {"paste": {"settings": env(server)}})
    step = await choose(hass, step, "auth_secret")
    step = await submit(hass, step, {})
    assert step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data["app_key"] == APP.key
    assert entry.data["secret"] == APP.secret
    assert entry.data["app_id"] == APP.app_id


def test_pasted_host_leaves_the_port_and_the_path_of_another_behind() -> None:
    old = {
        "host": "old.example",
        "port": 6001,
        "path": "/ws",
        "use_tls": True,
        "origin": "http://a",
    }
    stored = {"app_key": "k", "cluster": "mt1", "server": old}
    filled = fill_app(stored, {"host": "ws.example"}, stored)
    assert filled["server"] == {"host": "ws.example", "use_tls": True, "origin": "http://a"}
    typed = stored | {"server": old | {"port": 7000}}
    filled = fill_app(typed, {"host": "ws.example", "path": "/app"}, stored)
    assert (filled["server"]["port"], filled["server"]["path"]) == (7000, "/app")
    assert fill_app(stored, {"host": "old.example"}, stored)["server"] == old


async def test_pasted_value_that_the_user_removes_stays_removed(
    hass: HomeAssistant, server: DevServer
) -> None:
    pasted = {"paste": {"settings": env(server).replace("PUSHER_PORT", "PUSHER_OTHER")}}
    server.faults.upgrade_status = 503
    step = await submit(hass, await start(hass), pasted)
    shown = prefilled(step)
    del shown["server"]["host"]
    shown["cluster"] = "no cluster"
    step = await submit(hass, step, shown)
    assert step["errors"] == {"base": "invalid_host"}
    assert "host" not in prefilled(step)["server"]


async def test_pasted_port_is_not_used_without_a_host(
    hass: HomeAssistant, server: DevServer
) -> None:
    settings = "PUSHER_APP_KEY=key\nPUSHER_APP_CLUSTER=eu\nPUSHER_PORT=443\nPUSHER_SCHEME=http"
    entered = {"server": {"host": " ", "path": "a?"}, "paste": {"settings": settings}}
    step = await submit(hass, await start(hass), entered)
    assert step["errors"] == {"base": "invalid_host"}
    shown = prefilled(step)
    assert (shown["app_key"], shown["cluster"]) == ("key", "eu")
    assert shown["server"] == entered["server"] | {"use_tls": True, "verify_ssl": True}
