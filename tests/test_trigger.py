"""Automations with the triggers of the integration."""

from typing import Any

import pytest
from homeassistant.const import STATE_OFF
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tools.devserver import DevServer, frames

from .actions import connected_guest
from .automations import ARRIVAL, RAN, SHOWN, automate, variables_of
from .conftest import SetUp, app_entry, until


async def test_received_event_starts_an_automation(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    runs = await automate(hass, "event_received", {"channel": "orders", "event": "order.*"})
    fired = async_capture_events(hass, "pusher_channels_event")
    entry = app_entry(server, "orders")
    await set_up(entry)

    await server.publish("orders", "order.shipped", {"id": 1})
    await server.publish("orders", "ordered", {"id": 2})
    await server.publish("orders", "order.paid", "in cash")
    await until(lambda: len(runs) == 2)

    assert variables_of(runs[0]) == ARRIVAL | {
        "entry_id": entry.entry_id,
        "device_id": fired[0].data["device_id"],
        "platform": "pusher_channels.event_received",
        "id": "mine",
        "idx": "0",
        "alias": None,
        "description": "channel orders receiving event order.shipped",
    }
    assert variables_of(runs[1])["data"] == "in cash"
    assert [event.context.parent_id for event in runs] == [
        fired[0].context.id,
        fired[2].context.id,
    ]


@pytest.mark.parametrize("stored", [[], [{"price": 7}]], ids=["nothing", "event"])
async def test_what_a_cache_channel_sends_after_a_reconnect_starts_an_automation_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, stored: list[Any]
) -> None:
    runs = await automate(hass, "event_received", {"channel": "cache-price"})
    fired = async_capture_events(hass, "pusher_channels_event")
    for data in stored:
        await server.publish("cache-price", "changed", data)
    await set_up(app_entry(server, "cache-price"))
    await until(lambda: len(runs) == 1)

    await server.close_all(4200)
    await until(lambda: len(fired) == 2)
    await server.publish("cache-price", "changed", {"price": 8})
    await server.publish("cache-price", "changed", {"price": 8})
    await until(lambda: len(fired) == 4)
    await hass.async_block_till_done()

    assert [variables_of(run)["data"] for run in runs[1:]] == [{"price": 8}, {"price": 8}]


async def test_cached_event_is_compared_with_the_latest_of_its_channel_and_app(
    hass: HomeAssistant,
) -> None:
    runs = await automate(hass, "event_received")

    async def count_runs(channel: str, data: int, entry: str = "entry-1") -> int:
        before = len(runs)
        event = {"entry_id": entry, "channel": channel, "event": "changed", "data": data}
        hass.bus.async_fire("pusher_channels_event", event | {"cached": True})
        await hass.async_block_till_done()
        return len(runs) - before

    assert await count_runs("cache-price", 1) == 1
    assert await count_runs("cache-price", 1) == 0
    assert await count_runs("cache-price", 2) == 1
    assert await count_runs("cache-price", 1) == 1
    assert await count_runs("cache-other", 1) == 1
    assert await count_runs("cache-price", 1, "entry-2") == 1
    assert await count_runs("cache-price", 1) == 0
    assert await count_runs("price", 1) == 1
    assert await count_runs("price", 1) == 1


async def test_latest_event_of_200_cache_channels_is_kept(hass: HomeAssistant) -> None:
    runs = await automate(hass, "event_received")

    def fire(number: int) -> None:
        event = {"channel": f"cache-{number}", "event": "changed", "cached": True}
        hass.bus.async_fire("pusher_channels_event", event)

    for number in (*range(200), 0, 200):
        fire(number)
    await hass.async_block_till_done()
    assert len(runs) == 201

    for number in (0, 2):
        fire(number)
    await hass.async_block_till_done()
    assert len(runs) == 201
    fire(1)
    await hass.async_block_till_done()
    assert len(runs) == 202


