"""Adding, changing and removing apps through their flows, as a user does who makes mistakes first."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from tools.harness import CallError, HomeAssistant, free_port

from .apps import APP_1, APP_2
from .backends import Backend
from .conftest import until_connections
from .entry import AppEntry, app_form, secret_form
from .publisher import publish

UNKNOWN = replace(APP_1, key="unknown-key")
IMPOSTOR = replace(APP_1, secret="canary-a-secret-that-is-wrong")


@pytest.fixture
async def tidy(hass: HomeAssistant, server: Backend) -> AsyncGenerator[None]:
    """Remove every app at the end, and check that no connection stays."""
    yield
    for entry in await hass.call("config_entries/get", domain="pusher_channels"):
        await AppEntry(hass, entry["entry_id"]).remove()
    await until_connections(server, 0)


pytestmark = pytest.mark.usefixtures("tidy")


def at(server: Backend, **changes: object) -> dict[str, Any]:
    """Return the first form with other settings of the server."""
    form = app_form(server)
    form["server"] |= changes
    return form


def advanced_form(**fields: object) -> dict[str, Any]:
    """Return the form of the app secret with other fields in its advanced section."""
    form = secret_form()
    return form | {"advanced": form["advanced"] | fields}


async def test_each_mistake_in_the_first_form_is_reported(
    hass: HomeAssistant, server: Backend
) -> None:
    steps = await hass.start_config_flow()
    mistakes = [
        (app_form(server, UNKNOWN), "invalid_app_key"),
        (at(server, port=free_port()), "cannot_connect"),
        (at(server, host="no host"), "invalid_host"),
        (at(server, use_tls=True), "tls_failed"),
        (at(server, path="/nowhere"), "not_pusher"),
        (at(server, proxy=f"http://127.0.0.1:{free_port()}"), "proxy_needs_tls"),
        (
            at(server, use_tls=True, proxy=f"http://127.0.0.1:{free_port()}"),
            "cannot_connect",
        ),
    ]
    for form, error in mistakes:
        await steps.submit(**form)
        assert (steps.result["type"], steps.result["step_id"]) == ("form", "user"), form
        assert steps.result["errors"] == {"base": error}, form
        await until_connections(server, 0)
    await steps.submit(**app_form(server))
    assert (steps.result["type"], steps.result["step_id"]) == ("menu", "authorization")
    kinds = ["auth_secret", "auth_endpoint", "auth_script", "auth_none"]
    assert steps.result["menu_options"] == kinds
    await until_connections(server, 0)
    await steps.abandon()


async def test_silent_server_is_reported(hass: HomeAssistant, server: Backend) -> None:
    server.freeze()
    try:
        steps = await hass.start_config_flow()
        await steps.submit(**app_form(server))
        assert steps.result["errors"] == {"base": "timeout_connect"}
    finally:
        server.thaw()
    await steps.submit(**app_form(server))
    assert steps.result["step_id"] == "authorization"
    await steps.abandon()


async def test_wrong_secret_is_found_out_before_the_app_is_added(
    hass: HomeAssistant, server: Backend
) -> None:
    steps = await hass.start_config_flow()
    await steps.submit(**app_form(server))
    await steps.choose("auth_secret")
    mistakes = [
        (secret_form(IMPOSTOR), "invalid_auth"),
        (secret_form() | {"app_id": "999999"}, "invalid_app_id"),
        (advanced_form(encryption_master_key="bm90IDMyIGJ5dGVz"), "invalid_master_key"),
        (advanced_form(user_id="#1"), "invalid_user_id"),
        (advanced_form(user_info="no object"), "invalid_user_info"),
    ]
    for form, error in mistakes:
        await steps.submit(**form)
        assert steps.result["errors"] == {"base": error}, form
        shown = str(steps.result)
        assert str(form["app_id"]) in shown, "the input can be corrected"
    await steps.submit(**secret_form())
    entry = AppEntry(hass, steps.created()["result"]["entry_id"])
    await steps.close_next()
    await entry.becomes("connection_state", "connected")
    await entry.add_channel("private-orders")


async def test_mistakes_about_the_endpoint_are_reported(
    hass: HomeAssistant, server: Backend
) -> None:
    steps = await hass.start_config_flow()
    await steps.submit(**app_form(server))
    await steps.choose("auth_endpoint")
    good = "https://shop.example/broadcasting/auth"
    broken = [{"name": "Authorization", "value": "{{ broken"}]
    mistakes: list[tuple[dict[str, object], str]] = [
        ({"auth_endpoint": "shop.example/auth"}, "invalid_url"),
        ({"auth_endpoint": good, "user_auth_endpoint": "ftp"}, "invalid_url"),
        ({"auth_endpoint": good, "headers": broken}, "invalid_template"),
        ({"auth_endpoint": good, "params": broken}, "invalid_template"),
    ]
    for form, error in mistakes:
        await steps.submit(**form)
        assert steps.result["errors"] == {"base": error}, form
    await steps.submit(auth_endpoint=good)
    steps.created()
    await steps.close_next()


async def test_user_id_is_home_assistants_own_where_none_is_entered(
    hass: HomeAssistant, server: Backend
) -> None:
    entry = await AppEntry.add(hass, server, secret=APP_1.secret)
    channel = await entry.add_channel("presence-room")
    me = (await channel.state("members")).attributes["me"]
    assert me.startswith("home-assistant-")
    assert len(me) == len("home-assistant-") + 8


async def test_app_is_there_only_once(hass: HomeAssistant, server: Backend) -> None:
    await AppEntry.add(hass, server)
    steps = await hass.start_config_flow()
    await steps.submit(**app_form(server))
    assert (steps.result["type"], steps.result["reason"]) == ("abort", "already_configured")


async def test_next_step_after_an_app_is_its_first_channel(
    hass: HomeAssistant, server: Backend
) -> None:
    steps = await hass.start_config_flow()
    await steps.submit(**app_form(server))
    await steps.choose("auth_none")
    created = steps.created()
    kind, flow_id = created["next_flow"]
    assert kind == "config_subentries_flow"
    path = f"/api/config/config_entries/subentries/flow/{flow_id}"
    done = await hass.post(path, {"channel": "orders"})
    assert (done["type"], done["title"]) == ("create_entry", "orders")


async def test_channel_without_authorization_is_refused(
    hass: HomeAssistant, server: Backend
) -> None:
    entry = await AppEntry.add(hass, server, APP_1, "auth_none")
    await entry.add_channel("orders")
    for name in ("private-orders", "presence-orders", "private-encrypted-orders"):
        steps = await hass.start_channel_flow(entry.entry_id)
        await steps.submit(channel=name)
        assert steps.result["errors"] == {"base": "channel_refused"}
        assert steps.result["description_placeholders"]["error"]
        await steps.abandon()


async def test_two_apps_live_side_by_side(hass: HomeAssistant, server: Backend) -> None:
    first = await AppEntry.add(hass, server, APP_1)
    second = await AppEntry.add(hass, server, APP_2)
    channels = [await entry.add_channel("private-same") for entry in (first, second)]
    devices = [await channel.device_id() for channel in channels]
    async with hass.events("pusher_channels_event") as events:
        await publish(server, "private-same", "for-first", 1, APP_1)
        received = await events.take()
        assert (received["entry_id"], received["device_id"]) == (first.entry_id, devices[0])
        await publish(server, "private-same", "for-second", 2, APP_2)
        received = await events.take()
        assert (received["entry_id"], received["device_id"]) == (second.entry_id, devices[1])

        await second.act("trigger", channel="private-same", event="by-second", data=1)
        assert (await events.take())["entry_id"] == second.entry_id
        nameless = {"channel": "private-same", "event": "by-nobody"}
        with pytest.raises(CallError) as refused:
            await hass.call_service("pusher_channels", "trigger", nameless)
        assert refused.value.code == "service_validation_error"

        await first.remove()
        await until_connections(server, 1)
        await hass.call_service("pusher_channels", "trigger", nameless)
        received = await events.take()
        assert (received["event"], received["entry_id"]) == ("by-nobody", second.entry_id)


async def test_secret_that_no_longer_fits_is_renewed_by_reauth(
    hass: HomeAssistant, server: Backend
) -> None:
    entry = await AppEntry.add(hass, server)
    private = await entry.add_channel("private-orders")
    public = await entry.add_channel("orders")
    changed = replace(APP_1, secret="canary-a-secret-of-another-day")
    try:
        await server.restart([changed, APP_2])
        await private.becomes("subscribed", "off")
        steps = await entry.reauth()
        assert steps.result["step_id"] == "auth_secret"
        assert APP_1.secret not in str(steps.result)
        await public.becomes("subscribed", "on")
        await publish(server, public.name, "meanwhile", 1, changed)
        await public.becomes("event", lambda state: state.attributes.get("event") == "meanwhile")

        await steps.submit(secret=APP_1.secret)
        assert steps.result["errors"] == {"base": "invalid_auth"}
        await steps.submit(secret=changed.secret, app_id=APP_1.app_id)
        assert steps.result["reason"] == "reauth_successful"
        await private.becomes("subscribed", "on")
        await publish(server, private.name, "again", 1, changed)
        await private.becomes("event", lambda state: state.attributes.get("event") == "again")
        assert await hass.reauth_flow(entry.entry_id) is None
    finally:
        await server.restart([APP_1, APP_2])


async def test_app_is_reconfigured_and_keeps_its_channels(
    hass: HomeAssistant, server: Backend
) -> None:
    entry = await AppEntry.add(hass, server, APP_1, "auth_none")
    channel = await entry.add_channel("orders")
    entity_id = await channel.entity_id("event")

    steps = await hass.start_reconfigure_flow(entry.entry_id)
    assert steps.result["step_id"] == "reconfigure"
    await steps.submit(**at(server, port=free_port()))
    assert steps.result["errors"] == {"base": "cannot_connect"}
    await steps.submit(**app_form(server, APP_2))
    await steps.choose("auth_secret")
    await steps.submit(**secret_form(APP_1))
    assert steps.result["errors"] == {"base": "invalid_auth"}
    await steps.submit(**secret_form(APP_2))
    assert steps.result["reason"] == "reconfigure_successful"

    await channel.becomes("subscribed", "on")
    async with hass.events("pusher_channels_event") as events:
        await publish(server, channel.name, "for-the-other-app", 1, APP_2)
        assert (await events.take())["event"] == "for-the-other-app"
    assert await channel.entity_id("event") == entity_id
    await entry.add_channel("private-orders")
    await until_connections(server, 1)


async def test_reconfigured_app_may_not_become_another_that_is_there(
    hass: HomeAssistant, server: Backend
) -> None:
    await AppEntry.add(hass, server, APP_1, "auth_none")
    second = await AppEntry.add(hass, server, APP_2, "auth_none")
    steps = await hass.start_reconfigure_flow(second.entry_id)
    await steps.submit(**app_form(server, APP_1))
    assert (steps.result["type"], steps.result["reason"]) == ("abort", "already_configured")


async def test_removed_app_leaves_nothing(hass: HomeAssistant, server: Backend) -> None:
    entry = await AppEntry.add(hass, server)
    channel = await entry.add_channel("presence-room", members=["ada"])
    entities = [await channel.entity_id(key) for key in ("event", "members", "member_ada")]
    entities.append(await entry.entity_id("connection_state"))
    await entry.remove()
    await until_connections(server, 0)
    assert [await hass.state(entity_id) for entity_id in entities] == [None] * 4
    devices = await hass.call("config/device_registry/list")
    assert not [it for it in devices if entry.entry_id in str(it["identifiers"])]


async def test_options_are_kept_within_bounds(hass: HomeAssistant, server: Backend) -> None:
    entry = await AppEntry.add(hass, server)
    await entry.set_options(activity_timeout=5, pong_timeout=1, max_reconnect_gap=1)
    steps = await hass.start_options_flow(entry.entry_id)
    suggested = {
        field["name"]: field["description"]["suggested_value"]
        for field in steps.result["data_schema"]
        if field.get("description")
    }
    assert suggested["activity_timeout"] == 5
    assert suggested["max_reconnect_attempts"] == 0
    await steps.submit(sign_in=True, watchlist=[f"user-{number}" for number in range(101)])
    assert steps.result["errors"] == {"base": "watchlist_too_long"}
    await steps.abandon()
    await until_connections(server, 1)
