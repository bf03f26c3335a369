"""The integration and its channels are added by hand."""

import re

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.tools.devserver.peer import Peer
from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer

TITLE = "127.0.0.1"


def env(server: DevServer) -> str:
    """Return the settings of the shop's app as an .env file has them."""
    return f"""
        REVERB_APP_ID={SHOP.app_id}
        REVERB_APP_KEY={SHOP.key}
        REVERB_APP_SECRET={SHOP.secret}
        REVERB_HOST={server.host}
        REVERB_PORT={server.port}
        REVERB_SCHEME=http
    """


async def test_app_with_its_secret_and_first_channel(
    frontend: Frontend, server: DevServer, apps: Apps, pictures: Pictures
) -> None:
    await frontend.start_adding(server)
    await frontend.dialog.get_by_role("heading", name="Own server").scroll_into_view_if_needed()
    await pictures.take(frontend.page, "add-app")
    await frontend.press("Next")
    await frontend.shows("Private channels")
    await pictures.take(frontend.page, "authorization")
    await frontend.choose("App secret (recommended)")
    await frontend.shows("App secret")
    await frontend.fill("Secret", SHOP.secret)
    await frontend.fill("App ID", SHOP.app_id)
    await frontend.press("Submit")
    await frontend.shows("Add a channel")
    await frontend.fill("Channel", "presence-lobby")
    await frontend.add_to("Events", "order.*")
    await frontend.add_to("Members", "ada")
    await pictures.take(frontend.page, "add-channel")
    await frontend.press("Submit")
    await frontend.sees("To test it, open Send event", frontend.dialog)
    await frontend.ends_with("presence-lobby")
    await server.wait_subscribed("presence-lobby", timeout=60)
    await frontend.open(INTEGRATION)
    await frontend.sees(TITLE)
    await frontend.sees("Presence channel")


async def test_app_from_pasted_settings_with_a_listed_channel(
    frontend: Frontend, server: DevServer, apps: Apps
) -> None:
    async with ClientSession() as session:
        guest = await Peer.open(server, session, SHOP)
        await guest.greet()
        await guest.join("news")
        await guest.join("presence-lobby", {"user_id": "ada"})
        await frontend.open("/config/integrations/dashboard/add?domain=pusher_channels")
        await frontend.page.get_by_role("button", name="OK").click()
        await frontend.shows("Connect to an app")
        await frontend.press("Paste settings")
        await frontend.fill("Settings", env(server))
        await frontend.press("Next")
        await frontend.choose("App secret (recommended)")
        await frontend.shows("App secret")
        await frontend.press("Submit")
        await frontend.shows("Add a channel")
        await frontend.pick("Channel", "presence-lobby")
        await frontend.press("Submit")
        await frontend.ends_with("presence-lobby")
    await server.wait_subscribed("presence-lobby", timeout=60)


async def test_first_event_is_sent_from_the_link_of_the_last_page(
    frontend: Frontend, apps: Apps
) -> None:
    await apps.add()
    await frontend.start_adding_channel()
    await frontend.fill("Channel", "orders")
    await frontend.press("Submit")
    await frontend.dialog.get_by_role("link", name="Send event").click()
    await expect(frontend.page).to_have_url(
        re.compile(r"/config/tools/action\?service=pusher_channels\.trigger")
    )
    await expect(frontend.page.get_by_role("button", name="Perform action")).to_be_visible()


async def test_app_with_public_channels_only(
    frontend: Frontend, server: DevServer, apps: Apps
) -> None:
    await frontend.start_adding(server)
    await frontend.press("Next")
    await frontend.shows("Private channels")
    await frontend.choose("Public channels only")
    await frontend.shows("Add a channel")
    await frontend.close()
    await frontend.open(INTEGRATION)
    await frontend.sees(TITLE)


async def test_app_with_an_endpoint(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await frontend.start_adding(server)
    await frontend.press("Next")
    await frontend.shows("Private channels")
    await frontend.choose("Authorization endpoint")
    await frontend.shows("Authorization endpoint")
    await frontend.fill("Channel endpoint", "nowhere")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_url")
    await frontend.fill("Channel endpoint", server.auth_url)
    await frontend.add_field("X-Token", "{{ 'not closed")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_template")
    await frontend.dialog.get_by_role("button", name="Delete").click()
    await frontend.add_field("X-Token", "{{ 6 * 7 }}")
    await frontend.press("Submit")
    await frontend.shows("Add a channel")
    server.faults.auth_status = 500
    await frontend.fill("Channel", "private-orders")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.auth_endpoint_failed", "500")
    server.faults.reset()
    await frontend.press("Submit")
    await frontend.ends_with("private-orders")
    await server.wait_subscribed("private-orders", timeout=60)
    assert server.auth_requests[-1].headers["X-Token"] == "42"


async def test_app_with_a_script(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await frontend.start_adding(server)
    await frontend.press("Next")
    await frontend.shows("Private channels")
    await frontend.choose("Script")
    await frontend.shows("Script")
    await frontend.sees("It gets socket_id and channel_name", frontend.dialog)
    await frontend.dialog.locator("ha-entity-picker").click()
    await frontend.page.get_by_text("Sign for a channel").first.click()
    await frontend.press("Submit")
    await frontend.shows("Add a channel")
    await frontend.fill("Channel", "private-orders")
    await frontend.press("Submit")
    await frontend.shows_error(
        "config_subentries.channel.error.channel_refused", "The script script.sign failed"
    )
    await frontend.close()
