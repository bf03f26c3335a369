"""The devices' pages show what the channels do."""

from devserver import DevServer
from harness import HomeAssistant

from .apps import Apps
from .frontend import PHONE, Frontend
from .pictures import Pictures


async def device_path(hass: HomeAssistant, name: str) -> str:
    devices = await hass.call("config/device_registry/list")
    device_id = next(it["id"] for it in devices if it["name"] == name)
    return f"/config/devices/device/{device_id}"


async def test_app_device(
    frontend: Frontend, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    await apps.add()
    await frontend.open(await device_path(hass, "shop-key (127.0.0.1)"))
    await frontend.sees("Connection state")
    await frontend.sees("Connected")
    await frontend.words(frontend.page.locator("ha-config-device-page"))
    await pictures.take(frontend.page, "device")
    await frontend.theme("dark")
    await pictures.take(frontend.page, "device-dark")
    await frontend.theme("light")
    await frontend.size(PHONE)
    await frontend.sees("Connection state")
    await pictures.take(frontend.page, "device-phone")


async def test_event_changes_the_channel_device(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    entry_id = await apps.add()
    await apps.add_channel(entry_id, "presence-lobby", events=["order.shipped"], members=["ada"])
    await frontend.open(await device_path(hass, "presence-lobby"))
    await frontend.sees("Member ada")
    await frontend.sees("Unknown", frontend.page.locator("ha-device-entities-card"))
    await server.publish("presence-lobby", "order.shipped", {"id": 7})
    await frontend.sees("order.shipped", frontend.page.locator("ha-device-entities-card"))
    await frontend.words(frontend.page.locator("ha-config-device-page"))
    await pictures.take(frontend.page, "channel-device")
