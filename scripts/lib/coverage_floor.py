"""coverage_floor.py REPORT FLOOR: fails when a file of coverage's JSON report is under FLOOR percent."""

import json
import sys
from pathlib import Path


def main(report: str, floor: float) -> str | None:
    """Return what to say when a file is under the floor, else None."""
    files = json.loads(Path(report).read_text())["files"]
    covered = {name: file["summary"]["percent_covered"] for name, file in files.items()}
    low = [f"  {name}: {percent:.1f} %" for name, percent in covered.items() if percent < floor]
    return "\n".join([f"Less than {floor:g} % covered, so write tests for:", *low]) if low else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
