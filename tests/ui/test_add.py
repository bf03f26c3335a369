"""The integration and its channels are added by hand."""

from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer

TITLE = "127.0.0.1"


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
    await frontend.ends_with("presence-lobby")
    await server.wait_subscribed("presence-lobby", timeout=60)
    await frontend.open(INTEGRATION)
    await frontend.sees(TITLE)
    await frontend.sees("Presence channel")


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
    await frontend.is_told("config.error.invalid_url")
    await frontend.fill("Channel endpoint", server.auth_url)
    await frontend.add_field("X-Token", "{{ 'not closed")
    await frontend.press("Submit")
    await frontend.is_told("config.error.invalid_template")
    await frontend.dialog.get_by_role("button", name="Delete").click()
    await frontend.add_field("X-Token", "{{ 6 * 7 }}")
    await frontend.press("Submit")
    await frontend.shows("Add a channel")
    server.faults.auth_status = 500
    await frontend.fill("Channel", "private-orders")
    await frontend.press("Submit")
    await frontend.is_told("config_subentries.channel.error.auth_endpoint_failed", "500")
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
    await frontend.is_told(
        "config_subentries.channel.error.channel_refused", "The script script.sign failed"
    )
    await frontend.close()
