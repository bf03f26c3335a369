"""The authorization methods of private channels, set up for a new app."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import instance_id

from tools.devserver import DevServer, frames

from ..conftest import APP, MASTER_KEY
from ..flow_steps import (
    app_form,
    authorize,
    is_collapsed,
    prefilled,
    shown_error,
    skip_time,
    start,
    submit,
)

SECRET = {"secret": APP.secret}
APP_FIELDS = ("app_key", "cluster", "server")
USER_INFO = {"name": "Home Assistant"}
KEY = "An encryption master key is 32 bytes in Base64 (44 characters)"
USER_ID = "A user id has 1 to 128 characters and no # at the start"


async def test_methods_are_offered_with_the_recommended_one_first(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await submit(hass, await start(hass), app_form(server))
    assert step["menu_options"] == ["auth_secret", "auth_endpoint", "auth_script", "auth_none"]


async def test_public_channels_need_no_further_input(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await authorize(hass, server, "auth_none")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["data"]["authorization"] == "auth_none"


async def test_secret_is_proved_by_a_subscription(hass: HomeAssistant, server: DevServer) -> None:
    step = await authorize(hass, server, "auth_secret")
    assert step["step_id"] == "auth_secret"
    step = await submit(hass, step, SECRET)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    asked = await server.wait_received("pusher:subscribe")
    assert asked.channel == "private-home-assistant-probe"
    await server.wait_connected()
    await server.wait_disconnected(1)


async def test_user_has_defaults_that_are_never_empty(
    hass: HomeAssistant, server: DevServer
) -> None:
    user_id = f"home-assistant-{(await instance_id.async_get(hass))[:8]}"
    step = await authorize(hass, server, "auth_secret")
    assert prefilled(step) == {"advanced": {"user_id": user_id, "user_info": USER_INFO}}
    step = await submit(hass, step, SECRET | {"advanced": {"user_id": " ", "user_info": {}}})
    assert step["data"]["user_id"] == user_id
    assert step["data"]["user_info"] == USER_INFO


async def test_input_about_the_secret_is_stored_without_surrounding_space(
    hass: HomeAssistant, server: DevServer
) -> None:
    form = {
        "secret": f" {APP.secret} ",
        "app_id": f" {APP.app_id}",
        "advanced": {
            "encryption_master_key": f"{MASTER_KEY}\n",
            "user_id": "kitchen",
            "user_info": {"name": " Kitchen ", "room": ""},
        },
    }
    step = await submit(hass, await authorize(hass, server, "auth_secret"), form)
    stored = {name: it for name, it in step["data"].items() if name not in APP_FIELDS}
    assert stored == {
        "authorization": "auth_secret",
        "secret": APP.secret,
        "app_id": APP.app_id,
        "encryption_master_key": MASTER_KEY,
        "user_id": "kitchen",
        "user_info": {"name": " Kitchen ", "room": ""},
    }


@pytest.mark.parametrize(
    ("form", "error", "message"),
    [
        ({"secret": "wrong"}, "invalid_auth", "The connection is unauthorized."),
        ({"secret": " "}, "invalid_auth", "The secret is empty"),
        (SECRET | {"app_id": "999999"}, "invalid_app_id", "The app 999999 could not be found"),
        (SECRET | {"advanced": {"encryption_master_key": "short"}}, "invalid_master_key", KEY),
        (SECRET | {"advanced": {"encryption_master_key": "é"}}, "invalid_master_key", KEY),
        (SECRET | {"advanced": {"user_id": "#kitchen"}}, "invalid_user_id", USER_ID),
        (SECRET | {"advanced": {"user_id": "k" * 129}}, "invalid_user_id", USER_ID),
        (SECRET | {"advanced": {"user_info": "Kitchen"}}, "invalid_user_info", ""),
        (SECRET | {"advanced": {"user_info": ["Kitchen"]}}, "invalid_user_info", ""),
    ],
)
async def test_mistake_about_the_secret_is_shown_and_can_be_corrected(
    hass: HomeAssistant, server: DevServer, form: dict[str, Any], error: str, message: str
) -> None:
    step = await authorize(hass, server, "auth_secret")
    with pytest.raises(InvalidData):
        await submit(hass, step, {})
    step = await submit(hass, step, form)
    assert step["step_id"] == "auth_secret"
    assert step["errors"] == {"base": error}
    assert shown_error(step) == message
    assert step["last_step"]
    assert prefilled(step) == form
    assert is_collapsed(step, "advanced") is ("advanced" not in form)

    step = await submit(hass, step, SECRET)
    assert step["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        pytest.param(
            frames.error(
                None,
                "Invalid signature: Expected HMAC SHA256 hex digest of "
                "1.1:private-home-assistant-probe, but got 00ff",
            ),
            "Invalid signature: Expected HMAC SHA256 hex digest of "
            "1.1:private-home-assistant-probe, but got 00ff",
            id="pusher.com",
        ),
        pytest.param(frames.error(4009, "Unauthorized"), "Unauthorized", id="Reverb"),
        pytest.param(
            frames.subscription_error("private-home-assistant-probe", "No."), "No.", id="soketi"
        ),
    ],
)
async def test_refusal_of_a_secret_is_recognized_on_each_kind_of_server(
    hass: HomeAssistant, server: DevServer, refusal: str, message: str
) -> None:
    server.faults.subscribe_answers = {"*": refusal}
    step = await submit(hass, await authorize(hass, server, "auth_secret"), SECRET)
    assert step["errors"] == {"base": "invalid_auth"}
    assert shown_error(step) == message
    await server.wait_disconnected()


async def test_lost_server_is_not_a_wrong_secret(
    hass: HomeAssistant, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = await authorize(hass, server, "auth_secret")
    server.faults.upgrade_status = 503
    step = await submit(hass, step, SECRET)
    assert step["errors"] == {"base": "cannot_connect"}

    server.faults.reset()
    server.faults.unanswered_channels = {"*"}
    skip = skip_time(monkeypatch)
    waiting = hass.async_create_task(submit(hass, step, SECRET))
    await server.wait_received("pusher:subscribe")
    skip(10)
    step = await waiting
    assert step["errors"] == {"base": "timeout_connect"}
    assert shown_error(step) == "The server did not answer within 10 seconds"
    await server.wait_disconnected()


async def test_endpoint_is_stored_without_a_request(hass: HomeAssistant, server: DevServer) -> None:
    server.faults.auth_status = 403
    form = {
        "auth_endpoint": f" {server.auth_url} ",
        "user_auth_endpoint": server.user_auth_url,
        "headers": [{"name": " Authorization ", "value": "Bearer {{ states('sensor.token') }}"}],
        "params": [{"name": "team", "value": "1"}, {"name": "empty", "value": " "}],
    }
    step = await submit(hass, await authorize(hass, server, "auth_endpoint"), form)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    stored = {name: step["data"][name] for name in form}
    assert stored == {
        "auth_endpoint": server.auth_url,
        "user_auth_endpoint": server.user_auth_url,
        "headers": [{"name": "Authorization", "value": "Bearer {{ states('sensor.token') }}"}],
        "params": [{"name": "team", "value": "1"}],
    }
    assert server.auth_requests == []


async def test_empty_fields_of_an_endpoint_are_not_stored(
    hass: HomeAssistant, server: DevServer
) -> None:
    form = {
        "auth_endpoint": server.auth_url,
        "user_auth_endpoint": "",
        "headers": [{"name": "Accept-Language", "value": "en"}],
        "params": [],
    }
    step = await submit(hass, await authorize(hass, server, "auth_endpoint"), form)
    assert step["data"]["headers"] == [{"name": "Accept-Language", "value": "en"}]
    assert step["data"].keys() & form.keys() == {"auth_endpoint", "headers"}


@pytest.mark.parametrize(
    ("form", "error", "message"),
    [
        ({"auth_endpoint": "ftp://app.example/auth"}, "invalid_url", ""),
        ({"auth_endpoint": "/broadcasting/auth"}, "invalid_url", ""),
        ({"auth_endpoint": "http://"}, "invalid_url", ""),
        ({"auth_endpoint": " "}, "invalid_url", ""),
        ({"user_auth_endpoint": "app.example/auth"}, "invalid_url", ""),
        ({"auth_endpoint": "http://[::1/auth"}, "invalid_url", ""),
        ({"auth_endpoint": "http://my app.example/auth"}, "invalid_url", ""),
        ({"auth_endpoint": "http://app.example:0/auth"}, "invalid_url", ""),
        ({"user_auth_endpoint": "http://:80/auth"}, "invalid_url", ""),
        ({"user_auth_endpoint": "http://app.example/\nauth"}, "invalid_url", ""),
        ({"user_auth_endpoint": "http://\u2100.example/auth"}, "invalid_url", ""),
        (
            {"headers": [{"name": "X", "value": "1\r\nY: 2"}]},
            "invalid_header",
            "X has characters that no header has",
        ),
        ({"headers": [{"name": "X", "value": "{{ now("}]}, "invalid_template", "X"),
        (
            {"headers": [{"name": "X Y", "value": "1"}]},
            "invalid_header",
            "X Y has characters that no header has",
        ),
        (
            {"headers": [{"name": "X:", "value": "1"}]},
            "invalid_header",
            "X: has characters that no header has",
        ),
        (
            {"headers": [{"name": "Content-Length", "value": "1"}]},
            "invalid_header",
            "Content-Length belongs to the connection itself",
        ),
        (
            {"headers": [{"name": "X", "value": "1"}, {"name": "x", "value": "2"}]},
            "invalid_header",
            "x is there twice",
        ),
        ({"params": [{"name": "x", "value": "{% if %}"}]}, "invalid_template", "x"),
    ],
)
async def test_mistake_about_the_endpoint_is_shown_and_can_be_corrected(
    hass: HomeAssistant, server: DevServer, form: dict[str, Any], error: str, message: str
) -> None:
    right = {"auth_endpoint": server.auth_url}
    step = await submit(hass, await authorize(hass, server, "auth_endpoint"), right | form)
    assert step["step_id"] == "auth_endpoint"
    assert step["errors"] == {"base": error}
    assert shown_error(step) == message
    assert prefilled(step) == right | form

    step = await submit(hass, step, right)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_script_is_a_script_entity(hass: HomeAssistant, server: DevServer) -> None:
    step = await authorize(hass, server, "auth_script")
    assert step["step_id"] == "auth_script"
    with pytest.raises(InvalidData):
        await submit(hass, step, {"script": "light.kitchen"})
    step = await submit(hass, step, {"script": "script.authorize"})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["data"]["authorization"] == "auth_script"
    assert step["data"]["script"] == "script.authorize"
