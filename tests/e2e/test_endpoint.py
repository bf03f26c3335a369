"""A web application authorizes the channels of an app: its requests, and the effects of its answers."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from tools.harness import HomeAssistant, free_port

from .apps import APP_1, APP_2
from .backends import Backend, OwnServer
from .endpoint import HEADER, PARAM, Answer, Endpoint
from .entry import AppEntry, ChannelEntry
from .guest import Guest
from .publisher import publish, send_to_user

PORT = free_port()
SIGN_IN = "sensor.token_of_the_test"


def endpoint_form(endpoint: Endpoint) -> dict[str, Any]:
    """Return the form of the endpoint, with templates as values."""
    return {
        "auth_endpoint": endpoint.url,
        "user_auth_endpoint": endpoint.user_url,
        "headers": [{"name": "Authorization", "value": f"Bearer {{{{ states('{SIGN_IN}') }}}}"}],
        "params": [{"name": "tenant", "value": "{{ 6 * 7 }}"}, {"name": "key", "value": PARAM}],
    }


@pytest.fixture(scope="module")
async def endpoint() -> AsyncGenerator[Endpoint]:
    """Run a web application."""
    async with Endpoint(PORT) as running:
        yield running


@pytest.fixture(scope="module")
async def app(hass: HomeAssistant, server: Backend, endpoint: Endpoint) -> AsyncGenerator[AppEntry]:
    """Add an app that the web application authorizes."""
    await hass.post(f"/api/states/{SIGN_IN}", {"state": HEADER})
    entry = await AppEntry.add(
        hass, server, authorization="auth_endpoint", **endpoint_form(endpoint)
    )
    yield entry
    await entry.remove()


@pytest.fixture(autouse=True)
def endpoint_authorizes_everyone(endpoint: Endpoint) -> None:
    """Have the web application authorize everything, and clear its recorded requests."""
    endpoint.answers.clear()
    endpoint.asked.clear()
    endpoint.signs_as = APP_1
    endpoint.names_members = True


@pytest.mark.parametrize("kind", ["private-", "private-cache-", "presence-", "private-encrypted-"])
async def test_channel_is_subscribed_as_the_endpoint_allows(
    app: AppEntry, server: Backend, endpoint: Endpoint, kind: str
) -> None:
    channel = await app.add_channel(f"{kind}orders")
    asked = endpoint.asked[-1]
    socket_id = (await app.state("connection_state")).attributes["socket_id"]
    its = {"socket_id": socket_id, "channel_name": channel.name}
    assert asked.form == {**its, "tenant": "42", "key": PARAM}
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Authorization"] == f"Bearer {HEADER}"
    await channel.check_receives(server)
    if kind == "presence-":
        members = await channel.state("members")
        assert members.attributes["me"] == endpoint.user_id


async def test_templates_are_rendered_for_each_request(app: AppEntry, endpoint: Endpoint) -> None:
    await app.hass.post(f"/api/states/{SIGN_IN}", {"state": f"{HEADER}-of-today"})
    await app.add_channel("private-today")
    assert endpoint.asked[-1].headers["Authorization"] == f"Bearer {HEADER}-of-today"


async def test_public_channel_is_nothing_to_ask_about(app: AppEntry, endpoint: Endpoint) -> None:
    await app.add_channel("public")
    assert endpoint.asked == []


async def test_403_on_one_channel_keeps_only_that_one_out(
    app: AppEntry, server: Backend, endpoint: Endpoint
) -> None:
    allowed = await app.add_channel("private-allowed")
    refused = await app.add_channel("private-refused")
    endpoint.refuse(refused.name, 403, "This is not yours.")
    async with app.hass.events("pusher_channels_subscription_error") as errors:
        await app.reload()
        assert await errors.take() == {
            "entry_id": app.entry_id,
            "device_id": await refused.device_id(),
            "channel": refused.name,
            "type": "AuthError",
            "error": "This is not yours",
            "status": 403,
        }
    await allowed.becomes("subscribed", "on")
    await allowed.check_receives(server)
    state = await refused.becomes("subscribed", "off")
    assert state.attributes["error"] == "This is not yours"
    await refused.becomes("event", "unavailable")
    assert await app.hass.reauth_flow(app.entry_id) is None

    steps = await app.hass.start_channel_flow(app.entry_id)
    endpoint.refuse("private-another", 403, "Nor is this.")
    await steps.submit(channel="private-another")
    assert steps.result["errors"] == {"base": "channel_refused"}
    assert steps.result["description_placeholders"] == {"error": "Nor is this"}
    await steps.abandon()
    endpoint.answers.clear()
    await app.reload()
    await refused.becomes("subscribed", "on")


@pytest.mark.parametrize("status", [401, 419])
async def test_endpoint_that_requires_another_login_is_asked_again_after_reauth(
    app: AppEntry, server: Backend, endpoint: Endpoint, status: int
) -> None:
    channel = await app.add_channel(f"private-login-{status}")
    endpoint.refuse("*", status, "Unauthenticated.")
    await app.reload()
    await channel.becomes("subscribed", "off")
    steps = await app.reauth()
    assert steps.result["step_id"] == "auth_endpoint"
    endpoint.answers.clear()
    form = endpoint_form(endpoint)
    form["headers"] = [{"name": "Authorization", "value": f"Bearer {HEADER}-{status}"}]
    await steps.submit(**form)
    assert steps.result["reason"] == "reauth_successful"
    await channel.becomes("subscribed", "on")
    assert endpoint.asked[-1].headers["Authorization"] == f"Bearer {HEADER}-{status}"
    assert await app.hass.reauth_flow(app.entry_id) is None
    await channel.check_receives(server)


async def test_signature_that_the_server_refuses_asks_for_reauth(
    app: AppEntry, endpoint: Endpoint
) -> None:
    channel = await app.add_channel("private-signed")
    endpoint.signs_as = replace(APP_1, secret="of another app")
    async with app.hass.events("pusher_channels_subscription_error") as errors:
        await app.reload()
        error = await errors.take(lambda error: error["channel"] == channel.name)
        assert (error["type"], error["status"]) == ("AuthError", 401)
    steps = await app.reauth()
    endpoint.signs_as = APP_1
    await steps.submit(**endpoint_form(endpoint))
    assert steps.result["reason"] == "reauth_successful"
    await channel.becomes("subscribed", "on")


HTML = Answer(200, b"<html>Log in</html>", "text/html")
HUGE = Answer(200, b'{"auth": "' + b"x" * 1_000_000 + b'"}')
NO_AUTH = Answer(200, b'{"status": "ok"}')
BROKEN = Answer(500, b"Whoops")
MOVED = Answer(302, b"", "text/html")


@pytest.fixture(scope="module")
async def healthy(app: AppEntry) -> ChannelEntry:
    """Add a channel that other channels' troubles must not touch."""
    return await app.add_channel("private-healthy")


