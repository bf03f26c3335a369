"""A script authorizes the channels of an app, here through a rest_command to a web application."""

from collections.abc import AsyncGenerator

import pytest

from tools.harness import HomeAssistant, free_port

from .backends import Backend
from .endpoint import HOST, Endpoint
from .entry import AppEntry
from .log import LogWatch
from .publisher import publish, send_to_user

type Step = dict[str, object]

PORT = free_port()
SCRIPT = "/api/config/script/config/sign"
CONFIGURATION = f"""
rest_command:
  authorize:
    url: "http://{HOST}:{PORT}/broadcasting/{{{{ path }}}}"
    method: post
    payload: "{{{{ form }}}}"
    content_type: application/x-www-form-urlencoded
"""
# A socket id that stands alone in a template would become a number, and lose digits.
ANSWERS: list[Step] = [
    {
        "action": "rest_command.authorize",
        "data": {
            "path": "{{ 'auth' if channel_name is defined else 'user-auth' }}",
            "form": "socket_id={{ socket_id }}&channel_name={{ channel_name | default }}",
        },
        "response_variable": "answer",
    },
    {"variables": {"authorization": "{{ answer.content }}"}},
    {"stop": "That is the answer.", "response_variable": "authorization"},
]
FAILS: list[Step] = [{"stop": "No.", "error": True}]


async def write_script(hass: HomeAssistant, sequence: list[Step]) -> None:
    """Write the script as the script editor does, and wait until Home Assistant has loaded it."""
    async with hass.events("state_changed") as changes:
        await hass.post(SCRIPT, {"alias": "Sign", "sequence": sequence})
        await changes.take(lambda data: data["entity_id"] == "script.sign" and data["new_state"])


@pytest.fixture(scope="module")
async def endpoint() -> AsyncGenerator[Endpoint]:
    """Run a web application."""
    async with Endpoint(PORT) as running:
        yield running


@pytest.fixture(scope="module")
async def app(hass: HomeAssistant, server: Backend, endpoint: Endpoint) -> AsyncGenerator[AppEntry]:
    """Add an app that the script authorizes."""
    await write_script(hass, ANSWERS)
    entry = await AppEntry.add(hass, server, authorization="auth_script", script="script.sign")
    yield entry
    await entry.remove()
    await hass.delete(SCRIPT)


@pytest.mark.parametrize("kind", ["private-", "presence-", "private-encrypted-"])
async def test_channel_is_subscribed_as_the_script_answers(
    app: AppEntry, server: Backend, endpoint: Endpoint, kind: str
) -> None:
    channel = await app.add_channel(f"{kind}orders")
    socket_id = (await app.state("connection_state")).attributes["socket_id"]
    its = {"socket_id": socket_id, "channel_name": channel.name}
    assert endpoint.asked[-1].form == its
    async with app.hass.events("pusher_channels_event") as events:
        await publish(server, channel.name, "hello", {"n": 1})
        assert (await events.take())["data"] == {"n": 1}
    if kind == "presence-":
        members = await channel.state("members")
        assert members.attributes["me"] == endpoint.user_id


async def test_user_signs_in_as_the_script_answers(
    app: AppEntry, server: Backend, endpoint: Endpoint
) -> None:
    await app.set_options(sign_in=True)
    await app.becomes("user_event", lambda state: state.state != "unavailable")
    async with app.hass.events("pusher_channels_event") as events:
        await send_to_user(server, endpoint.user_id, "hello", 1)
        assert (await events.take())["event"] == "hello"
    await app.set_options(sign_in=False)


async def test_script_that_runs_once_at_a_time_answers_for_all_channels(
    app: AppEntry,
) -> None:
    channels = [await app.add_channel(f"private-{number}") for number in range(10)]
    async with app.hass.events("pusher_channels_subscription_error") as errors:
        await app.reload()
        for channel in channels:
            await channel.becomes("subscribed", "on")
        assert errors.waiting == []


async def test_answer_without_auth_is_reported(app: AppEntry, endpoint: Endpoint) -> None:
    endpoint.refuse("private-refused", 403, "Not yours.")
    steps = await app.hass.start_channel_flow(app.entry_id)
    await steps.submit(channel="private-refused")
    assert steps.result["errors"] == {"base": "auth_endpoint_failed"}
    assert steps.result["description_placeholders"] == {"error": "The answer has no auth"}
    await steps.abandon()


async def test_script_that_fails_asks_for_reauth(app: AppEntry, log_watch: LogWatch) -> None:
    channel = await app.add_channel("private-fails")
    await write_script(app.hass, FAILS)
    await app.reload()
    await channel.becomes("subscribed", "off")
    steps = await app.reauth()
    assert steps.result["step_id"] == "auth_script"
    channel_steps = await app.hass.start_channel_flow(app.entry_id)
    await channel_steps.submit(channel="private-refused")
    assert channel_steps.result["errors"] == {"base": "channel_refused"}
    await channel_steps.abandon()
    await write_script(app.hass, ANSWERS)
    await steps.submit(script="script.sign")
    assert steps.result["reason"] == "reauth_successful"
    await channel.becomes("subscribed", "on")
    assert await app.hass.reauth_flow(app.entry_id) is None
    faults = log_watch.new_faults()
    assert all("[homeassistant.components.script.sign]" in fault for fault in faults), faults
