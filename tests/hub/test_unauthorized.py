"""Code 4009 asks for new credentials, unless it is about something else."""

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer, frames

from ..conftest import SetUp, app_entry, until
from ..home_assistant import issues_of, reauth_flows, skip, state_of

STATUS = "sensor.demo_app_connection_state"


@pytest.mark.parametrize(
    "message", ["Origin not allowed", "Connection not authorized within timeout."]
)
async def test_4009_about_something_else_than_credentials_asks_for_no_new_ones(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, message: str
) -> None:
    hub = await set_up(app_entry(server, "orders"))

    await server.close_all(4009, message)
    await until(lambda: hub.client.last_error)
    await hass.async_block_till_done()

    assert reauth_flows(hass) == []


async def test_4009_of_a_channel_asks_for_new_credentials(
    hass: HomeAssistant, server: DevServer
) -> None:
    answer = frames.subscription_error("private-room", "Unauthorized", 4009)
    server.faults.subscribe_answers["private-room"] = answer
    entry = app_entry(server, "private-room")
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: reauth_flows(hass))

    assert issues_of(hass) == {}


async def test_origin_that_is_not_allowed_has_an_issue_until_it_connects(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.first_frame = frames.error(4009, "Origin not allowed")
    server.faults.handshake_close = 4009
    entry = app_entry(server)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert list(issues_of(hass)) == [f"origin_not_allowed_{entry.entry_id}"]
    assert reauth_flows(hass) == []

    server.faults.reset()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert issues_of(hass) == {}


async def test_server_that_requires_authorization_of_an_app_without_any_has_an_issue_until_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", authorization="auth_none")
    await set_up(entry)

    for _ in range(2):
        await server.close_all(4009, "Connection not authorized within timeout.")
        await skip(hass, 60)

    await until(lambda: issues_of(hass))
    assert list(issues_of(hass)) == [f"authorization_required_{entry.entry_id}"]
    assert reauth_flows(hass) == []

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert issues_of(hass) == {}


async def test_terminated_connections_of_the_signed_in_user_have_an_issue_until_connected(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-orders", options={"sign_in": True})
    hub = await set_up(entry)
    await until(lambda: hub.client.user.user_id)

    await hass.services.async_call(
        DOMAIN, "terminate_user_connections", {"user_id": hub.client.user.user_id}, blocking=True
    )
    await until(lambda: state_of(hass, STATUS).state == "disconnected")
    await hass.async_block_till_done()

    issue = issues_of(hass)[f"connection_terminated_{entry.entry_id}"]
    assert issue.is_fixable
    assert reauth_flows(hass) == []
    assert len(server.attempts) == 1

    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.demo_app_connection"}, blocking=True
    )
    await until(lambda: state_of(hass, STATUS).state == "connected")
    assert issues_of(hass) == {}
