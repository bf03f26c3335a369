"""What stands in the way is said in words that help."""

from devserver import DevServer, frames
from harness import free_port

from .apps import SHOP, Apps
from .frontend import INTEGRATION, Frontend
from .test_add import enter_app


async def test_server_cannot_be_used(frontend: Frontend, server: DevServer) -> None:
    await enter_app(frontend, server)
    await frontend.fill("Port", str(free_port()))
    await frontend.press("Next")
    await frontend.is_told("The server cannot be reached.")
    await frontend.fill("Host", "http://example/x y")
    await frontend.press("Next")
    await frontend.is_told("This is not an address.")
    await frontend.fill("Host", server.host)
    await frontend.fill("Port", str(server.port))
    await frontend.turn("Use TLS", True)
    await frontend.press("Next")
    await frontend.is_told("No secure connection could be made.")
    await frontend.turn("Use TLS", False)
    server.faults.handshake_close = 4000
    await frontend.press("Next")
    await frontend.is_told("This app accepts secure connections only.")
    server.faults.reset()
    await frontend.close()


async def test_secret_is_wrong(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await enter_app(frontend, server)
    await frontend.press("Next")
    await frontend.choose("App secret")
    await frontend.fill("Secret", "wrong")
    await frontend.press("Submit")
    await frontend.is_told("The server refuses this secret.")
    await frontend.fill("Secret", SHOP.secret)
    await frontend.fill("Encryption master key", "short")
    await frontend.press("Submit")
    await frontend.is_told("This is not an encryption master key.")
    await frontend.close()


async def test_app_is_there_already(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    await apps.add()
    await enter_app(frontend, server)
    await frontend.press("Next")
    await frontend.ends_with("This app is already set up.", "Close")


async def test_channel_cannot_be_added(frontend: Frontend, server: DevServer, apps: Apps) -> None:
    entry_id = await apps.add()
    await apps.add_channel(entry_id, "orders")
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Add channel", exact=True).click()
    await frontend.shows("Add a channel")
    await frontend.fill("Channel", "not a name")
    await frontend.press("Submit")
    await frontend.is_told("A channel cannot be called that.")
    server.faults.subscribe_answers["private-staff"] = frames.subscription_error(
        "private-staff", "Staff only"
    )
    await frontend.fill("Channel", "private-staff")
    await frontend.press("Submit")
    await frontend.is_told("The answer was: Staff only")
    await frontend.fill("Channel", "orders")
    await frontend.press("Submit")
    await frontend.ends_with("This channel is already set up.", "Close")
