"""The documentation is correct: its examples run, its links lead somewhere, its lists are complete."""

import json
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMPONENT = CHECKOUT / "custom_components/pusher_channels"
DOCUMENTATION: str = json.loads((COMPONENT / "manifest.json").read_text())["documentation"]
