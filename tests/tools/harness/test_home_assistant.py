"""The driver against a real Home Assistant."""

import asyncio
from pathlib import Path

import pytest

from tools.devserver import DevServer
from tools.harness import (
    CallError,
    FlowRefusedError,
    HomeAssistant,
    NotReadyError,
    RestError,
    free_port,
    is_free,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

LAMP = "input_boolean.lamp"


def app_form(server: DevServer) -> dict[str, object]:
    place = {"host": server.host, "port": server.port, "use_tls": False}
    return {"app_key": server.app.key, "server": place}


async def test_is_ready_and_onboarded_with_the_integration(home_assistant: HomeAssistant) -> None:
    assert (await home_assistant.get("/api/config"))["state"] == "RUNNING"
    assert (await home_assistant.call("auth/current_user"))["name"] == "Demo"
    handlers = await home_assistant.get("/api/config/config_entries/flow_handlers")
    assert "pusher_channels" in handlers


async def test_has_nothing_that_asks_the_internet_and_nothing_to_repair(
    home_assistant: HomeAssistant,
) -> None:
    entries = await home_assistant.get("/api/config/config_entries/entry")
    active = {entry["domain"] for entry in entries if not entry["disabled_by"]}
    assert active <= {"analytics", "backup", "pusher_channels"}
    assert (await home_assistant.call("repairs/list_issues")) == {"issues": []}


async def test_waits_for_a_state(home_assistant: HomeAssistant) -> None:
    waiting = asyncio.create_task(home_assistant.wait_state(LAMP, lambda it: it.state == "on"))
    await home_assistant.call_service("input_boolean", "turn_on", {"entity_id": LAMP})
    assert (await waiting).attributes["editable"] is False
    assert await home_assistant.state("input_boolean.missing") is None


async def test_unexpected_state_is_named(home_assistant: HomeAssistant) -> None:
    await home_assistant.call_service("input_boolean", "turn_off", {"entity_id": LAMP})
    with pytest.raises(TimeoutError, match=f"{LAMP} did not become so within 1 s.*'off'"):
        await home_assistant.wait_state(LAMP, lambda it: it.state == "on", timeout=1)


async def test_collects_events_until_they_are_taken(home_assistant: HomeAssistant) -> None:
    async with home_assistant.events("something") as events:
        for number in (1, 2, 3):
            await home_assistant.post("/api/events/something", {"number": number})
        assert await events.take(lambda event: event["number"] == 2) == {"number": 2}
        assert await events.take() == {"number": 1}
        with pytest.raises(TimeoutError, match=r"only: \[{'number': 3}\]"):
            await events.take(lambda event: event["number"] == 1, timeout=1)
    await home_assistant.post("/api/events/something", {"number": 4})
    assert [event["number"] for event in events.waiting] == [3]


async def test_raises_what_home_assistant_refuses(home_assistant: HomeAssistant) -> None:
    with pytest.raises(RestError, match="POST /api/states/x: 400") as rest:
        await home_assistant.post("/api/states/x", {"state": "on"})
    assert rest.value.status == 400
    with pytest.raises(CallError, match="call_service: ") as call:
        await home_assistant.call_service("pusher_channels", "missing")
    assert call.value.translation_key == "service_not_found"


async def test_adds_an_app_and_a_channel(home_assistant: HomeAssistant) -> None:
    async with DevServer() as server:
        entry_id = await home_assistant.add_app(app_form(server))
        channel_id = await home_assistant.add_channel(entry_id, "orders", events=["order.*"])
        await server.wait_subscribed("orders")
        entity_id = await home_assistant.entity_id(f"{entry_id}_{channel_id}_event")

        async with home_assistant.events("pusher_channels_event") as events:
            await server.publish("orders", "order.shipped", {"id": 1})
            assert (await events.take())["data"] == {"id": 1}
        await home_assistant.wait_state(entity_id, lambda it: it.attributes["data"] == {"id": 1})
        flows = await home_assistant.call("config_entries/flow/progress")
        assert flows == []
        await home_assistant.delete(f"/api/config/config_entries/entry/{entry_id}")


async def test_unexpected_step_of_a_flow_is_named(home_assistant: HomeAssistant) -> None:
    async with DevServer() as server:
        with pytest.raises(FlowRefusedError, match="invalid_auth"):
            await home_assistant.add_app(app_form(server), "auth_secret", secret="wrong")


async def test_starts_again_after_shutdown_and_kill(home_assistant: HomeAssistant) -> None:
    events = await home_assistant.subscribe_events("something")
    await home_assistant.stop()
    assert is_free(home_assistant.port)
    with pytest.raises(ConnectionError):
        await events.take()

    await home_assistant.start()
    assert (await home_assistant.state(LAMP)) is not None
    await home_assistant.kill()
    assert is_free(home_assistant.port)
    assert home_assistant.log.count("Skipping pip installation") == 2


async def test_shows_the_last_log_lines_of_one_that_ends_early(tmp_path: Path) -> None:
    (tmp_path / "home-assistant.log.fault").mkdir()
    with pytest.raises(NotReadyError, match=r"(?s)ended before it was ready.*IsADirectoryError"):
        async with HomeAssistant(config=tmp_path, port=free_port()):
            pass
