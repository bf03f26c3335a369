"""A picture of the dashboard, taken with Debian's Chromium as a user sees it."""

from pathlib import Path

from playwright.async_api import ViewportSize, expect

from tools.browser.frontend import open_frontend
from tools.browser.pictures import write
from tools.harness import HomeAssistant

from . import dashboard

SIZE = ViewportSize(width=1200, height=860)


async def take(hass: HomeAssistant, file: Path, commit: str) -> None:
    """Picture the dashboard into a PNG file that names the commit, once all its cards are filled."""
    async with open_frontend(hass) as frontend:
        await frontend.size(SIZE)
        await frontend.open(f"/{dashboard.PATH}")
        page = frontend.page
        await expect(page.locator("hui-history-graph-card canvas").first).to_be_visible()
        await expect(page.locator("hui-logbook-card .entry").first).to_be_visible()
        await expect(page.locator("hui-markdown-card table")).to_be_visible()
        png = await page.screenshot(animations="disabled", caret="hide")
        write(png, file, commit)
