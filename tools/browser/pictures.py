"""Pictures for the documentation: small, and marked with the commit that they show."""

import subprocess
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.async_api import Page

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGES = CHECKOUT / "docs" / "images"
MOST_BYTES = 250_000


class UncommittedChangesError(Exception):
    """A picture would name a commit that does not look like it; the text says what to do."""


class Pictures:
    """Takes pictures into a folder, and none where there is no folder. Raises UncommittedChangesError."""

    def __init__(self, folder: Path | None) -> None:
        """Find out the commit once."""
        self._folder = folder
        self._commit = commit_shown_in(folder) if folder else ""

    async def take(self, page: Page, name: str) -> None:
        """Write what the page shows to {name}.png, once nothing on it moves."""
        if self._folder is None:
            return
        await page.mouse.move(0, 0)
        await page.evaluate("document.fonts.ready.then(() => null)")
        png = await page.screenshot(animations="disabled", caret="hide")
        write(png, self._folder / f"{name}.png", self._commit)


def write(png: bytes, file: Path, commit: str) -> None:
    """Write a PNG with 256 colours and the commit in its text. Raises ValueError when it stays too large."""
    text = PngInfo()
    text.add_text("Commit", commit)
    small = BytesIO()
    colours = Image.open(BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(small, "PNG", optimize=True, pnginfo=text)
    if small.tell() >= MOST_BYTES:
        raise ValueError(f"{file.name} has {small.tell()} bytes.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(small.getvalue())


def commit_shown_in(folder: Path) -> str:
    """Return what pictures in a folder name: the checkout's commit, and whether more has changed since.

    In docs/images nothing may have, but the pictures themselves. Raises UncommittedChangesError.
    """
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--short", "--", ".", f":!{IMAGES.relative_to(CHECKOUT)}")
    if not changed:
        return commit
    if folder.resolve() == IMAGES:
        raise UncommittedChangesError(
            f"These changes are not committed, so no commit would look like the pictures:\n{changed}\n"
            "What to do: commit them first, or have the pictures in another folder."
        )
    return f"{commit} and changes"


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    result = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return result.stdout.rstrip()
