"""The address of a webhook: shown in the options, of Nabu Casa where it has one, gone with the app."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hass_nabucasa import NabuCasaBaseError
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tools.devserver import DevServer

from ..conftest import SetUp, app_entry
from ..flow_steps import prefilled


async def turn_on(hass: HomeAssistant, entry: MockConfigEntry, **form: Any) -> str:
    """Turn the webhook on in the options, and return the address that is shown."""
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


async def test_path_is_shown_where_home_assistant_has_no_address(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    hass.config.api = None
    assert await turn_on(hass, entry) == f"/api/webhook/{entry.options['webhook_id']}"


class Cloud(SimpleNamespace):
    """Nabu Casa, as far as cloudhooks go: the real one cannot be asked."""

    def __init__(self) -> None:
        """Have somebody logged in."""
        super().__init__(is_logged_in=True, subscription_expired=False, error=None)
        self.iot = SimpleNamespace(connected=True)
        self.client = SimpleNamespace(cloudhooks={})
        self.cloudhooks = self

    async def async_create(self, webhook_id: str, managed: bool) -> dict[str, str]:
        if self.error is not None:
            raise self.error
        hook = {"cloudhook_url": f"https://hooks.example/{webhook_id[::-1]}"}
        self.client.cloudhooks[webhook_id] = hook
        return hook

    async def async_delete(self, webhook_id: str) -> None:
        if webhook_id not in self.client.cloudhooks:
            raise ValueError("Hook is not enabled for the cloud.")
        del self.client.cloudhooks[webhook_id]


@pytest.fixture
def cloud(hass: HomeAssistant, server: DevServer) -> Iterator[Cloud]:
    """Have a Home Assistant with Nabu Casa."""
    hass.config.components.add("cloud")
    cloud = Cloud()
    hass.data["cloud"] = cloud
    yield cloud
    hass.data.pop("cloud", None)


async def test_cloudhook_goes_before_and_is_deleted_with_the_app(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    cloud: Cloud,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    url = await turn_on(hass, entry)
    webhook_id = entry.options["webhook_id"]
    assert url == f"https://hooks.example/{webhook_id[::-1]}"
    assert await turn_on(hass, entry) == url
    assert list(cloud.client.cloudhooks) == [webhook_id]
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    start = f"https://hooks.example/{webhook_id[::-1][:4]}"
    assert diagnostics["webhook_url"] == f"{start}**REDACTED**"

    assert await hass.config_entries.async_remove(entry.entry_id)
    assert cloud.client.cloudhooks == {}


@pytest.mark.parametrize(
    "trouble",
    [
        {"is_logged_in": False},
        {"subscription_expired": True},
        {"iot": SimpleNamespace(connected=False)},
        {"error": NabuCasaBaseError("canary")},
        {"error": TimeoutError()},
    ],
)
async def test_own_address_is_shown_where_nabu_casa_gives_none(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    cloud: Cloud,
    caplog: pytest.LogCaptureFixture,
    trouble: dict[str, Any],
) -> None:
    await async_process_ha_core_config(hass, {"internal_url": "http://192.168.1.5:8123"})
    vars(cloud).update(trouble)
    entry = app_entry(server)
    await set_up(entry)
    assert (await turn_on(hass, entry)).startswith("http://192.168.1.5:8123/api/webhook/")
    told = [it for it in caplog.messages if "gave no address" in it]
    assert len(told) == (bool(trouble.get("error")) or "iot" in trouble)
    assert "canary" not in caplog.text

    assert await hass.config_entries.async_remove(entry.entry_id)


async def test_app_is_removed_where_nabu_casa_is_not_there_any_more(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, cloud: Cloud
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    await turn_on(hass, entry)
    del hass.data["cloud"]
    assert await hass.config_entries.async_remove(entry.entry_id)
