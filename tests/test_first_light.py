"""An event of a Pusher server reaches Home Assistant."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer

from .conftest import SetUp, app_entry, until


async def test_event_reaches_bus_and_entity(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    events = async_capture_events(hass, "pusher_channels_event")
    entry = app_entry(server, "orders")
    hub = await set_up(entry)

    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: events)

    assert events[0].data == {
        "entry_id": entry.entry_id,
        "device_id": events[0].data["device_id"],
        "channel": "orders",
        "event": "shipped",
        "data": {"id": 1},
        "user_id": None,
        "cached": False,
    }
    assert events[0].data["device_id"] != hub.device_id
    state = hass.states.get("event.orders")
    assert state is not None
    assert state.attributes["event"] == "shipped"
    assert state.attributes["data"] == {"id": 1}
