"""The options of the triggers: which events start an automation, and what the editor takes and shows."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tools.devserver import DevServer

from .actions import ENGLISH
from .automations import ARRIVAL, automate, variables_of
from .conftest import SetUp, app_entry

MEMBER = {"channel": "presence-a", "user_id": "42", "user_info": {"name": "Ada"}, "count": 2}


@pytest.mark.parametrize(
    ("options", "fires"),
    [
        (None, True),
        ({}, True),
        ({"channel": []}, True),
        ({"channel": ""}, True),
        ({"channel": [" "], "event": [""], "config_entry_id": ""}, True),
        ({"channel": ["", "news"]}, False),
        ({"channel": "orders"}, True),
        ({"channel": "Orders"}, False),
        ({"channel": "order"}, False),
        ({"channel": "rders"}, False),
        ({"event": "rder.*"}, False),
        ({"event": "order.?hip"}, False),
        ({"channel": "news"}, False),
        ({"channel": ["news", "orders"]}, True),
        ({"channel": ["news", "ord*"]}, True),
        ({"event": "order.shipped"}, True),
        ({"event": "order.*"}, True),
        ({"event": "order?shipped"}, True),
        ({"event": "order.[rs]*"}, True),
        ({"event": "*.Shipped"}, False),
        ({"event": ["*.paid", "*.cancelled"]}, False),
        ({"channel": "orders", "event": "*.paid"}, False),
        ({"channel": "news", "event": "order.*"}, False),
        ({"config_entry_id": "entry-1"}, True),
        ({"config_entry_id": ["entry-2", "entry-1"]}, True),
        ({"config_entry_id": "entry-2"}, False),
        ({"config_entry_id": "entry-1", "channel": "orders", "event": "order.*"}, True),
    ],
)
async def test_options_filter_events(
    hass: HomeAssistant, options: dict[str, Any] | None, fires: bool
) -> None:
    runs = await automate(hass, "event_received", options)

    hass.bus.async_fire("pusher_channels_event", {"entry_id": "entry-1", **ARRIVAL})
    await hass.async_block_till_done()

    assert len(runs) == fires


@pytest.mark.parametrize("trigger", ["member_joined", "member_left"])
@pytest.mark.parametrize(
    ("options", "fires"),
    [
        (None, True),
        ({"user_id": 42}, True),
        ({"user_id": "4*"}, True),
        ({"user_id": ["1", "42"], "channel": "presence-a"}, True),
        ({"user_id": "4"}, False),
        ({"channel": "presence-b"}, False),
        ({"config_entry_id": "entry-2"}, False),
    ],
)
async def test_options_filter_members(
    hass: HomeAssistant, trigger: str, options: dict[str, Any] | None, fires: bool
) -> None:
    runs = await automate(hass, trigger, options)

    hass.bus.async_fire("pusher_channels_member_added", {"entry_id": "entry-1", **MEMBER})
    hass.bus.async_fire("pusher_channels_member_removed", {"entry_id": "entry-1", **MEMBER})
    await hass.async_block_till_done()

    assert len(runs) == fires


async def test_names_with_special_characters_match_literally(hass: HomeAssistant) -> None:
    names = [r"App\Events\OrderShipped", "item[1]", "what?"]
    runs = await automate(hass, "event_received", {"event": names})

    for name in (*names, "AppEventsOrderShipped", "item1", "what"):
        hass.bus.async_fire("pusher_channels_event", ARRIVAL | {"event": name})
    await hass.async_block_till_done()

    assert [variables_of(event)["event"] for event in runs] == [*names, "item1"]


async def test_bus_event_without_fields_is_ignored(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    runs = await automate(hass, "event_received", {"channel": "orders"})

    hass.bus.async_fire("pusher_channels_event", {})
    hass.bus.async_fire("pusher_channels_event", {"channel": 5})
    await hass.async_block_till_done()

    assert not runs
    assert "ERROR" not in caplog.text


@pytest.mark.parametrize(
    ("trigger", "options", "is_valid"),
    [
        ("event_received", {"channel": "orders", "event": ["a", "b"]}, True),
        ("event_received", {"user_id": "42"}, False),
        ("event_received", {"channel": {"name": "orders"}}, False),
        ("member_joined", {"user_id": "42"}, True),
        ("member_joined", {"event": "order.*"}, False),
        ("member_left", {"user_id": [42, "43"]}, True),
        ("events_missed", {"channel": "orders"}, True),
        ("events_missed", {"event": "x"}, False),
        ("subscription_failed", {"channel": "orders"}, True),
        ("decryption_failed", {"channel": "orders"}, True),
        ("unknown", {}, False),
    ],
)
async def test_editor_validates_the_options(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    socket_enabled: None,
    trigger: str,
    options: dict[str, Any],
    is_valid: bool,
) -> None:
    client = await hass_ws_client(hass)

    config = {"trigger": f"pusher_channels.{trigger}", "options": options}
    await client.send_json_auto_id({"type": "validate_config", "triggers": [config]})
    answer = await client.receive_json()

    assert answer["result"]["triggers"]["valid"] is is_valid


async def test_editor_gets_a_description_of_each_trigger(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    assert await async_setup_component(hass, "automation", {})
    client = await hass_ws_client(hass)

    await client.send_json_auto_id({"type": "trigger_platforms/subscribe"})
    assert (await client.receive_json())["success"]
    described: dict[str, dict[str, Any]] = (await client.receive_json())["event"]

    ours = {
        key.removeprefix("pusher_channels."): set(description["fields"])
        for key, description in described.items()
        if key.startswith("pusher_channels.")
    }
    assert ours == {
        "event_received": {"config_entry_id", "channel", "event"},
        "member_joined": {"config_entry_id", "channel", "user_id"},
        "member_left": {"config_entry_id", "channel", "user_id"},
        "events_missed": {"config_entry_id", "channel"},
        "subscription_failed": {"config_entry_id", "channel"},
        "decryption_failed": {"config_entry_id", "channel"},
    }
    for key in ours:
        target = described[f"pusher_channels.{key}"]["target"]
        assert target == {"entity": [{"integration": "pusher_channels"}]}
    assert {key: set(text["fields"]) for key, text in ENGLISH["triggers"].items()} == ours


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"options": {"channel": "{{ x }}"}},
            (
                "Templates cannot be used here, because a trigger reads its configuration only once. "
                "Use a name or a pattern such as orders-*, and check the rest in a template condition"
            ),
        ),
        (
            {"options": {"event": ["order.*", "{% if x %}a{% endif %}"]}},
            "Templates cannot be used here",
        ),
        ({"options": {"config_entry_id": "{# x #}"}}, "Templates cannot be used here"),
        ({"target": {"device_id": "{{ x }}"}}, "Templates cannot be used here"),
        ({"target": {"label_id": ["a", "{{ x }}"]}}, "at 'target.label_id[1]'"),
        ({"target": {"entity_id": "{{ x }}"}}, "Choose devices, entities, areas, floors or labels"),
        ({"target": {"entity_id": "{{ x }}"}}, "at 'target.entity_id'"),
        ({"target": "{{ x }}"}, "Templates cannot be used here"),
        ({"options": "{{ x }}"}, "Templates cannot be used here"),
        ({"options": {"event": True}}, "Put it in quotes: YAML reads on, off, yes and no"),
        ({"options": {"channel": ["a", False]}}, "at 'options.channel[1]'"),
        (
            {"options": {"event": ".order.shipped"}},
            "Leave out the leading dot: Laravel Echo's .order.shipped is the event order.shipped",
        ),
        (
            {"options": {"event": "\\App\\Paid"}},
            "Leave out the leading backslash: Laravel Echo's \\App\\Paid is the event App\\Paid",
        ),
    ],
)
async def test_option_that_can_never_match_is_refused_with_the_reason(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    socket_enabled: None,
    config: dict[str, Any],
    reason: str,
) -> None:
    client = await hass_ws_client(hass)
    config = {"trigger": "pusher_channels.event_received", **config}
    await client.send_json_auto_id({"type": "validate_config", "triggers": [config]})
    result = (await client.receive_json())["result"]["triggers"]

    assert not result["valid"]
    assert reason in result["error"]
