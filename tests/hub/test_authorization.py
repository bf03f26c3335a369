"""What the authorization waits for: a template's entity that has no state yet, a script's reload."""

import asyncio
from collections.abc import Callable

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.pusher_channels.client import AuthorizationError
from custom_components.pusher_channels.hub.authorization import (
    AuthorizationScript,
    RenderedFields,
)
from tools.devserver import DevServer

from ..conftest import app_entry, until
from ..home_assistant import issues_of, reauth_flows, skip

TOKEN = "Bearer {{ states('sensor.token') }}"


def fields(hass: HomeAssistant, template: str) -> RenderedFields:
    return RenderedFields(hass, [{"name": "Authorization", "value": template}])


@pytest.mark.parametrize(
    ("template", "state"),
    [
        (TOKEN, None),
        (TOKEN, "unknown"),
        (TOKEN, "unavailable"),
        ("Bearer {{ state_attr('sensor.token', 'value') }}", None),
        ("Bearer {{ states.sensor.token.state }}", None),
        ("{{ states('sensor.token') | int + 1 }}", None),
        ("{# the token #}{{ states.sensor.token.attributes.value }}", "unknown"),
        ("Bearer {{ state_attr('sensor.token', 'value') }}", "on"),
    ],
)
async def test_template_without_the_state_of_its_entity_is_retried(
    hass: HomeAssistant, template: str, state: str | None
) -> None:
    if state is not None:
        hass.states.async_set("sensor.token", state)

    with pytest.raises(AuthorizationError) as raised:
        fields(hass, template)()

    assert raised.value.retryable
    assert "Authorization" in raised.value.message


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (TOKEN, "Bearer abc"),
        ("the unknown soldier", "the unknown soldier"),
        ("None of {{ states('sensor.token') }}", "None of abc"),
        ("{{ 'a' if states('sensor.other') == 'unknown' else 'b' }}", "a"),
        ("{{ states('sensor.token') }}-{{ now().year > 2000 }}", "abc-True"),
        ("{{ 6 * 7 }}", "42"),
        ("{{ [1] }}", "[1]"),
    ],
)
async def test_template_that_has_all_it_needs_is_sent(
    hass: HomeAssistant, template: str, text: str
) -> None:
    hass.states.async_set("sensor.token", "abc")

    assert fields(hass, template)() == {"Authorization": text}


async def test_state_that_one_of_several_templates_lacks_is_known(hass: HomeAssistant) -> None:
    other = "{{ 'a' if states('sensor.other') == 'unknown' else 'b' }}"
    several = RenderedFields(
        hass, [{"name": "first", "value": other}, {"name": "second", "value": "plain"}]
    )
    assert several() == {"first": "a", "second": "plain"}
    assert several.lacks_states


async def test_template_with_a_mistake_is_not_retried(hass: HomeAssistant) -> None:
    with pytest.raises(AuthorizationError) as raised:
        fields(hass, "{{ 1 / 0 }}")()

    assert not raised.value.retryable


async def test_channel_is_subscribed_once_the_token_is_there(
    hass: HomeAssistant, server: DevServer
) -> None:
    entry = app_entry(
        server,
        "private-room",
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
        headers=[{"name": "Authorization", "value": TOKEN}],
    )
    entry.add_to_hass(hass)
    errors = async_capture_events(hass, "pusher_channels_subscription_error")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: errors)

    hass.states.async_set("sensor.token", "abc")
    await skip(hass, 60)

    await until(lambda: entry.runtime_data.channels["id-private-room"].is_subscribed)
    assert reauth_flows(hass) == []
    assert issues_of(hass) == {}


@pytest.mark.parametrize(
    "template",
    [
        "Basic {{ ('me:' ~ states('sensor.token')) | base64_encode }}",
        "Bearer {{ states('sensor.token')[:4] }}",
    ],
)
async def test_refusal_of_a_value_made_without_a_state_is_retried(
    hass: HomeAssistant, server: DevServer, template: str
) -> None:
    server.faults.auth_status = 401
    entry = app_entry(
        server,
        "private-room",
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
        headers=[{"name": "Authorization", "value": template}],
    )
    entry.add_to_hass(hass)
    errors = async_capture_events(hass, "pusher_channels_subscription_error")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: errors)
    assert errors[0].data["error"].endswith("a template uses an entity that has no state yet")

    server.faults.reset()
    hass.states.async_set("sensor.token", "abc")
    await skip(hass, 60)

    await until(lambda: entry.runtime_data.channels["id-private-room"].is_subscribed)
    assert reauth_flows(hass) == []


