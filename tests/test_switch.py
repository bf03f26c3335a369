"""The switch connects and disconnects an app."""

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_UNAVAILABLE,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from tools.devserver import DevServer

from .conftest import SetUp, app_entry, until
from .home_assistant import skip, state_of

SWITCH = "switch.demo_app_connection"
STATE = "sensor.demo_app_connection_state"


async def turn(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call("switch", action, {ATTR_ENTITY_ID: SWITCH}, blocking=True)


async def test_switch_is_a_setting_of_the_app(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)

    assert state_of(hass, SWITCH).state == "on"
    registered = er.async_get(hass).async_get(SWITCH)
    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_connection"
    assert registered.entity_category is EntityCategory.CONFIG


async def test_off_disconnects_and_on_subscribes_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    await turn(hass, SERVICE_TURN_OFF)
    await server.wait_disconnected()
    assert state_of(hass, SWITCH).state == "off"
    assert state_of(hass, STATE).state == "disconnected"
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE
    await skip(hass, 600)
    assert len(server.attempts) == 1

    await turn(hass, SERVICE_TURN_ON)
    await server.wait_subscribed("orders")
    await until(lambda: state_of(hass, "event.orders").state != STATE_UNAVAILABLE)
    assert state_of(hass, SWITCH).state == "on"


async def test_switch_is_off_while_the_app_disconnects(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))

    turning_off = hass.async_create_task(turn(hass, SERVICE_TURN_OFF))
    await until(lambda: state_of(hass, STATE).state == "disconnecting")

    assert state_of(hass, SWITCH).state == "off"
    assert state_of(hass, "event.orders").state == STATE_UNAVAILABLE
    await turning_off


async def test_switch_stays_on_while_the_client_reconnects(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    server.faults.upgrade_status = 503

    await server.close_all(1001)
    await until(lambda: state_of(hass, STATE).state == "reconnecting")

    assert state_of(hass, SWITCH).state == "on"


async def test_switch_is_off_after_a_refusal_and_connects_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    await server.close_all(4003)
    await until(lambda: state_of(hass, SWITCH).state == "off")

    await turn(hass, SERVICE_TURN_ON)

    await until(lambda: state_of(hass, STATE).state == "connected")


async def test_switch_is_on_again_after_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    await turn(hass, SERVICE_TURN_OFF)

    assert await hass.config_entries.async_reload(entry.entry_id)

    assert state_of(hass, SWITCH).state == "on"
    assert state_of(hass, STATE).state == "connected"
