"""A channel that cannot be subscribed is refused with the reason."""

from collections.abc import Callable
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer, Faults, frames
from tools.devserver.official import Official

from ..conftest import APP, SetUp, app_entry
from ..flow_steps import (
    add_channel,
    skip_time,
    submit_channel,
)


def endpoint_entry(server: DevServer, **changes: Any) -> MockConfigEntry:
    return app_entry(
        server, authorization="auth_endpoint", auth_endpoint=server.auth_url, **changes
    )


async def script_entry(
    hass: HomeAssistant, server: DevServer, *sequence: dict[str, Any]
) -> MockConfigEntry:
    script = {"authorize": {"sequence": list(sequence)}}
    assert await async_setup_component(hass, "script", {"script": script})
    return app_entry(server, authorization="auth_script", script="script.authorize")


def respond(answer: object) -> tuple[dict[str, Any], ...]:
    return (
        {"variables": {"answer": answer}},
        {"stop": "Done", "response_variable": "answer"},
    )


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"secret": "outdated"}, "private-orders", "The connection is unauthorized."),
        (
            {"authorization": "auth_none"},
            "private-orders",
            (
                "Home Assistant has no authorization for private channels. Use Reconfigure of the"
                " app, and choose App secret, Authorization endpoint or Script"
            ),
        ),
    ],
)
async def test_refusal_is_shown_with_its_reason_and_can_be_corrected(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    changes: dict[str, Any],
    name: str,
    message: str,
) -> None:
    entry = app_entry(server, **changes)
    await set_up(entry)
    step = await add_channel(hass, entry, name)
    assert step["step_id"] == "user"
    assert step["errors"] == {"base": "channel_refused"}
    assert step["description_placeholders"] == {"error": message}
    await server.wait_disconnected(1)

    step = await submit_channel(hass, step, "orders")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_encrypted_channel_without_a_key_names_the_field_to_enter_it_in(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    data = dict(entry.data)
    del data["encryption_master_key"]
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.async_block_till_done()
    step = await add_channel(hass, entry, "private-encrypted-orders")
    assert step["errors"] == {"base": "channel_refused"}
    assert step["description_placeholders"] == {
        "error": "An encrypted channel needs the encryption master key. Use Reconfigure of the app,"
        " choose App secret, and enter it in the field Encryption master key under Advanced"
    }


async def test_limit_of_the_server_is_shown_with_its_message(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = endpoint_entry(server)
    await set_up(entry)
    server.faults.subscribe_answers["presence-orders"] = frames.subscription_error(
        "presence-orders", "Too many members", 4100, "LimitReached"
    )
    step = await add_channel(hass, entry, "presence-orders")
    assert step["errors"] == {"base": "channel_refused"}
    assert step["description_placeholders"] == {"error": "Too many members"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 419, 499])
async def test_refusal_of_the_endpoint(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, status: int
) -> None:
    entry = endpoint_entry(server)
    await set_up(entry)
    server.auth.forbidden_channels.add("private-orders")
    server.auth.unauthorized_status = status
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": "channel_refused"}
    assert step["description_placeholders"] == {"error": "Forbidden"}

    step = await submit_channel(hass, step, "private-news")
    assert step["type"] is FlowResultType.CREATE_ENTRY


def answers(**faults: Any) -> Callable[[Faults], None]:
    def set_faults(of_server: Faults) -> None:
        for name, value in faults.items():
            setattr(of_server, name, value)

    return set_faults


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (answers(auth_status=429), "The endpoint answered 429"),
        (answers(auth_status=500), "The endpoint answered 500"),
        (answers(auth_status=599), "The endpoint answered 599"),
        (answers(auth_status=503, auth_body='{"message": "Down"}'), "Down"),
        (answers(auth_body="<html>"), "The endpoint's answer is not JSON"),
        (answers(auth_body="[]"), "The answer is not an object"),
        (answers(auth_omit={"auth"}), "The answer has no auth"),
        (answers(auth_omit={"shared_secret"}), "The answer has no shared_secret"),
        (
            answers(auth_body=b"x" * 70_000),
            "The endpoint's answer has more than 65536 bytes",
        ),
        (
            answers(auth_redirect="/login"),
            "The endpoint answered with a redirect (302), which is not followed",
        ),
    ],
)
async def test_invalid_answer_of_the_endpoint_is_not_a_refusal(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    break_it: Callable[[Faults], None],
    message: str,
) -> None:
    entry = endpoint_entry(server)
    await set_up(entry)
    break_it(server.faults)
    step = await add_channel(hass, entry, "private-encrypted-orders")
    assert step["errors"] == {"base": "auth_endpoint_failed"}
    assert step["description_placeholders"] == {"error": message}
    await server.wait_disconnected(1)

    server.faults.reset()
    step = await submit_channel(hass, step, "private-encrypted-orders")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_unreachable_endpoint(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, unused_tcp_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}/auth"
    entry = app_entry(server, authorization="auth_endpoint", auth_endpoint=nowhere)
    await set_up(entry)
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": "auth_endpoint_failed"}
    await server.wait_disconnected(1)