async def test_script_that_is_busy_is_retried(hass: HomeAssistant) -> None:
    waits = {"sequence": [{"delay": 3600}]}
    assert await async_setup_component(hass, "script", {"script": {"authorize": waits}})
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.authorize"})

    with pytest.raises(AuthorizationError) as raised:
        await AuthorizationScript(hass, "script.authorize").authorize_user("1.2")

    assert raised.value.retryable
    assert raised.value.message == "The script script.authorize failed, or it responded nothing"
    await hass.services.async_call(
        "script", "turn_off", {"entity_id": "script.authorize"}, blocking=True
    )


@pytest.fixture
async def reload_with(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, object]], None]:
    """Set up a script that never ends; return what changes it with the next reload."""
    waits = {"sequence": [{"event": "asked"}, {"delay": 3600}]}
    assert await async_setup_component(hass, "script", {"script": {"authorize": waits}})

    def reload_with(scripts: dict[str, object]) -> None:
        async def config(_: HomeAssistant) -> dict[str, object]:
            return {"script": scripts}

        monkeypatch.setattr("homeassistant.config.load_yaml_config_file", lambda *_: {})
        monkeypatch.setattr(
            "homeassistant.helpers.entity_component.conf_util.async_hass_config_yaml", config
        )

    return reload_with


@pytest.mark.parametrize(
    "scripts", [{"authorize": {"sequence": [{"stop": "", "response_variable": "answer"}]}}, {}]
)
async def test_script_that_ends_with_a_reload_is_retried(
    hass: HomeAssistant,
    reload_with: Callable[[dict[str, object]], None],
    scripts: dict[str, object],
) -> None:
    script = AuthorizationScript(hass, "script.authorize")
    asked = async_capture_events(hass, "asked")
    run = hass.async_create_task(script.authorize_user("1.2"))
    await until(lambda: asked)

    reload_with(scripts)
    await hass.services.async_call("script", "reload", blocking=True)

    with pytest.raises(AuthorizationError) as raised:
        await run
    assert raised.value.retryable


async def test_runs_of_one_script_wait_for_each_other_also_after_it_was_renamed(
    hass: HomeAssistant,
) -> None:
    answer = {"auth": "{{ socket_id }} {{ channel_name }}"}
    steps: list[dict[str, object]] = [
        {"delay": {"milliseconds": 1}},
        {"variables": {"answer": answer}},
        {"stop": "", "response_variable": "answer"},
    ]
    assert await async_setup_component(
        hass, "script", {"script": {"authorize": {"sequence": steps}}}
    )
    er.async_get(hass).async_update_entity("script.authorize", new_entity_id="script.renamed")
    await hass.async_block_till_done()
    listeners = hass.bus.async_listeners()
    scripts = [AuthorizationScript(hass, "script.renamed") for _ in range(2)]

    answers = await asyncio.gather(
        *(script.authorize_channel("1.2", f"private-{it}") for it, script in enumerate(scripts))
    )

    assert answers == [{"auth": "1.2 private-0"}, {"auth": "1.2 private-1"}]
    assert hass.bus.async_listeners() == listeners


@pytest.mark.usefixtures("reload_with")
async def test_script_that_does_not_answer_in_time_is_retried(hass: HomeAssistant) -> None:
    asked = async_capture_events(hass, "asked")
    run = hass.async_create_task(
        AuthorizationScript(hass, "script.authorize").authorize_user("1.2")
    )
    await until(lambda: asked)

    await skip(hass, 10)

    with pytest.raises(AuthorizationError) as raised:
        await run
    assert raised.value.retryable


async def test_script_that_is_not_loaded_is_retried_as_long_as_it_is_registered(
    hass: HomeAssistant, reload_with: Callable[[dict[str, object]], None]
) -> None:
    script = AuthorizationScript(hass, "script.authorize")
    reload_with({})
    await hass.services.async_call("script", "reload", blocking=True)

    with pytest.raises(AuthorizationError) as raised:
        await script.authorize_user("1.2")
    assert raised.value.retryable

    with pytest.raises(AuthorizationError) as raised:
        await AuthorizationScript(hass, "script.other").authorize_user("1.2")
    assert (raised.value.status, raised.value.retryable) == (401, False)


async def test_script_is_asked_for_a_sign_in_and_for_a_channel(
    hass: HomeAssistant, server: DevServer
) -> None:
    names = ("socket_id", "channel_name")
    fields = {name: f"got {{{{ {name} | default('none') }}}}" for name in names}
    script = {"authorize": {"sequence": [{"event": "asked", "event_data": fields}]}}
    assert await async_setup_component(hass, "script", {"script": script})
    asked = async_capture_events(hass, "asked")
    entry = app_entry(
        server,
        "private-room",
        authorization="auth_script",
        script="script.authorize",
        options={"sign_in": True},
    )
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(asked) == 2)

    socket_id = entry.runtime_data.client.socket_id
    assert sorted(event.data["channel_name"] for event in asked) == ["got none", "got private-room"]
    assert {event.data["socket_id"] for event in asked} == {f"got {socket_id}"}
