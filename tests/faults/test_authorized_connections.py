"""Servers that close a connection which is not authorized within a time, at work and during a slow start."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import (
    CoreState,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.client import SecretAuthorizer, User
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


async def start_slowly(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> None:
    """Set the entry up in a start of Home Assistant that takes longer than the server waits."""
    hass.set_state(CoreState.starting)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.pass_by(TIMEOUT + 15)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()


async def test_a_slow_start_of_home_assistant_ends_no_connection_for_good(
    hass: HomeAssistant, strict: DevServer, clock: Clock
) -> None:
    entry = app_entry(strict, "private-orders", options={"sign_in": True})
    await start_slowly(hass, entry, clock)
    await until(lambda: state_of(hass, "binary_sensor.private_orders_subscribed").state == "on")
    await clock.pass_by(4 * TIMEOUT)

    assert state_of(hass, STATUS).state == "connected"
    assert len(strict.attempts) == 2
    assert reauth_flows(hass) == []
    assert issues_of(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("starts_slowly", [False, True])
async def test_an_app_that_cannot_authorize_has_a_repair_and_no_reauth(
    hass: HomeAssistant, strict: DevServer, clock: Clock, starts_slowly: bool
) -> None:
    if starts_slowly:
        hass.set_state(CoreState.starting)
    entry = app_entry(strict, "orders", authorization="auth_none")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)

    await clock.pass_by(4 * TIMEOUT)
    await until(lambda: issues_of(hass))
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()

    assert set(issues_of(hass)) == {f"authorization_required_{entry.entry_id}"}
    assert reauth_flows(hass) == []
    assert state_of(hass, STATUS).state == "disconnected"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("channel", "state", "kinds"),
    [
        ("orders", "disconnected", {"authorization_required"}),
        ("private-orders", "connected", set()),
    ],
)
async def test_a_script_that_knows_no_users_causes_no_reauth(
    hass: HomeAssistant,
    strict: DevServer,
    clock: Clock,
    channel: str,
    state: str,
    kinds: set[str],
) -> None:
    """The client signs in to authorize the connection, which the user's options do not ask for."""
    signer = SecretAuthorizer(APP.key, APP.secret, User("me"))

    async def authorize(call: ServiceCall) -> ServiceResponse:
        if "channel_name" not in call.data:
            return None
        auth = await signer.authorize_channel(call.data["socket_id"], call.data["channel_name"])
        return {"auth": auth.auth}

    hass.services.async_register(
        "script", "authorize", authorize, supports_response=SupportsResponse.OPTIONAL
    )
    entry = app_entry(strict, channel, authorization="auth_script", script="script.authorize")
    await start_slowly(hass, entry, clock)

    await clock.pass_by(2 * TIMEOUT)
    await until(lambda: state_of(hass, STATUS).state == state)
    await until(lambda: len(issues_of(hass)) == len(kinds))

    assert set(issues_of(hass)) == {f"{kind}_{entry.entry_id}" for kind in kinds}
    assert reauth_flows(hass) == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_repair_is_deleted_when_a_private_channel_authorizes_the_connection(
    hass: HomeAssistant, strict: DevServer, clock: Clock
) -> None:
    entry = app_entry(
        strict, "orders", authorization="auth_endpoint", auth_endpoint=strict.auth_url
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.pass_by(4 * TIMEOUT)
    await until(lambda: issues_of(hass))

    subentry = ConfigSubentry(
        data=MappingProxyType({"channel": "private-orders"}),
        subentry_type="channel",
        title="private-orders",
        unique_id="private-orders",
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await until(lambda: issues_of(hass) == {})

    assert state_of(hass, STATUS).state == "connected"
    await hass.config_entries.async_unload(entry.entry_id)
