"""The search of the whole run finds a secret in each place where it may be written."""

import base64
import logging
import os
from pathlib import Path

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.pusher_channels import diagnostics
from custom_components.pusher_channels.client.exceptions import PusherError
from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer

from .canaries import APP_SECRET, COMPONENT, Canaries
from .conftest import SetUp, app_entry

SIGNATURE = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "secret",
    [APP_SECRET, "Bearer abc", SIGNATURE, base64.b64encode(bytes(32)).decode()],
)
def test_each_kind_of_secret_is_found_in_the_log(canaries: Canaries, secret: str) -> None:
    log = logging.getLogger(f"custom_components.{DOMAIN}.hub")
    log.debug("All is well %s", secret[:6])
    assert canaries.take() == []

    log.debug("Sent %s", secret)

    assert len(canaries.take()) == 1


def test_an_exception_of_the_component_is_read(canaries: Canaries) -> None:
    for folder, found in ((COMPONENT, 1), (str(Path(COMPONENT).parent / "other"), 0)):
        code = f"raise PusherError('{APP_SECRET}')"
        with pytest.raises(PusherError):
            exec(compile(code, f"{folder}/hub.py", "exec"), {"PusherError": PusherError})
        assert len(canaries.take()) == found


async def test_diagnostics_flows_and_repair_issues_are_read(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, canaries: Canaries
) -> None:
    entry = app_entry(server, f"orders-{SIGNATURE}")
    await set_up(entry)
    await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    assert [it for it in canaries.take() if "diagnostics" in it]

    hass.config_entries.async_update_entry(entry, title=f"App {SIGNATURE}")
    await entry.start_reauth_flow(hass)
    assert hass.config_entries.flow.async_progress()[0]["context"]["source"] == SOURCE_REAUTH
    assert [it for it in canaries.take() if "handle_step" in it]

    ir.async_create_issue(
        hass,
        DOMAIN,
        "any",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="app_refused",
        translation_placeholders={"name": f"App {SIGNATURE}"},
    )
    assert [it for it in canaries.take() if "repair" in it]
    assert await hass.config_entries.async_unload(entry.entry_id)
    canaries.take()


def test_files_are_read_but_for_the_one_where_secrets_belong(tmp_path: Path) -> None:
    for name in ("home-assistant.log", "old.log", "core.config_entries"):
        (tmp_path / name).write_text(f"secret: {APP_SECRET}")
        os.utime(tmp_path / name, (0, 0) if name == "old.log" else (2e9, 2e9))
    canaries = Canaries(tmp_path)

    canaries.read_files()

    [found] = canaries.take()
    assert found.endswith("home-assistant.log")
