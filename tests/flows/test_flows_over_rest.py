"""The flows work over HTTP, as the frontend uses them."""

from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tools.devserver import DevServer

from ..conftest import APP, MASTER_KEY
from ..flow_steps import app_form

FLOWS = "/api/config/config_entries"


async def post(client: TestClient[Any, Any], path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await client.post(f"{FLOWS}/{path}", json=body)
    assert response.status == HTTPStatus.OK, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


async def test_app_and_channel_are_added(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    # A client freezes the routes, in tests only.
    for component in ("config", "repairs", "pusher_channels"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()

    step = await post(client, "flow", {"handler": "pusher_channels"})
    assert [field["name"] for field in step["data_schema"]] == [
        "app_key",
        "cluster",
        "paste",
        "server",
    ]
    flow = f"flow/{step['flow_id']}"
    step = await post(client, flow, app_form(server, app_key="other-key"))
    assert step["errors"] == {"base": "invalid_app_key"}
    step = await post(client, flow, app_form(server))
    assert step["type"] == "menu"
    step = await post(client, flow, {"next_step_id": "auth_secret"})
    assert step["step_id"] == "auth_secret"
    step = await post(client, flow, {"secret": "wrong"})
    assert step["errors"] == {"base": "invalid_auth"}
    advanced = {"encryption_master_key": MASTER_KEY}
    form = {"secret": APP.secret, "app_id": APP.app_id, "advanced": advanced}
    step = await post(client, flow, form)
    assert step["type"] == "create_entry"
    entry_id = step["result"]["entry_id"]
    entry = hass.config_entries.async_get_entry(entry_id)
    assert entry is not None
    assert entry.state is ConfigEntryState.LOADED

    kind, first_channel = step["next_flow"]
    assert kind == "config_subentries_flow"
    step = await post(client, f"subentries/flow/{first_channel}", {"channel": "private-orders"})
    assert step["type"] == "create_entry"

    step = await post(client, "subentries/flow", {"handler": [entry_id, "channel"]})
    channel = f"subentries/flow/{step['flow_id']}"
    step = await post(client, channel, {"channel": "no channel"})
    assert step["errors"] == {"base": "invalid_channel_name"}
    step = await post(client, channel, {"channel": "private-encrypted-orders"})
    assert step["type"] == "create_entry"
    await server.wait_disconnected(1)
    await server.wait_subscribed("private-orders")
    await server.wait_subscribed("private-encrypted-orders")

    step = await post(client, "options/flow", {"handler": entry_id})
    step = await post(client, f"options/flow/{step['flow_id']}", {"activity_timeout": 60})
    assert step["type"] == "create_entry"
    await hass.async_block_till_done()
    assert entry.options == {"activity_timeout": 60}


async def test_reconfiguration_shows_no_secret(
    hass: HomeAssistant, server: DevServer, hass_client: ClientSessionGenerator
) -> None:
    # A client freezes the routes, in tests only.
    for component in ("config", "repairs", "pusher_channels"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    step = await post(client, "flow", {"handler": "pusher_channels"})
    flow = f"flow/{step['flow_id']}"
    await post(client, flow, app_form(server))
    await post(client, flow, {"next_step_id": "auth_secret"})
    form = {"secret": APP.secret, "advanced": {"encryption_master_key": MASTER_KEY}}
    entry_id = (await post(client, flow, form))["result"]["entry_id"]

    step = await post(client, "flow", {"handler": "pusher_channels", "entry_id": entry_id})
    assert step["step_id"] == "reconfigure"
    assert server.host in str(step)
    flow = f"flow/{step['flow_id']}"
    await post(client, flow, app_form(server))
    step = await post(client, flow, {"next_step_id": "auth_secret"})
    assert "home-assistant-" in str(step)
    assert APP.secret not in str(step)
    assert MASTER_KEY not in str(step)
    step = await post(client, flow, {})
    assert step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
