"""Servers that close a connection which is not authorized within a time, at work and during a slow start."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from homeassistant.core import CoreState, HomeAssistant

from tools.devserver import DevServer
from tools.soak.clock import Clock

from ..conftest import APP, app_entry, until
from ..home_assistant import issues_of, reauth_flows, state_of

TIMEOUT = 30
STATUS = "sensor.demo_app_connection_state"


@pytest.fixture
async def strict(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server that requires each connection to be authorized within 30 seconds."""
    async with DevServer([replace(APP, authorization_timeout=TIMEOUT)]) as server:
        yield server


async def test_an_app_with_public_channels_only_is_authorized_by_its_secret(
    hass: HomeAssistant, strict: DevServer, clock: Clock
) -> None:
    entry = app_entry(strict, "orders")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    await clock.pass_by(4 * TIMEOUT)
    await until(lambda: state_of(hass, STATUS).state == "connected")
    await until(lambda: state_of(hass, "binary_sensor.orders_subscribed").state == "on")

    assert len(strict.attempts) == 2
    assert reauth_flows(hass) == []
    assert issues_of(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_slow_start_of_home_assistant_ends_no_connection_for_good(
    hass: HomeAssistant, strict: DevServer, clock: Clock
) -> None:
    hass.set_state(CoreState.starting)
    entry = app_entry(strict, "private-orders", options={"sign_in": True})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.pass_by(TIMEOUT + 15)

    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()
    await until(lambda: state_of(hass, "binary_sensor.private_orders_subscribed").state == "on")
    await clock.pass_by(4 * TIMEOUT)

    assert state_of(hass, STATUS).state == "connected"
    assert len(strict.attempts) == 2
    assert reauth_flows(hass) == []
    assert issues_of(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_app_that_cannot_authorize_has_a_repair_and_no_reauth(
    hass: HomeAssistant, strict: DevServer, clock: Clock
) -> None:
    entry = app_entry(strict, "orders", authorization="auth_none")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    await clock.pass_by(4 * TIMEOUT)
    await until(lambda: issues_of(hass))

    assert set(issues_of(hass)) == {f"authorization_required_{entry.entry_id}"}
    assert reauth_flows(hass) == []
    assert state_of(hass, STATUS).state == "disconnected"
    await hass.config_entries.async_unload(entry.entry_id)
