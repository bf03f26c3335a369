"""An app is reauthenticated, reconfigured, given options, repaired and removed."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer
from tools.harness import CallError, HomeAssistant


async def test_reauthentication(
    frontend: Frontend, server: DevServer, apps: Apps, hass: HomeAssistant, pictures: Pictures
) -> None:
    entry_id = await apps.add()
    server.faults.auth_status = 401
    await frontend.from_menu("Reconfigure")
    await frontend.press("Next")
    await frontend.choose("Authorization endpoint")
    await frontend.fill("Channel endpoint", server.auth_url)
    await frontend.press("Submit")
    await frontend.ends_with("Reconfiguration was successful", "Close")
    await server.wait_connected(timeout=60)
    channel = {"channel": "private-orders", "config_entry_id": entry_id}
    with pytest.raises(CallError, match="401"):
        await hass.call_service("pusher_channels", "subscribe", channel)
    server.faults.reset()
    await frontend.answer_reauthentication()
    await frontend.shows("Authorization endpoint")
    await frontend.shows_error("config.error.authorization_refused", "private-orders")
    await pictures.take(frontend.page, "reauth")
    await frontend.press("Submit")
    await frontend.ends_with("Re-authentication was successful", "Close")


async def test_reauthentication_with_a_new_secret(
    frontend: Frontend, hass: HomeAssistant, apps: Apps
) -> None:
    async with DevServer([SHOP]) as before:
        there = Apps(hass, before)
        await there.add_channel(await there.add(), "private-orders")
    async with DevServer([replace(SHOP, secret="renewed")], port=before.port) as renewed:
        await frontend.answer_reauthentication()
        await frontend.shows("App secret")
        await frontend.fill("Secret", SHOP.secret)
        await frontend.press("Submit")
        await frontend.shows_error("config.error.invalid_auth")
        await frontend.fill("Secret", "renewed")
        await frontend.press("Submit")
        await frontend.ends_with("Re-authentication was successful", "Close")
        await renewed.wait_subscribed("private-orders", timeout=60)


async def test_reconfiguration_shows_the_server_and_keeps_the_secret(
    frontend: Frontend, server: DevServer, apps: Apps
) -> None:
    await apps.add()
    await frontend.from_menu("Reconfigure")
    await frontend.shows("Change the app")
    await expect(frontend.dialog.get_by_role("textbox", name="Host", exact=True)).to_be_visible()
    await frontend.press("Next")
    await frontend.choose("App secret (recommended)")
    await frontend.shows("App secret")
    await frontend.press("Submit")
    await frontend.ends_with("Reconfiguration was successful", "Close")


async def test_channel_is_changed(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await apps.add_channel(await apps.add(), "orders")
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Change channel").click()
    await frontend.choose("Name, events and members")
    await frontend.shows("Change the channel")
    await frontend.fill("Channel", "private-orders")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.channel_kind_changed")
    await frontend.fill("Channel", "invoices")
    await frontend.press("Submit")
    await frontend.ends_with("Reconfiguration was successful", "Close")
    await server.wait_subscribed("invoices", timeout=60)


async def test_options(frontend: Frontend, apps: Apps, pictures: Pictures) -> None:
    await apps.add()
    await frontend.configure()
    await frontend.turn("Sign in", True)
    await frontend.add_to("Watched users", "ada")
    await pictures.take(frontend.page, "options")
    await frontend.press("Submit")
    await frontend.ends_with("Options successfully saved.")


async def test_sign_in_that_no_endpoint_can_authenticate(
    frontend: Frontend, server: DevServer, apps: Apps
) -> None:
    await apps.add()
    await frontend.from_menu("Reconfigure")
    await frontend.press("Next")
    await frontend.choose("Authorization endpoint")
    await frontend.fill("Channel endpoint", server.auth_url)
    await frontend.press("Submit")
    await frontend.ends_with("Reconfiguration was successful", "Close")
    await frontend.configure()
    await frontend.turn("Sign in", True)
    await frontend.press("Submit")
    await frontend.shows_error("options.error.sign_in_needs_endpoint")
    await frontend.close()


async def test_dialogs_of_a_removed_app_end(
    frontend: Frontend, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id = await apps.add()
    await frontend.configure()
    await hass.delete(f"/api/config/config_entries/entry/{entry_id}")
    await frontend.press("Submit")
    await frontend.shows_abort("options.abort.removed")

    entry_id = await apps.add()
    await frontend.from_menu("Reconfigure")
    await frontend.shows("Change the app")
    await hass.delete(f"/api/config/config_entries/entry/{entry_id}")
    await frontend.press("Next")
    await frontend.shows_abort("config.abort.removed")


async def test_repair(
    frontend: Frontend, server: DevServer, apps: Apps, hass: HomeAssistant, pictures: Pictures
) -> None:
    await apps.add()
    server.faults.handshake_close = 4003
    await server.close_all(4003, "Disabled")
    await frontend.open("/config/repairs")
    title = "127.0.0.1: the app is disabled"
    await frontend.page.get_by_text(title).click()
    await frontend.shows("The app is disabled")
    await frontend.sees("Enable it in your server's dashboard", frontend.dialog)
    await pictures.take(frontend.page, "repair")
    await frontend.press("Submit")
    await frontend.ends_with("It is not solved yet.", "Close")
    server.faults.reset()
    await frontend.page.get_by_text(title).click()
    await frontend.press("Submit")
    await frontend.ends_with("The issue is repaired!", "Finish")
    await server.wait_connected(timeout=60)


async def test_removal(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await apps.add()
    await frontend.from_menu("Delete")
    question = frontend.page.locator("dialog-box")
    await frontend.sees("Delete 127.0.0.1?", question)
    await question.get_by_role("button", name="Delete").click()
    await server.wait_disconnected(0, timeout=60)
    await expect(frontend.page.get_by_text("127.0.0.1")).to_have_count(0)
