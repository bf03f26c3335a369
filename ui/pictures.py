"""Pictures for the documentation: small, and marked with the commit whose frontend they show."""

import subprocess
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.async_api import Page

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = CHECKOUT / "docs" / "images"
MOST_BYTES = 250_000


class Pictures:
    """Takes pictures when they are asked for, and else does nothing."""

    def __init__(self, wanted: bool) -> None:
        """Find out the commit once."""
        self._wanted = wanted
        self._commit = present_commit() if wanted else ""

    async def take(self, page: Page, name: str) -> None:
        """Write what the page shows to docs/images/{name}.png, once nothing on it moves."""
        if not self._wanted:
            return
        await page.mouse.move(0, 0)
        await page.evaluate("document.fonts.ready.then(() => null)")
        png = await page.screenshot(animations="disabled", caret="hide")
        write(png, IMAGES / f"{name}.png", self._commit)


def write(png: bytes, file: Path, commit: str) -> None:
    """Write a PNG with 256 colours and the commit in its text. Raises ValueError when it stays too large."""
    text = PngInfo()
    text.add_text("Commit", commit)
    small = BytesIO()
    colours = Image.open(BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(small, "PNG", optimize=True, pnginfo=text)
    if small.tell() >= MOST_BYTES:
        raise ValueError(f"{file.name} has {small.tell()} bytes.")
    file.write_bytes(small.getvalue())


def present_commit() -> str:
    """Return the hash of the checkout's commit. Raises CalledProcessError where there is none."""
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        command, cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout.strip()
