"""Temporary walk."""
from aiohttp import ClientSession
from tests.tools.devserver.peer import Peer
from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.devserver import DevServer

P="/tmp/fl/pics/"

async def test_walk(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    page = frontend.page
    async with ClientSession() as session:
        peer = await Peer.open(server, session, app=SHOP)
        await peer.greet()
        await peer.join("orders")
        await peer.join("presence-lobby", {"user_id": "ada", "user_info": {"name": "Ada"}})
        await frontend.open("/config/integrations/dashboard/add?domain=pusher_channels")
        await page.get_by_role("button", name="OK").click()
        await frontend.shows("Connect to an app")
        await frontend.press("Paste settings")
        await frontend.dialog.get_by_role("textbox", name="Settings").fill(
            f"REVERB_APP_ID={SHOP.app_id}\nREVERB_APP_KEY={SHOP.key}\nREVERB_APP_SECRET={SHOP.secret}\nREVERB_HOST={server.host}\nREVERB_PORT={server.port}\nREVERB_SCHEME=http\n")
        await page.screenshot(path=P+"w1.png")
        await frontend.press("Next")
        await frontend.choose("App secret (recommended)")
        await frontend.shows("App secret")
        await page.screenshot(path=P+"w2.png")
        await frontend.press("Submit")
        await frontend.shows("Add a channel")
        await page.screenshot(path=P+"w3.png")
        print(await frontend.dialog.aria_snapshot())
        await frontend.dialog.locator("ha-selector-select").first.click()
        await page.wait_for_timeout(1500)
        await page.screenshot(path=P+"w4.png")
        print(await page.locator("body").aria_snapshot())
