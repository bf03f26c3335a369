"""A newcomer with an .env file gets from the app key to an automation that fires in 15 clicks."""

from aiohttp import ClientSession
from playwright.async_api import Locator

from tests.tools.devserver.peer import Peer
from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import Frontend
from tools.devserver import DevServer
from tools.harness import HomeAssistant

from .test_add import env

MAX_CLICKS = 15


class Clicks:
    """Clicks on elements of the page, and counts the clicks."""

    def __init__(self) -> None:
        self.count = 0

    async def on(self, element: Locator) -> None:
        """Click on an element."""
        self.count += 1
        await element.click()


async def test_fifteen_clicks_from_the_app_key_to_an_automation(
    frontend: Frontend, server: DevServer, apps: Apps, hass: HomeAssistant
) -> None:
    page, dialog, clicks = frontend.page, frontend.dialog, Clicks()
    async with ClientSession() as session:
        guest = await Peer.open(server, session, SHOP)
        await guest.greet()
        await guest.join("orders")

        await frontend.open("/config/integrations/dashboard")
        await clicks.on(page.get_by_role("button", name="Add integration").last)
        new = page.locator("dialog-add-integration")
        await new.get_by_role("textbox").fill("pusher")
        await clicks.on(new.get_by_text("Pusher Channels").first)
        await frontend.shows("Connect to an app")
        await clicks.on(dialog.get_by_role("button", name="Paste settings"))
        settings = dialog.get_by_role("textbox", name="Settings")
        await clicks.on(settings)
        await settings.fill(env(server))
        await clicks.on(dialog.get_by_role("button", name="Next"))
        await clicks.on(dialog.get_by_text("App secret (recommended)"))
        await frontend.shows("App secret")
        await clicks.on(dialog.get_by_role("button", name="Submit"))
        await frontend.shows("Add a channel")
        await frontend.sees("orders", dialog)
        await clicks.on(dialog.get_by_role("button", name="Submit"))
        await clicks.on(dialog.get_by_role("link", name="create an automation"))

        await clicks.on(page.get_by_role("button", name="Add trigger"))
        picker = page.locator("add-automation-element-dialog")
        await picker.get_by_role("textbox").fill("channel event")
        await clicks.on(picker.get_by_role("button", name="Channel event received").first)
        await clicks.on(page.get_by_role("button", name="Add action").first)
        await picker.get_by_role("textbox").fill("send a persistent")
        await clicks.on(picker.get_by_role("button", name="Send a persistent").first)
        message = page.locator("ha-automation-sidebar").get_by_role("textbox").first
        await message.fill("An order")
        async with hass.events("automation_triggered") as triggered:
            await clicks.on(page.get_by_role("button", name="Save").last)
            name = page.locator("ha-dialog-automation-save")
            await name.get_by_role("textbox").first.fill("Newcomer")
            await clicks.on(name.get_by_role("button", name="Save"))
            await hass.wait_state("automation.newcomer", lambda state: state.state == "on")
            await server.publish("orders", "order.shipped", {"id": 7}, app=SHOP)
            await triggered.take(lambda data: data["entity_id"] == "automation.newcomer")
    assert clicks.count <= MAX_CLICKS