async def test_failing_header_template_is_shown_by_the_name_of_its_header(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    headers = [{"name": "Authorization", "value": "{{ states.no.such.thing.at.all }}"}]
    entry = endpoint_entry(server, headers=headers)
    await set_up(entry)
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": "auth_endpoint_failed"}
    assert step["description_placeholders"] == {
        "error": "The template of Authorization could not be rendered"
    }


async def test_invalid_signature_is_a_refusal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = endpoint_entry(server)
    await set_up(entry)
    server.faults.wrong_signatures = 1
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": "channel_refused"}


async def test_script_authorizes(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    async def sign(call: ServiceCall) -> ServiceResponse:
        name, socket_id = call.data["channel_name"], call.data["socket_id"]
        return dict(Official(APP).authenticate(name, socket_id, None))

    hass.services.async_register("test", "sign", sign, supports_response=SupportsResponse.ONLY)
    asked = "{{ {'channel_name': channel_name, 'socket_id': socket_id} }}"
    entry = await script_entry(
        hass,
        server,
        {"action": "test.sign", "data": asked, "response_variable": "answer"},
        {"stop": "Signed", "response_variable": "answer"},
    )
    await set_up(entry)
    step = await add_channel(hass, entry, "private-encrypted-orders")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await server.wait_disconnected(1)
    await server.wait_subscribed("private-encrypted-orders")


@pytest.mark.parametrize(
    ("sequence", "error", "message"),
    [
        (
            respond({"channel_data": "{}"}),
            "auth_endpoint_failed",
            "The answer has no auth",
        ),
        (
            ({"action": "notify.missing"},),
            "channel_refused",
            "The script script.authorize failed (ServiceNotFound)",
        ),
    ],
)
async def test_invalid_response_of_a_script_is_not_a_refusal(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    sequence: tuple[dict[str, Any], ...],
    error: str,
    message: str,
) -> None:
    entry = await script_entry(hass, server, *sequence)
    await set_up(entry)
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": error}
    assert step["description_placeholders"] == {"error": message}


async def test_script_has_ten_seconds(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await script_entry(hass, server, {"event": "asked"}, {"delay": 3600})
    await set_up(entry)
    skip = skip_time(monkeypatch)
    hass.bus.async_listen("asked", lambda _: skip(10))
    step = await add_channel(hass, entry, "private-orders")
    assert step["errors"] == {"base": "auth_endpoint_failed"}
    assert step["description_placeholders"] == {
        "error": "The script script.authorize did not answer in time"
    }


async def test_presence_channel_can_use_the_signed_in_user(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    server.auth.member = None
    entry = endpoint_entry(server, user_auth_endpoint=server.user_auth_url)
    await set_up(entry)
    step = await add_channel(hass, entry, "presence-orders")
    assert step["errors"] == {"base": "auth_endpoint_failed"}
    assert step["description_placeholders"] == {
        "error": "A presence channel needs channel_data, or a signed-in user"
    }

    hass.config_entries.async_update_entry(entry, options={"sign_in": True})
    await hass.async_block_till_done()
    step = await submit_channel(hass, step, "presence-orders")
    assert step["type"] is FlowResultType.CREATE_ENTRY
