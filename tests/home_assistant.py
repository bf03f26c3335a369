"""What the tests read from Home Assistant: states, devices, issues, flows and time."""

from datetime import timedelta

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed_exact,
)

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.devices import subentry_identifier
from tools.devserver import DevServer

from .conftest import until
from .flow_steps import shown_error


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return an entity's state; fail when there is no such entity."""
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} is not among {hass.states.async_entity_ids()}"
    return state


def writes_of(hass: HomeAssistant, entity_id: str) -> list[tuple[float, State]]:
    """Return a list that gets each new state of an entity, with the loop's time."""
    writes: list[tuple[float, State]] = []

    @callback
    def keep(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if event.data["entity_id"] == entity_id and state is not None:
            writes.append((hass.loop.time(), state))

    hass.bus.async_listen(EVENT_STATE_CHANGED, keep)
    return writes


def issues_of(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the integration's repair issues by id."""
    issues = ir.async_get(hass).issues
    return {issue_id: issue for (domain, issue_id), issue in issues.items() if domain == DOMAIN}


async def skip(hass: HomeAssistant, seconds: float) -> None:
    """Let that many seconds pass for every timer at once."""
    async_fire_time_changed_exact(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


async def lose_connection(hass: HomeAssistant, server: DevServer) -> None:
    """End the connection and refuse others for longer than entities hide an outage."""
    server.faults.upgrade_status = 503
    await server.close_all(1001, "Going away")
    state = "sensor.demo_app_connection_state"
    await until(lambda: state_of(hass, state).state == "reconnecting")
    await skip(hass, 10)


def device_named(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> dr.DeviceEntry | None:
    """Return the device of a channel by its subentry id, or of the app by the entry's."""
    wanted = (DOMAIN, key) if key == entry.entry_id else subentry_identifier(entry.entry_id, key)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next((device for device in devices if wanted in device.identifiers), None)


def reauth_flows(hass: HomeAssistant) -> list[str]:
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return [flow["context"]["source"] for flow in flows]


async def reauth_reason(hass: HomeAssistant) -> str:
    """Wait for the only form that asks for other credentials; return the reason that it shows."""
    await until(lambda: reauth_flows(hass))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return shown_error(await hass.config_entries.flow.async_configure(flow["flow_id"]))
