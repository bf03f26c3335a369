"""The system information page counts apps and channels."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer

from .conftest import SetUp, app_entry, until


async def test_apps_and_channels_are_counted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    assert await async_setup_component(hass, "system_health", {})
    MockConfigEntry(domain="mqtt").add_to_hass(hass)
    connected = app_entry(server, "orders", "private-room")
    hub = await set_up(connected)
    broken = app_entry(server, "news", app_key="wrong-key")
    broken.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(broken.entry_id)

    assert await get_system_health_info(hass, DOMAIN) == {
        "apps": 2,
        "connected_apps": 1,
        "channels": 3,
        "subscribed_channels": 2,
    }

    await server.close_all(4003)
    await until(lambda: hub.client.last_error)

    assert await get_system_health_info(hass, DOMAIN) == {
        "apps": 2,
        "connected_apps": 0,
        "channels": 3,
        "subscribed_channels": 0,
    }


async def test_page_of_the_apps_is_linked(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await set_up(app_entry(server))
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "system_health/info"})
    assert (await client.receive_json())["success"]
    shown = (await client.receive_json())["event"]["data"][DOMAIN]
    assert shown["manage_url"] == "/config/integrations/integration/pusher_channels"