@pytest.mark.parametrize("answer", [HTML, HUGE, NO_AUTH, BROKEN, MOVED])
async def test_undecided_answer_is_reported_and_affects_no_other_channel(
    app: AppEntry, server: Backend, endpoint: Endpoint, healthy: ChannelEntry, answer: Answer
) -> None:
    answer.released.set()
    endpoint.answers["private-undecided"] = answer
    steps = await app.hass.start_channel_flow(app.entry_id)
    await steps.submit(channel="private-undecided")
    assert steps.result["errors"] == {"base": "auth_endpoint_failed"}
    assert steps.result["description_placeholders"]["error"]
    await steps.abandon()
    assert await app.hass.reauth_flow(app.entry_id) is None
    await healthy.check_receives(server)


async def test_endpoint_without_an_answer_blocks_no_other_channel(
    app: AppEntry, server: Backend, endpoint: Endpoint, healthy: ChannelEntry
) -> None:
    endpoint.answers["private-slow"] = Answer()
    steps = await app.hass.start_channel_flow(app.entry_id)
    await steps.submit(channel="private-slow")
    assert steps.result["errors"] == {"base": "auth_endpoint_failed"}
    await steps.abandon()
    endpoint.answers["private-slow"].released.set()
    await healthy.check_receives(server)


async def test_shared_secret_that_is_out_of_date_is_asked_for_once_more(
    app: AppEntry, server: Backend, endpoint: Endpoint
) -> None:
    endpoint.signs_as = replace(APP_1, master_key=APP_2.master_key)
    channel = await app.add_channel("private-encrypted-rotated")
    async with (
        app.hass.events("pusher_channels_event") as events,
        app.hass.events("pusher_channels_decryption_failure") as failures,
    ):
        await publish(server, channel.name, "sealed", "with the wrong key still")
        failure = await failures.take()
        assert {"channel": channel.name, "event": "sealed"}.items() <= failure.items()
        assert failure["device_id"] == await channel.device_id()
        assert failure["reason"]
        endpoint.signs_as = APP_1
        for number in range(3):
            await publish(server, channel.name, "sealed", number)
        assert [(await events.take())["data"] for _ in range(3)] == [0, 1, 2]
        assert failures.waiting == []


async def test_user_of_the_web_application_signs_in(
    app: AppEntry, server: Backend, endpoint: Endpoint
) -> None:
    await app.set_options(sign_in=True)
    await app.becomes("user_event", lambda state: state.state != "unavailable")
    async with app.hass.events("pusher_channels_event") as events:
        await send_to_user(server, endpoint.user_id, "hello", 1)
        assert (await events.take())["channel"] == f"#server-to-user-{endpoint.user_id}"
    asked = next(asked for asked in endpoint.asked if "channel_name" not in asked.form)
    assert asked.form.keys() == {"socket_id", "tenant", "key"}


async def test_signed_in_user_subscribes_to_a_presence_channel_without_channel_data(
    app: AppEntry, server: Backend, endpoint: Endpoint
) -> None:
    if not isinstance(server, OwnServer):
        pytest.skip("soketi refuses subscriptions without channel_data")
    endpoint.names_members = False
    channel = await app.add_channel("presence-signed-in")
    assert (await channel.state("members")).attributes["me"] == endpoint.user_id
    async with Guest(server) as guest:
        members = await guest.subscribe(channel.name)
        assert isinstance(members, dict)
        assert endpoint.user_id in str(members["members"])
