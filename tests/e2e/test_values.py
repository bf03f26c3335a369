"""Values of a real Home Assistant: added and changed by REST, restored after a restart."""

from typing import Any

from tools.harness import HomeAssistant

from .backends import Backend
from .entry import AppEntry, ChannelEntry
from .publisher import publish

TOTAL = {"platform": "sensor", "name": "Total", "value": "total"}
DOOR = {"platform": "binary_sensor", "name": "Door", "value": "door.open"}


async def test_values_are_added_restored_changed_and_removed(
    app: AppEntry, hass: HomeAssistant, server: Backend
) -> None:
    channel = await app.add_channel("orders")
    await publish(server, "orders", "created", {"total": 12.5, "door": {"open": True}, "count": 3})
    await channel.becomes("event", lambda state: state.attributes.get("event") == "created")

    steps = await channel.reconfigure()
    step = await steps.choose("add_value")
    assert offered(step) == {
        "total": "total: 12.5",
        "door.open": "door.open: true",
        "count": "count: 3",
    }
    await steps.submit(**TOTAL)
    await steps.submit(unit_of_measurement="EUR", state_class="total", device_class="monetary")
    assert steps.result["reason"] == "reconfigure_successful"
    await add(channel, DOOR, device_class="door")
    total, door = await value_ids(channel)
    await channel.becomes(f"value_{total}", "12.5")
    await channel.becomes(f"value_{door}", "on")
    await publish(server, "orders", "created", {"total": 20, "door": {"open": False}})
    await channel.becomes(f"value_{total}", "20")
    await channel.becomes(f"value_{door}", "off")

    await hass.restart()
    state = await channel.becomes(f"value_{total}", "20")
    assert state.attributes["unit_of_measurement"] == "EUR"
    await channel.becomes(f"value_{door}", "off")
    steps = await channel.reconfigure()
    assert offered(await steps.choose("add_value")) == {}
    await steps.abandon()

    await publish(server, "orders", "created", {"total": 30, "count": 4})
    await channel.becomes(f"value_{total}", "30")
    steps = await channel.reconfigure()
    await steps.choose("change_value")
    await steps.submit(value_id=total)
    await steps.submit(**TOTAL | {"value": "count"})
    await steps.submit()
    state = await channel.becomes(f"value_{total}", "4")
    assert "unit_of_measurement" not in state.attributes

    steps = await channel.reconfigure()
    await steps.choose("remove_value")
    async with hass.events("entity_registry_updated") as changes:
        await steps.submit(value_id=door)
        await changes.take(lambda change: change["action"] == "remove")
    assert await value_ids(channel) == [total]
    await channel.remove()


async def add(channel: ChannelEntry, form: dict[str, str], **details: str) -> None:
    steps = await channel.reconfigure()
    await steps.choose("add_value")
    await steps.submit(**form)
    await steps.submit(**details)
    assert steps.result["reason"] == "reconfigure_successful"


async def value_ids(channel: ChannelEntry) -> list[str]:
    """Return the ids of the channel's values, in their order."""
    steps = await channel.reconfigure()
    step = await steps.choose("change_value")
    await steps.abandon()
    (field,) = step["data_schema"]
    return [option["value"] for option in field["selector"]["select"]["options"]]


def offered(step: dict[str, Any]) -> dict[str, str]:
    """Return the paths that the form offers, with their labels."""
    field = next(field for field in step["data_schema"] if field["name"] == "value")
    return {option["value"]: option["label"] for option in field["selector"]["select"]["options"]}
