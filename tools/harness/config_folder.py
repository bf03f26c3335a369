"""The config folder of a Home Assistant that listens on loopback only and asks the internet for nothing."""

import json
from pathlib import Path

from .ports import HOST

COMPONENT = Path(__file__).resolve().parents[2] / "custom_components" / "pusher_channels"

_CONFIGURATION = """\
homeassistant:
  name: Home
  country: GB
  currency: GBP
  language: en
  time_zone: UTC
  unit_system: metric
frontend:
config:
recorder:
history:
logbook:
logger:
  default: warning
  logs:
    custom_components.pusher_channels: debug
    haffmpeg.core: fatal
    haffmpeg.tools: fatal
    homeassistant.components.camera.img_util: fatal
  filters:
    homeassistant.setup:
      - assist_(pipeline|satellite)
automation: !include automations.yaml
script: !include scripts.yaml
"""


def fill(folder: Path, port: int, configuration: str) -> None:
    """Write all that Home Assistant needs for a first start; `configuration` is YAML to append to its own.

    The loggers at fatal report programs that this computer need not have, and the filter hides that voice needs
    packages which only a compiler can install.

    What the stored settings do: its HTTP server has its address; onboarding skips the step that sets up integrations
    which ask services on the internet; the Marketplace (2026.11), which loads its catalog from there, is off.
    """
    components = folder / "custom_components"
    components.mkdir(parents=True)
    (components / COMPONENT.name).symlink_to(COMPONENT)
    (folder / "configuration.yaml").write_text(_CONFIGURATION + configuration)
    (folder / "automations.yaml").write_text("[]")
    (folder / "scripts.yaml").write_text("{}")
    (folder / ".storage").mkdir()
    _store(folder, "http", 1, {"server_host": HOST, "server_port": port})
    _store(folder, "onboarding", 4, {"done": ["core_config"]})
    marketplace = {
        "entry_id": "marketplace",
        "domain": "marketplace",
        "title": "Marketplace",
        "source": "system",
        "version": 1,
        "data": {},
        "disabled_by": "user",
    }
    _store(folder, "core.config_entries", 1, {"entries": [marketplace]})


def _store(folder: Path, key: str, version: int, data: object) -> None:
    text = json.dumps({"version": version, "minor_version": 1, "key": key, "data": data})
    (folder / ".storage" / key).write_text(text)
