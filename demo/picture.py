"""A picture of the dashboard, taken with Debian's Chromium as a user sees it."""

from pathlib import Path

from playwright.async_api import Page, async_playwright

from harness import OWNER
from ui.pictures import present_commit, write

from . import dashboard

CHROMIUM = Path("/usr/bin/chromium")

_CARDS_FILL_MS = 6000
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def take(url: str, file: Path) -> None:
    """Log in at Home Assistant's address and picture the dashboard into a PNG file."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1200, "height": 860})
        await _log_in(page, url)
        write(await page.screenshot(), file, present_commit())
        await browser.close()


async def _log_in(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator("input[name=username]").fill(OWNER.username)
    await page.locator("input[name=password]").fill(OWNER.password)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{url}/{dashboard.PATH}/**")
    await page.locator("hui-tile-card").first.wait_for()
    await page.wait_for_timeout(_CARDS_FILL_MS)
