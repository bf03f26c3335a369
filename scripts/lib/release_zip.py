"""release_zip.py [--version VERSION] [FOLDER]: builds what the Marketplace and HACS unpack into custom_components."""

import argparse
import json
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMPONENT = CHECKOUT / "custom_components" / "pusher_channels"
NAME = "pusher_channels.zip"
MODE = 0o100644 << 16


def main() -> int:
    """Return 0, or 1 if the manifest has another version than the given one."""
    parser = argparse.ArgumentParser(prog="scripts/release")
    parser.add_argument("--version", help="what the manifest must say, such as the tag")
    parser.add_argument("folder", nargs="?", type=Path, default=CHECKOUT / "dist")
    options = parser.parse_args()

    version = json.loads((COMPONENT / "manifest.json").read_text())["version"]
    if options.version not in (None, version):
        print(f"The manifest has version {version}, not {options.version}.", file=sys.stderr)
        print("What to do: set it in the manifest, or tag that version.", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    build(options.folder / NAME)
    print(options.folder / NAME)
    return 0


def build(target: Path) -> None:
    """Write the zip: sorted, without dates and permissions of this checkout."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in contents():
            entry = zipfile.ZipInfo(file.relative_to(COMPONENT).as_posix())
            entry.external_attr = MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def contents() -> list[Path]:
    """Return the files of the integration, without what Python and tools leave there."""
    files = [path for path in COMPONENT.rglob("*") if path.is_file()]
    return sorted(file for file in files if not is_litter(file.relative_to(COMPONENT)))


def is_litter(path: Path) -> bool:
    """Return whether a file is a cache or hidden."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


if __name__ == "__main__":
    sys.exit(main())
