"""An app is added, reauthenticated and reconfigured."""

from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer

from ..conftest import APP, MASTER_KEY, SetUp, app_data, app_entry, until
from ..flow_steps import (
    app_form,
    authorize,
    choose,
    prefilled,
    shown_error,
    start,
    submit,
    submit_channel,
)

USER_INFO = {"name": "Home Assistant"}
ENDPOINT = {
    "authorization": "auth_endpoint",
    "headers": [{"name": "X-Team", "value": "1"}],
}


def entry_of(hass: HomeAssistant) -> Any:
    (entry,) = hass.config_entries.async_entries("pusher_channels")
    return entry


def endpoint_data(server: DevServer) -> dict[str, Any]:
    app = {name: app_data(server)[name] for name in ("app_key", "cluster", "server")}
    return app | ENDPOINT | {"auth_endpoint": server.auth_url}


async def reloaded(hass: HomeAssistant, step: ConfigFlowResult, reason: str) -> None:
    """Check how a flow ended, and wait until the changed entry is loaded."""
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == reason
    await hass.async_block_till_done()
    assert entry_of(hass).state is ConfigEntryState.LOADED


async def test_app_is_added_and_named_after_its_server(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await authorize(hass, server, "auth_none")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["title"] == server.host
    entry = entry_of(hass)
    assert entry.unique_id == f"{APP.key}@{server.host}:{server.port}"
    assert entry.state is ConfigEntryState.LOADED
    await server.wait_connected()


async def test_flow_of_the_first_channel_follows(hass: HomeAssistant, server: DevServer) -> None:
    step = await authorize(hass, server, "auth_none")
    kind, flow_id = step["next_flow"]
    assert kind == "config_subentries_flow"
    channel = await hass.config_entries.subentries.async_configure(flow_id)
    assert channel["step_id"] == "user"
    added = await submit_channel(hass, channel, "orders")
    assert added["description"] == "default"
    assert added["description_placeholders"] == {
        "channel": "orders",
        "send_event": "/config/tools/action?service=pusher_channels.trigger",
        "automation": "/config/automation/edit/new",
    }
    await server.wait_subscribed("orders")


async def test_app_that_cannot_be_set_up_is_added_without_a_channel(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await submit(hass, await start(hass), app_form(server))
    server.faults.upgrade_status = 503
    step = await choose(hass, step, "auth_none")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert "next_flow" not in step
    assert entry_of(hass).state is ConfigEntryState.SETUP_RETRY


async def test_same_app_is_not_added_twice(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    step = await submit(hass, await start(hass), app_form(server))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"


async def test_flow_for_the_same_app_ends_when_another_finishes(
    hass: HomeAssistant, server: DevServer
) -> None:
    first = await submit(hass, await start(hass), app_form(server))
    second = await submit(hass, await start(hass), app_form(server))
    await choose(hass, second, "auth_none")
    in_progress = hass.config_entries.flow.async_progress()
    assert first["flow_id"] not in [flow["flow_id"] for flow in in_progress]


async def test_app_is_not_added_once_another_entry_was_changed_into_it(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, "orders", app_key="old-key", authorization="auth_none")
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, unique_id="old-key@mt1")
    adding = await submit(hass, await start(hass), app_form(server))
    changing = await submit(hass, await entry.start_reconfigure_flow(hass), app_form(server))
    await reloaded(hass, await choose(hass, changing, "auth_none"), "reconfigure_successful")

    step = await choose(hass, adding, "auth_none")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"
    assert entry_of(hass) is entry
    assert [subentry.title for subentry in entry.subentries.values()] == ["orders"]


async def test_app_is_not_changed_into_one_that_was_added_in_between(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, app_key="old-key", authorization="auth_none")
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, unique_id="old-key@mt1")
    changing = await submit(hass, await entry.start_reconfigure_flow(hass), app_form(server))
    app_entry(server, authorization="auth_none").add_to_hass(hass)
    step = await choose(hass, changing, "auth_none")
    assert step["reason"] == "already_configured"
    assert entry.unique_id == "old-key@mt1"


async def test_reauthentication_keeps_an_address_that_was_changed_in_between(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, app_key="old-key")
    entry.add_to_hass(hass)
    step = await entry.start_reauth_flow(hass)
    hass.config_entries.async_update_entry(entry, data=app_data(server))
    step = await submit(hass, step, {"secret": APP.secret})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["app_key"] == APP.key


async def test_refused_secret_opens_the_form_that_renews_it(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, "private-orders", secret="outdated")
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await until(hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    step = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert step["step_id"] == "auth_secret"
    assert step["errors"] == {"base": "authorization_refused"}
    assert shown_error(step) == "private-orders: The connection is unauthorized."
    assert prefilled(step) == {
        "app_id": APP.app_id,
        "advanced": {"user_id": "home-assistant-12345678", "user_info": USER_INFO},
    }

    step = await submit(hass, step, {"secret": "wrong"})
    assert step["errors"] == {"base": "invalid_auth"}

    step = await submit(hass, step, prefilled(step) | {"secret": APP.secret})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["secret"] == APP.secret
    await server.wait_subscribed("private-orders")
    assert hass.config_entries.flow.async_progress() == []


async def test_blank_secrets_keep_their_stored_value_and_the_rest_is_replaced(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, user_info={"name": "Kitchen"})
    await set_up(entry)
    step = await entry.start_reauth_flow(hass)
    assert prefilled(step)["advanced"]["user_info"] == {"name": "Kitchen"}
    advanced = {"user_id": "kitchen", "encryption_master_key": ""}
    step = await submit(hass, step, {"advanced": advanced})
    await reloaded(hass, step, "reauth_successful")
    expected = app_data(server, user_id="kitchen", user_info=USER_INFO)
    del expected["app_id"]
    assert entry.data == expected


async def test_new_master_key_replaces_the_stored_one(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, encryption_master_key="eA" * 21 + "eA==")
    entry.add_to_hass(hass)
    step = await entry.start_reauth_flow(hass)
    step = await submit(hass, step, {"advanced": {"encryption_master_key": MASTER_KEY}})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["encryption_master_key"] == MASTER_KEY


async def test_app_is_reloaded_even_if_nothing_changed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, user_info=USER_INFO)
    hub = await set_up(entry)
    step = await entry.start_reauth_flow(hass)
    step = await submit(hass, step, prefilled(step))
    await reloaded(hass, step, "reauth_successful")
    assert entry.data == app_data(server, user_info=USER_INFO)
    assert entry.runtime_data is not hub


async def test_running_app_is_reloaded_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await entry.start_reauth_flow(hass)
    attempts = len(server.attempts)
    step = await submit(hass, step, {"advanced": {"user_id": "kitchen"}})
    await reloaded(hass, step, "reauth_successful")
    assert len(server.attempts) == attempts + len(("the test", "the new connection"))


async def test_app_that_is_not_running_is_set_up_after_reauthentication(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, secret="outdated")
    entry.add_to_hass(hass)
    server.faults.handshake_close = 4009
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR

    server.faults.reset()
    await until(hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    step = await hass.config_entries.flow.async_configure(flow["flow_id"])
    step = await submit(hass, step, {"secret": APP.secret})
    await reloaded(hass, step, "reauth_successful")


async def test_reauthentication_of_an_endpoint_shows_the_stored_values(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    hass.config_entries.async_update_entry(entry, data=endpoint_data(server))
    await hass.async_block_till_done()
    step = await entry.start_reauth_flow(hass)
    assert step["step_id"] == "auth_endpoint"
    assert prefilled(step) == {
        "auth_endpoint": server.auth_url,
        "headers": ENDPOINT["headers"],
    }
    step = await submit(hass, step, {"auth_endpoint": server.user_auth_url})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["auth_endpoint"] == server.user_auth_url
    assert "headers" not in entry.data


async def test_reauthentication_of_a_script_shows_the_stored_values(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, authorization="auth_script", script="script.old")
    entry.add_to_hass(hass)
    step = await entry.start_reauth_flow(hass)
    assert step["step_id"] == "auth_script"
    assert prefilled(step) == {"script": "script.old"}
    step = await submit(hass, step, {"script": "script.new"})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["script"] == "script.new"


async def test_reauthentication_of_an_app_without_authorization_shows_the_menu(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, authorization="auth_none")
    entry.add_to_hass(hass)
    step = await entry.start_reauth_flow(hass)
    assert step["step_id"] == "authorization"
    step = await choose(hass, step, "auth_secret")
    assert "app_id" not in prefilled(step)
    with pytest.raises(InvalidData):
        await submit(hass, step, {})
    step = await submit(hass, step, {"secret": APP.secret})
    await reloaded(hass, step, "reauth_successful")
    assert entry.data["authorization"] == "auth_secret"


async def test_reconfiguration_shows_the_stored_values(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-orders")
    await set_up(entry)
    step = await entry.start_reconfigure_flow(hass)
    assert (step["step_id"], step["last_step"]) == ("reconfigure", False)
    data = app_data(server)
    assert prefilled(step) == {name: data[name] for name in ("app_key", "cluster", "server")}

    step = await submit(hass, step, app_form(server, host="no host"))
    assert step["step_id"] == "reconfigure"
    assert step["errors"] == {"base": "invalid_host"}

    step = await submit(hass, step, app_form(server, path="/"))
    step = await choose(hass, step, "auth_secret")
    assert prefilled(step) == {
        "app_id": APP.app_id,
        "advanced": {"user_id": "home-assistant-12345678", "user_info": USER_INFO},
    }
    step = await submit(hass, step, prefilled(step))
    await reloaded(hass, step, "reconfigure_successful")
    expected = app_data(server, user_info=USER_INFO)
    expected["server"]["path"] = "/"
    assert entry.data == expected
    assert entry.unique_id == f"{APP.key}@{server.host}:{server.port}"
    await server.wait_subscribed("private-orders")


async def test_app_on_another_server_keeps_its_channels(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    async with DevServer(apps=[APP]) as other:
        step = await entry.start_reconfigure_flow(hass)
        step = await submit(hass, step, app_form(other))
        step = await choose(hass, step, "auth_none")
        await reloaded(hass, step, "reconfigure_successful")
        await other.wait_subscribed("orders")
        assert entry.unique_id == f"{APP.key}@{other.host}:{other.port}"
        assert "secret" not in entry.data
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("title", "later"),
    [
        ("Pusher mt1", "127.0.0.1"),
        ("Pusher mt1 (old-ke)", "127.0.0.1"),
        ("The shop", "The shop"),
    ],
)
async def test_title_follows_the_server_unless_the_user_changed_it(
    hass: HomeAssistant, server: DevServer, title: str, later: str
) -> None:
    data = app_data(server, app_key="old-key", authorization="auth_none")
    data["server"] = {"use_tls": True, "verify_ssl": True}
    entry = MockConfigEntry(
        domain="pusher_channels", title=title, unique_id="old-key@mt1", data=data
    )
    entry.add_to_hass(hass)
    step = await entry.start_reconfigure_flow(hass)
    step = await choose(hass, await submit(hass, step, app_form(server)), "auth_none")
    await reloaded(hass, step, "reconfigure_successful")
    assert entry.title == later


async def test_app_is_not_changed_into_another_entry_s_app(
    hass: HomeAssistant, server: DevServer
) -> None:
    app_entry(server).add_to_hass(hass)
    entry = MockConfigEntry(domain="pusher_channels", unique_id="key@eu", data=app_data(server))
    entry.add_to_hass(hass)
    step = await entry.start_reconfigure_flow(hass)
    step = await submit(hass, step, app_form(server))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"
    assert entry.unique_id == "key@eu"


async def test_reconfiguration_corrects_a_wrong_app_key(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(server, app_key="old-key")
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    step = await entry.start_reconfigure_flow(hass)
    step = await choose(hass, await submit(hass, step, app_form(server)), "auth_secret")
    step = await submit(hass, step, {})
    await reloaded(hass, step, "reconfigure_successful")


async def test_reauthentication_shows_its_reason(hass: HomeAssistant, server: DevServer) -> None:
    entry = app_entry(server)
    entry.add_to_hass(hass)
    entry.async_start_reauth(hass, data={"reason": "Invalid signature."})
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    step = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert step["errors"] == {"base": "authorization_refused"}
    assert shown_error(step) == "Invalid signature."
    step = await submit(hass, step, {"secret": APP.secret})
    await reloaded(hass, step, "reauth_successful")
    assert "reason" not in entry.data
