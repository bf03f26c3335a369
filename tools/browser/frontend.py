"""The frontend as a user handles it: pages, dialogs, fields and buttons, found by their texts."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Locator, Page, Route, ViewportSize, async_playwright, expect

from tools.devserver import DevServer
from tools.harness import HomeAssistant

from .apps import SHOP
from .wording import as_shown, raw_keys

CHROMIUM = Path("/usr/bin/chromium")
WAIT_MS = 60_000
DESKTOP = ViewportSize(width=1000, height=900)
PHONE = ViewportSize(width=412, height=915)
INTEGRATION = "/config/integrations/integration/pusher_channels"

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_FOREVER = 10**14
_ANSWER_OF_A_FORM = re.compile(r"/api/config/config_entries/(\w+/)*flow/\w+$")
_NAVIGATE = """path => {
    history.pushState(null, "", path);
    window.dispatchEvent(new CustomEvent("location-changed", {detail: {replace: false}}));
}"""


class Frontend:
    """One logged-in browser tab."""

    def __init__(self, page: Page, hass: HomeAssistant) -> None:
        """Drive a page that is open."""
        self.page = page
        self._url = hass.url
        self.dialog = page.locator("dialog-data-entry-flow")
        self.entry = page.locator("ha-config-entry-row")

    async def open(self, path: str) -> None:
        """Go to a path of Home Assistant, as its own links do: without loading the frontend again."""
        if self.page.url.startswith(self._url):
            await self.page.evaluate(_NAVIGATE, path)
        else:
            await self.page.goto(self._url + path)

    async def reset(self) -> None:
        """Take the usual size and theme, and close a dialog that a failed test left open."""
        if await self.page.get_by_role("dialog").count():
            await self.page.goto("about:blank")
        await self.size(DESKTOP)
        await self.theme("light")

    async def sees(self, text: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Wait until the text is visible."""
        place = within or self.page
        await expect(place.get_by_text(text).first).to_be_visible()

    async def sees_device(self, entity: str, state: str) -> None:
        """Wait until a device's page is filled and shows the entity in that state; check its texts."""
        page = self.page.locator("ha-config-device-page")
        row = page.locator("ha-device-entities-card").locator(
            "hui-generic-entity-row", has_text=entity
        )
        await self.sees(state, row)
        activity = page.locator("ha-logbook")
        some = activity.locator(".entry").or_(activity.get_by_text("No activity found."))
        await expect(some.first).to_be_visible()
        await self.check_texts(page)

    async def check_texts(self, within: Locator) -> str:
        """Return the texts of an element, and check that none of them is a raw key."""
        texts = await within.aria_snapshot()
        assert not raw_keys(texts), texts
        return texts

    async def shows(self, title: str) -> None:
        """Wait until the flow's dialog has that title; check its texts."""
        await expect(self.dialog.get_by_text(title, exact=True).first).to_be_visible()
        await self.check_texts(self.dialog)

    async def fill(self, name: str, value: str) -> None:
        """Fill in a text or number field of the dialog."""
        field = self._field(name)
        await field.fill(value)

    def _field(self, name: str) -> Locator:
        exactly = re.compile(rf"^{re.escape(name)}\s*\*?$")
        text = self.dialog.get_by_role("textbox", name=exactly)
        return text.or_(self.dialog.get_by_role("spinbutton", name=exactly)).first

    async def pick(self, name: str, value: str) -> None:
        """Pick a listed value, or enter another one, in a field of the dialog that lists values."""
        button = self.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b"))
        field = self.dialog.locator("ha-selector-select").filter(has=button).first
        await field.get_by_role("button").first.click()
        await field.get_by_role("textbox").fill(value)
        await field.get_by_role("option", name=value).first.click()

    async def add_to(self, name: str, value: str) -> None:
        """Add a value to a list of texts in the dialog."""
        await self.dialog.get_by_role("button", name=f"Add {name}").click()
        field = self.dialog.locator("ha-selector-text").filter(
            has=self.page.get_by_role("button", name=f"Add {name}")
        )
        await field.get_by_role("textbox").last.fill(value)

    async def add_field(self, name: str, value: str) -> None:
        """Add an item with a name and a value, such as a header, in the dialog."""
        await self.dialog.get_by_role("button", name="Add", exact=True).first.click()
        question = self.page.locator("dialog-form")
        await question.get_by_role("textbox").first.fill(name)
        await question.get_by_role("textbox").last.fill(value)
        await question.get_by_role("button", name="Add").click()
        await expect(question.get_by_role("dialog")).to_have_count(0)

    async def turn(self, name: str, on: bool) -> None:
        """Turn a switch of the dialog on or off."""
        switch = self.dialog.get_by_role("switch", name=re.compile(rf"^{re.escape(name)}\b"))
        if await switch.is_checked() is not on:
            await switch.press("Space")
        await expect(switch).to_be_checked(checked=on)

    async def press(self, name: str) -> None:
        """Press a button of the dialog."""
        await self.dialog.get_by_role("button", name=name, exact=True).last.click()

    async def choose(self, option: str) -> None:
        """Choose from the menu in the dialog."""
        await self.dialog.get_by_text(option, exact=True).click()

    async def shows_error(self, error: str, message: str = "") -> None:
        """Wait until the dialog shows the error of that path in the translations; check its texts.

        `message` is what the error must contain.
        """
        alert = self.dialog.locator("ha-alert")
        await expect(alert).to_contain_text(as_shown(error))
        await expect(alert).to_contain_text(message)
        await expect(alert).to_be_visible()
        await self.check_texts(self.dialog)

    @asynccontextmanager
    async def with_error(self, error: str) -> AsyncGenerator[None]:
        """Answer each form with the error of that path instead of what Home Assistant answers."""

        async def answer(route: Route) -> None:
            response = await route.fetch()
            form = await response.json() | {
                "errors": {"base": error.rpartition(".")[2]},
                "description_placeholders": {"error": "The reason"},
            }
            await route.fulfill(response=response, json=form)

        await self.page.route(_ANSWER_OF_A_FORM, answer)
        yield
        await self.page.unroute(_ANSWER_OF_A_FORM)

    async def ends_with(self, text: str, button: str = "Finish") -> None:
        """Wait for the flow's last page, and close the dialog."""
        await self.sees(text, self.dialog)
        await self.check_texts(self.dialog)
        await self.press(button)
        await expect(self.dialog.get_by_role("dialog")).to_have_count(0)

    async def shows_abort(self, reason: str) -> None:
        """Wait until the flow ends for the reason of that path in the translations, and close the dialog."""
        await self.sees(as_shown(reason), self.dialog)
        await self.close()

    async def close(self) -> None:
        """Close the dialog."""
        await self.press("Close")
        await expect(self.dialog.get_by_role("dialog")).to_have_count(0)

    async def start_adding(self, server: DevServer) -> None:
        """Open the dialog that adds the integration, and enter the shop's app in it."""
        await self.open("/config/integrations/dashboard/add?domain=pusher_channels")
        await self.page.get_by_role("button", name="OK").click()
        await self.shows("Connect to an app")
        await self.fill("App key", SHOP.key)
        await self.press("Own server and proxy")
        await self.fill("Host", server.host)
        await self.fill("Port", str(server.port))
        await self.turn("Use TLS", False)

    async def start_adding_channel(self) -> None:
        """Open the dialog that adds a channel."""
        await self.open(INTEGRATION)
        await self.page.get_by_role("button", name="Add channel", exact=True).click()
        await self.shows("Add a channel")

    async def configure(self) -> None:
        """Open the dialog with the app's options."""
        await self.open(INTEGRATION)
        await self.entry.get_by_role("button", name="Configure").click()
        await self.shows("Options")

    async def from_menu(self, item: str) -> None:
        """Choose from the menu of the app on the integration's page."""
        await self.open(INTEGRATION)
        await self.entry.get_by_role("button", name="Menu").first.click()
        await self.entry.get_by_role("menuitem", name=item, exact=True).click()

    async def answer_reauthentication(self) -> None:
        """Open the dialog of a reauthentication, once Home Assistant asks for it."""
        await self.open(INTEGRATION)
        await self.page.get_by_role("button", name="Reconfigure", exact=True).click()

    async def theme(self, scheme: Literal["light", "dark"]) -> None:
        """Let the system ask for light or dark."""
        await self.page.emulate_media(color_scheme=scheme)

    async def size(self, size: ViewportSize) -> None:
        """Give the window a size."""
        await self.page.set_viewport_size(size)


@asynccontextmanager
async def open_frontend(hass: HomeAssistant) -> AsyncGenerator[Frontend]:
    """Open a browser in which the owner is logged in, without animations."""
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = await browser.new_page(viewport=DESKTOP, reduced_motion="reduce")
        page.set_default_timeout(WAIT_MS)
        await page.add_init_script(_log_in(hass))
        yield Frontend(page, hass)
        await browser.close()


def _log_in(hass: HomeAssistant) -> str:
    tokens = {
        "access_token": hass.token,
        "token_type": "Bearer",
        "expires_in": _FOREVER,
        "expires": _FOREVER,
        "hassUrl": hass.url,
        "clientId": f"{hass.url}/",
        "refresh_token": "",
    }
    return f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"
