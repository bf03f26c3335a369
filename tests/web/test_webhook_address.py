"""The address of a webhook: external, without a cloudhook."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tools.devserver import DevServer

from ..conftest import SetUp, app_entry
from ..flow_steps import prefilled


async def turn_on(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> str:
    """Enable the webhook in the options and return the address that is shown."""
    step = await hass.config_entries.options.async_init(entry.entry_id)
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {"webhook": True} | form
    )
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "webhook")
    placeholders = step["description_placeholders"]
    assert placeholders is not None
    url: str = placeholders["webhook_url"]
    step = await hass.config_entries.options.async_configure(step["flow_id"], {})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return url


async def test_address_is_shown_in_the_options_and_stays(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    await async_process_ha_core_config(hass, {"internal_url": "http://192.168.1.5:8123"})
    entry = app_entry(server)
    await set_up(entry)
    url = await turn_on(hass, entry)
    webhook_id = entry.options["webhook_id"]
    assert url == f"http://192.168.1.5:8123/api/webhook/{webhook_id}"
    assert len(webhook_id) == 32

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    shown = f"http://192.168.1.5:8123/api/webhook/{webhook_id[:4]}**REDACTED**"
    assert diagnostics["webhook_url"] == shown
    assert webhook_id not in json.dumps(diagnostics)

    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert prefilled(step)["webhook"] is True
    assert "webhook_id" not in prefilled(step)
    await hass.config_entries.options.async_configure(step["flow_id"], {})
    await hass.async_block_till_done()
    assert entry.options == {"webhook_id": webhook_id}
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["webhook_url"] is None
    assert await turn_on(hass, entry) == url


async def test_address_that_another_dialog_has_saved_is_shown_before_it_is_taken(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    options = hass.config_entries.options
    step = await options.async_init(entry.entry_id)
    step = await options.async_configure(step["flow_id"], {"webhook": True})
    url = await turn_on(hass, entry)
    saved = entry.options["webhook_id"]

    step = await options.async_configure(step["flow_id"], {})
    assert step["description_placeholders"] == {"webhook_url": url}
    step = await options.async_configure(step["flow_id"], {})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["webhook_id"] == saved


async def test_path_is_shown_where_home_assistant_has_no_address(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    hass.config.api = None
    assert await turn_on(hass, entry) == f"/api/webhook/{entry.options['webhook_id']}"


class Cloud(SimpleNamespace):
    """The parts of the cloud integration that addresses and cloudhooks need."""

    def __init__(self, *cloudhooks: str) -> None:
        super().__init__(client=SimpleNamespace(cloudhooks={key: {} for key in cloudhooks}))


@pytest.fixture
def cloud(hass: HomeAssistant, server: DevServer) -> Iterator[Cloud]:
    """Set up a cloud integration with the cloudhook of an earlier version."""
    cloud = Cloud("id-with-cloudhook")
    hass.config.components.add("cloud")
    hass.data["cloud"] = cloud
    yield cloud
    hass.data.pop("cloud", None)


async def test_remote_address_of_the_cloud_is_shown(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await async_process_ha_core_config(hass, {"internal_url": "http://192.168.1.5:8123"})
    remote = "https://remote.example"
    monkeypatch.setattr("homeassistant.helpers.network._get_cloud_url", lambda *_, **__: remote)
    entry = app_entry(server)
    await set_up(entry)
    url = await turn_on(hass, entry)
    assert url == f"https://remote.example/api/webhook/{entry.options['webhook_id']}"


@pytest.mark.parametrize(
    ("webhook_id", "is_reported"), [("id-with-cloudhook", True), ("id-without-cloudhook", False)]
)
async def test_stored_cloudhook_is_an_issue_with_the_new_address(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    cloud: Cloud,
    issue_registry: ir.IssueRegistry,
    webhook_id: str,
    is_reported: bool,
) -> None:
    await async_process_ha_core_config(hass, {"external_url": "https://home.example"})
    entry = app_entry(server, options={"webhook": True, "webhook_id": webhook_id})
    await set_up(entry)
    issue_id = f"webhook_moved_{entry.entry_id}"
    issue = issue_registry.async_get_issue("pusher_channels", issue_id)
    assert (issue is not None) is is_reported
    if issue is not None:
        url = f"https://home.example/api/webhook/{webhook_id}"
        assert issue.translation_placeholders == {"name": "Demo app", "url": url}
        assert not issue.is_fixable
    assert list(cloud.client.cloudhooks) == ["id-with-cloudhook"]

    hass.config_entries.async_update_entry(entry, options={"webhook": False})
    await hass.async_block_till_done()
    assert issue_registry.async_get_issue("pusher_channels", issue_id) is None


async def test_diagnostics_create_no_cloudhook(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    cloud: Cloud,
    hass_client: ClientSessionGenerator,
) -> None:
    await async_process_ha_core_config(hass, {"external_url": "https://home.example"})
    entry = app_entry(server, options={"webhook": True, "webhook_id": "another-id"})
    await set_up(entry)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["webhook_url"] == "https://home.example/api/webhook/anot**REDACTED**"
    assert list(cloud.client.cloudhooks) == ["id-with-cloudhook"]
