"""The guide's wall panel: pusher-js from another origin, authorized by Home Assistant with a user's token."""

import base64
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tools.browser.frontend import Frontend
from tools.devserver import App, DevServer
from tools.harness import HomeAssistant

from .panel import NAME, guides_page, make_user, served

PANEL = App(
    app_id="1009",
    key="your-key",
    secret="canary-of-the-app",
    master_key=base64.b64encode(bytes(range(32))).decode(),
)
OURS = ["private-alerts", "presence-lobby", "private-encrypted-vault"]
FOREIGN = "private-foreign"


@dataclass(frozen=True, slots=True)
class Tab:
    """The panel's news, and the kind and status of each answer to what pusher-js asked for."""

    news: Locator
    answers: list[tuple[str, int]]


@pytest.fixture
async def panel_server() -> AsyncGenerator[DevServer]:
    """Run the server of the panel's app."""
    async with DevServer([PANEL]) as running:
        yield running


@pytest.fixture
async def entry_id(hass: HomeAssistant, panel_server: DevServer) -> AsyncGenerator[str]:
    """Add the panel's app with its channels."""
    place = {"host": panel_server.host, "port": panel_server.port, "use_tls": False}
    entry_id = await hass.add_app(
        {"app_key": PANEL.key, "server": place},
        "auth_secret",
        secret=PANEL.secret,
        app_id=PANEL.app_id,
        advanced={"encryption_master_key": PANEL.master_key},
    )
    for channel in OURS:
        await hass.add_channel(entry_id, channel)
    yield entry_id
    await hass.delete(f"/api/config/config_entries/entry/{entry_id}")


@asynccontextmanager
async def opened(frontend: Frontend, origin: str, token: str) -> AsyncGenerator[Tab]:
    """Open the panel in the same browser as a stranger would, but for the token."""
    browser = frontend.page.context.browser
    assert browser is not None
    page = await browser.new_page()
    await page.add_init_script(f"localStorage.panelToken = {json.dumps(token)}")
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    answers: list[tuple[str, int]] = []

    def note(received: dict[str, Any]) -> None:
        if received["type"] in ("Preflight", "XHR"):
            answers.append((received["type"], received["response"]["status"]))

    devtools.on("Network.responseReceived", note)
    await page.goto(f"{origin}/panel.html")
    yield Tab(page.locator("#news"), answers)
    await page.close()


async def test_panel_of_a_listed_origin_subscribes_as_its_user(
    frontend: Frontend, hass: HomeAssistant, panel_server: DevServer, entry_id: str
) -> None:
    user_id, token = await make_user(hass, "panel")
    place = f'cluster: "", wsHost: "{panel_server.host}", wsPort: {panel_server.port}'
    page = guides_page(
        homeAssistant=json.dumps(hass.url),
        entry=json.dumps(entry_id),
        channels=json.dumps([*OURS, FOREIGN]),
        cluster=f'{place}, forceTLS: false, enabledTransports: ["ws"]',
    )
    async with served(page) as origin, served(page) as unlisted:
        await allow(frontend, origin)
        await panel_server.wait_subscribed(OURS[-1], timeout=60)

        async with opened(frontend, origin, token) as tab:
            for channel in OURS:
                await expect(tab.news).to_contain_text(f"{channel}: pusher:subscription_succeeded")
            await expect(tab.news).to_contain_text(f"{FOREIGN}: pusher:subscription_error")
            await expect(tab.news).to_contain_text('"status":403')
            assert panel_server.members("presence-lobby")[user_id] == {"name": NAME}
            connection = panel_server.subscribers(OURS[-1])[-1]
            assert await panel_server.wait_for(lambda: connection.user_id) == user_id
            assert panel_server.subscribers(FOREIGN) == []
            await panel_server.publish(OURS[-1], "note", {"text": "under the mat"})
            await expect(tab.news).to_contain_text("under the mat")
            assert set(tab.answers) == {("Preflight", 204), ("XHR", 200), ("XHR", 403)}

        async with opened(frontend, unlisted, token) as tab:
            for channel in [*OURS, FOREIGN]:
                await expect(tab.news).to_contain_text(f"{channel}: pusher:subscription_error")
            assert set(tab.answers) <= {("Preflight", 204)}
        assert user_id not in panel_server.members("presence-lobby")


async def allow(frontend: Frontend, origin: str) -> None:
    """Turn the view on in the app's options, for pages of this origin alone."""
    await frontend.configure()
    await frontend.turn("Authorize web pages", True)
    await frontend.add_to("Origins of these pages", f"{origin}/panel.html")
    await frontend.press("Submit")
    await frontend.shows_error("options.error.invalid_origin")
    await frontend.dialog.get_by_role("textbox").last.fill(origin)
    await frontend.press("Submit")
    await frontend.ends_with("Options successfully saved.")


async def test_webhook_address_is_shown(frontend: Frontend, entry_id: str) -> None:
    await frontend.configure()
    await frontend.turn("Receive webhooks", True)
    await frontend.press("Submit")
    await frontend.shows("Webhook")
    await frontend.sees(re.compile(r"/api/webhook/[0-9a-f]{32}$"), frontend.dialog)
    await frontend.press("Submit")
    await frontend.ends_with("Options successfully saved.")
