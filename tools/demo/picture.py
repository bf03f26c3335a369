"""Pictures of the demo as a user sees it, in Debian's Chromium: the dashboard, the page, and an event that arrives."""

import re
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from tools.browser.frontend import Frontend, open_frontend
from tools.browser.pictures import write

from . import dashboard
from .home import LAMP
from .stage import ORDERS, Stage

SIZE: Final = ViewportSize(width=1240, height=920)
PAGE_SIZE: Final = ViewportSize(width=480, height=420)
ANIMATION_SIZE: Final = ViewportSize(width=800, height=600)
ORDER: Final = {"id": 1024, "customer": "Ada", "total": 34.5}
CODE: Final = (
    'shop.trigger("orders", "order.shipped",',
    '             {"id": 1024, "customer": "Ada", "total": 34.5})',
)
MOST_BYTES: Final = 2_000_000

_JUST_SHIPPED: Final = re.compile(r"order\.shipped.*\b[0-3] seconds? ago")
_HIDE_SIDEBAR: Final = "localStorage.setItem('dockedSidebar', '\"always_hidden\"')"
_SHOW_CODE: Final = """lines => {
    let code = document.querySelector("#code");
    if (!code) {
        code = document.createElement("pre");
        code.id = "code";
        code.style = "position: fixed; inset: auto 0 0 0; margin: 0; padding: 18px 24px; z-index: 9;"
            + "height: 46px; background: #1e2227; color: #d7dae0; font: 15px/1.5 'DejaVu Sans Mono', monospace";
        document.body.append(code);
    }
    code.textContent = lines;
}"""


async def take(stage: Stage, page: str, folder: Path, commit: str) -> None:
    """Take the pictures into a folder; each names the commit."""
    async with open_frontend(stage.hass) as frontend:
        await frontend.page.add_init_script(_HIDE_SIDEBAR)
        await _take_dashboard(frontend, folder, commit)
        await _take_page(frontend.page, page, folder, commit)


async def take_animation(stage: Stage, folder: Path) -> None:
    """Take the animation into a folder; no other event may arrive during it."""
    async with open_frontend(stage.hass) as frontend:
        await frontend.page.add_init_script(_HIDE_SIDEBAR)
        await _take_animation(stage, frontend, folder / "event.gif")


async def _take_dashboard(frontend: Frontend, folder: Path, commit: str) -> None:
    await frontend.size(SIZE)
    await _open_dashboard(frontend)
    write(await _shot(frontend.page), folder / "dashboard.png", commit)
    await frontend.theme("dark")
    write(await _shot(frontend.page), folder / "dashboard-dark.png", commit)
    await frontend.theme("light")


async def _take_page(page: Page, address: str, folder: Path, commit: str) -> None:
    await page.set_viewport_size(PAGE_SIZE)
    await page.goto(address)
    await expect(page.locator("li")).to_have_count(2)
    write(await _shot(page), folder / "shared-page.png", commit)


async def _take_animation(stage: Stage, frontend: Frontend, file: Path) -> None:
    """Show the code that sends an event, and the cards that change once it is sent."""
    page = frontend.page
    await stage.hass.call_service("light", "turn_off", {"entity_id": LAMP})
    await frontend.size(ANIMATION_SIZE)
    await _open_dashboard(frontend)
    frames: list[tuple[bytes, int]] = []

    async def add(code: str, milliseconds: int) -> None:
        await page.evaluate(_SHOW_CODE, code)
        frames.append((await _shot(page), milliseconds))

    await add("", 1200)
    text = "\n".join(CODE)
    for length in range(4, len(text), 4):
        await add(text[:length] + "▏", 60)
    await add(text, 700)
    await stage.server.publish(ORDERS.name, "order.shipped", ORDER)
    await stage.hass.wait_state(LAMP, lambda state: state.state == "on", 10)
    await expect(page.get_by_text("Order 1024").first).to_be_visible()
    await expect(page.get_by_text(_JUST_SHIPPED).first).to_be_visible()
    await add(text, 3500)
    _write_animation(frames, file)


def _write_animation(frames: list[tuple[bytes, int]], file: Path) -> None:
    """Write an endless GIF. Raises ValueError when it is too large."""
    images = [Image.open(BytesIO(png)).convert("RGB") for png, _ in frames]
    palette = images[-1].quantize(128, dither=Image.Dither.NONE)
    first, *others = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    durations = [milliseconds for _, milliseconds in frames]
    buffer = BytesIO()
    first.save(
        buffer,
        "GIF",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        optimize=True,
    )
    if buffer.tell() >= MOST_BYTES:
        raise ValueError(f"{file.name} has {buffer.tell()} bytes.")
    file.write_bytes(buffer.getvalue())


async def _open_dashboard(frontend: Frontend) -> None:
    await frontend.open(f"/{dashboard.PATH}")
    page = frontend.page
    await expect(page.locator("hui-history-graph-card canvas").first).to_be_visible()
    await expect(page.locator("hui-tile-card").first).to_be_visible()
    await page.evaluate("document.fonts.ready.then(() => null)")


async def _shot(page: Page) -> bytes:
    return await page.screenshot(animations="disabled", caret="hide")
