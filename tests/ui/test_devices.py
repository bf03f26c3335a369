"""The pages of the devices show an app and its channels; no other test uses this app."""

from tools.browser.apps import BAKERY, Apps
from tools.browser.frontend import PHONE, Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer
from tools.harness import HomeAssistant


async def device_path(hass: HomeAssistant, name: str) -> str:
    devices = await hass.call("config/device_registry/list")
    device_id = next(it["id"] for it in devices if it["name"] == name)
    return f"/config/devices/device/{device_id}"


async def test_app_device(
    frontend: Frontend, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    entry_id = await apps.add(BAKERY)
    await hass.call("config_entries/update", entry_id=entry_id, title="Bakery")
    await frontend.open(await device_path(hass, "Bakery"))
    await frontend.sees_device("Connection state", "Connected")
    await pictures.take(frontend.page, "device")
    await frontend.theme("dark")
    await pictures.take(frontend.page, "device-dark")
    await frontend.theme("light")
    await frontend.size(PHONE)
    await frontend.sees_device("Connection state", "Connected")
    await pictures.take(frontend.page, "device-phone")


async def test_event_changes_the_channel_device(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    entry_id = await apps.add(BAKERY)
    await hass.call("config_entries/update", entry_id=entry_id, title="Bakery")
    await hass.add_channel(entry_id, "presence-kitchen", events=["bread.baked"], members=["ada"])
    await server.wait_subscribed("presence-kitchen", timeout=60, app=BAKERY)
    await frontend.open(await device_path(hass, "presence-kitchen"))
    await frontend.sees_device("presence-kitchen", "Unknown")
    await frontend.sees_device("Member ada", "Away")
    await frontend.sees_device("Members", "1")
    await frontend.sees_device("Subscribed", "Yes")
    await server.publish("presence-kitchen", "bread.baked", {"loaves": 7}, app=BAKERY)
    await frontend.sees_device("presence-kitchen", "bread.baked")
    await pictures.take(frontend.page, "channel-device")
