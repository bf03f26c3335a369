"""Each error of a form is shown with what to do about it."""

from tools.browser.apps import CLOSED, FULL, SHOP, STRICT, Apps
from tools.browser.frontend import Frontend
from tools.devserver import DevServer, frames
from tools.harness import HomeAssistant, free_port


async def test_server_cannot_be_used(
    frontend: Frontend, server: DevServer, unknown_server: DevServer, apps: Apps
) -> None:
    await frontend.start_adding(server)
    await frontend.fill("Port", str(free_port()))
    await frontend.press("Next")
    await frontend.shows_error("config.error.cannot_connect")
    async with frontend.with_error("config.error.unknown"):
        await frontend.press("Next")
        await frontend.shows_error("config.error.unknown")
    await frontend.fill("Host", "no host")
    await frontend.press("Next")
    await frontend.shows_error("config.error.invalid_host")
    await frontend.fill("Host", server.host)
    await frontend.fill("Port", str(unknown_server.port))
    await frontend.turn("Use TLS", True)
    await frontend.press("Next")
    await frontend.shows_error("config.error.certificate_invalid")
    await frontend.fill("Port", str(server.port))
    await frontend.press("Next")
    await frontend.shows_error("config.error.tls_failed")
    await frontend.turn("Use TLS", False)
    await frontend.fill("Proxy", "http://127.0.0.1:3128")
    await frontend.press("Next")
    await frontend.shows_error("config.error.proxy_needs_tls")
    await frontend.fill("Proxy", "")
    server.faults.upgrade_status = 404
    await frontend.press("Next")
    await frontend.shows_error("config.error.not_pusher", "404")
    server.faults.reset()
    server.faults.handshake_close = 4000
    await frontend.press("Next")
    await frontend.shows_error("config.error.tls_required")
    server.faults.reset()
    server.faults.handshake_silent = True
    await frontend.press("Next")
    await frontend.shows_error("config.error.timeout_connect")
    await frontend.add_field("Upgrade", "h2")
    await frontend.press("Next")
    await frontend.shows_error("config.error.invalid_header", "Upgrade")
    await frontend.press("Paste settings")
    await frontend.fill("Settings", "PUSHER_APP_KEY=key\nPUSHER_PORT=many")
    await frontend.press("Next")
    await frontend.shows_error("config.error.invalid_settings", "PUSHER_PORT")
    await frontend.close()


async def test_server_refuses_the_app(frontend: Frontend, server: DevServer) -> None:
    await frontend.start_adding(server)
    for key, error in (
        ("no-such-key", "config.error.invalid_app_key"),
        (CLOSED.key, "config.error.app_disabled"),
        (FULL.key, "config.error.over_quota"),
        (STRICT.key, "config.error.origin_not_allowed"),
    ):
        await frontend.fill("App key", key)
        await frontend.press("Next")
        await frontend.shows_error(error)
    await frontend.close()


async def test_secret_or_user_cannot_be_right(frontend: Frontend, server: DevServer) -> None:
    await frontend.start_adding(server)
    await frontend.press("Next")
    await frontend.choose("App secret (recommended)")
    await frontend.fill("Secret", "wrong")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_auth")
    await frontend.fill("Secret", SHOP.secret)
    await frontend.fill("App ID", "999999")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_app_id", "999999")
    await frontend.fill("App ID", SHOP.app_id)
    await frontend.press("Advanced")
    await frontend.fill("Encryption master key", "short")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_master_key")
    await frontend.fill("Encryption master key", "")
    await frontend.fill("User ID", "#1")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_user_id")
    await frontend.fill("User ID", "kitchen")
    await frontend.dialog.locator("ha-yaml-editor .cm-content").fill("Kitchen")
    await frontend.press("Submit")
    await frontend.shows_error("config.error.invalid_user_info")
    await frontend.close()


async def test_app_is_there_already(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await apps.add()
    await frontend.start_adding(server)
    await frontend.press("Next")
    await frontend.shows_abort("config.abort.already_configured")


async def test_channel_cannot_be_added(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    entry_id = await apps.add()
    await apps.add_channel(entry_id, "orders")
    await frontend.start_adding_channel()
    await frontend.fill("Channel", "not a name")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.invalid_channel_name")
    server.faults.subscribe_answers["private-staff"] = frames.subscription_error(
        "private-staff", "Staff only"
    )
    await frontend.fill("Channel", "private-staff")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.channel_refused", "Staff only")
    await frontend.add_to("Members", "ada")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.members_need_presence")
    await frontend.add_to("Events", ".order.shipped")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.echo_event_name", "order.shipped")
    await frontend.close()
    await frontend.start_adding_channel()
    await frontend.fill("Channel", "orders")
    await frontend.press("Submit")
    await frontend.shows_abort("config_subentries.channel.abort.already_configured")


async def test_channel_cannot_be_tried(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id = await apps.add()
    await frontend.start_adding_channel()
    await frontend.fill("Channel", "orders")
    for code, error in (
        (1011, "config_subentries.channel.error.cannot_connect"),
        (4000, "config_subentries.channel.error.tls_required"),
        (4001, "config_subentries.channel.error.invalid_app_key"),
        (4003, "config_subentries.channel.error.app_disabled"),
        (4100, "config_subentries.channel.error.over_quota"),
    ):
        server.faults.handshake_close = code
        await frontend.press("Submit")
        await frontend.shows_error(error)
    for error in (
        "config_subentries.channel.error.certificate_invalid",
        "config_subentries.channel.error.invalid_host",
        "config_subentries.channel.error.not_pusher",
        "config_subentries.channel.error.origin_not_allowed",
        "config_subentries.channel.error.timeout_connect",
        "config_subentries.channel.error.tls_failed",
        "config_subentries.channel.error.unknown",
    ):
        async with frontend.with_error(error):
            await frontend.press("Submit")
            await frontend.shows_error(error)
    await hass.call("config_entries/disable", entry_id=entry_id, disabled_by="user")
    await frontend.press("Submit")
    await frontend.shows_abort("config_subentries.channel.abort.entry_not_loaded")


async def test_watchlist_is_too_long(frontend: Frontend, hass: HomeAssistant, apps: Apps) -> None:
    entry_id = await apps.add()
    options = await hass.start_options_flow(entry_id)
    await options.submit(sign_in=True, watchlist=[f"user-{number}" for number in range(100)])
    await frontend.configure()
    await frontend.add_to("Watched users", "ada")
    await frontend.press("Submit")
    await frontend.shows_error("options.error.watchlist_too_long")
    await frontend.close()


async def test_key_of_webhooks_is_not_valid(frontend: Frontend, apps: Apps) -> None:
    await apps.add()
    await frontend.configure()
    await frontend.add_field(SHOP.key, "secret")
    await frontend.press("Submit")
    await frontend.shows_error("options.error.invalid_webhook_key")
    await frontend.close()


async def test_action_fails(frontend: Frontend, apps: Apps) -> None:
    await apps.add()
    await frontend.open("/config/tools/action")
    await frontend.page.get_by_role("button", name="YAML mode").click()
    action = "{action: pusher_channels.unsubscribe, data: {channel: orders}}"
    await frontend.page.locator("ha-yaml-editor .cm-content").fill(action)
    await frontend.page.get_by_role("button", name="Perform action").click()
    await frontend.sees("The channel orders is not subscribed.")