async def test_description_of_a_run_is_short(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    runs = await automate(hass, "event_received", {"event": "x*"})
    await set_up(app_entry(server, "orders"))

    await server.send_raw(frames.event("orders", "x" * 20_000, 1))
    await until(lambda: runs)

    assert (
        variables_of(runs[0])["description"]
        == ("channel orders receiving event " + "x" * 20_000)[:300]
    )


async def test_official_library_starts_an_automation(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    runs = await automate(hass, "event_received", {"channel": ["private-*"]})
    await set_up(app_entry(server, "private-encrypted-orders"))
    pusher = server.pusher()

    await hass.async_add_executor_job(
        pusher.trigger, "private-encrypted-orders", "order.shipped", {"id": 1}
    )
    await until(lambda: runs)

    assert variables_of(runs[0])["data"] == {"id": 1}


async def test_member_who_joins_and_leaves_starts_automations(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    triggers = [
        {"trigger": "pusher_channels.member_joined", "options": {"user_id": 42}},
        {"trigger": "pusher_channels.member_left", "options": {"channel": "presence-*"}},
    ]
    runs = async_capture_events(hass, RAN)
    show = {"event": RAN, "event_data": {"as": SHOWN + "{{ trigger | to_json }}"}}
    automation = {"triggers": triggers, "actions": [show], "mode": "queued"}
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await set_up(app_entry(server, "presence-a"))

    async with connected_guest(server) as guest, connected_guest(server) as other:
        await guest.join("presence-a", {"user_id": 42, "user_info": {"name": "Ada"}})
        await until(lambda: len(runs) == 1)
        await other.join("presence-a", {"user_id": "43"})
        await guest.leave()
        await until(lambda: len(runs) == 2)

    joined, left = (variables_of(event) for event in runs[:2])
    assert (joined["user_id"], joined["user_info"], joined["count"]) == ("42", {"name": "Ada"}, 2)
    assert joined["description"] == "member 42 joining channel presence-a"
    assert (left["user_id"], left["channel"], left["count"]) == ("42", "presence-a", 2)
    assert left["description"] == "member 42 leaving channel presence-a"


async def test_context_of_the_event_is_passed_on(hass: HomeAssistant) -> None:
    runs = await automate(hass, "event_received")
    context = Context(user_id="a-user")

    hass.bus.async_fire("pusher_channels_event", ARRIVAL, context=context)
    await hass.async_block_till_done()

    assert runs[0].context.parent_id == context.id


async def test_trigger_survives_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    await set_up(entry)
    runs = await automate(hass, "event_received", {"config_entry_id": entry.entry_id})

    async def reload_and_publish(name: str) -> None:
        count = len(runs)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await until(lambda: entry.runtime_data.client.channels["orders"].is_subscribed)
        await server.publish("orders", name, "")
        await until(lambda: len(runs) > count)

    await reload_and_publish("first")
    await reload_and_publish("second")

    assert [variables_of(event)["event"] for event in runs] == ["first", "second"]


async def test_automation_that_is_off_does_not_run(hass: HomeAssistant) -> None:
    runs = await automate(hass, "event_received")

    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.ours"}, blocking=True
    )
    state = hass.states.get("automation.ours")
    assert state is not None
    assert state.state == STATE_OFF
    hass.bus.async_fire("pusher_channels_event", ARRIVAL)
    await hass.async_block_till_done()

    assert not runs
    assert "pusher_channels_event" not in hass.bus.async_listeners()


async def test_trigger_can_be_subscribed_over_the_websocket_api(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    client = await hass_ws_client(hass)
    config = {"trigger": "pusher_channels.event_received", "options": {"channel": "orders"}}
    await client.send_json_auto_id({"type": "subscribe_trigger", "trigger": config})
    assert (await client.receive_json())["success"]

    await server.publish("orders", "order.shipped", {"id": 1})
    message = await client.receive_json()

    assert message["event"]["variables"]["trigger"]["data"] == {"id": 1}
