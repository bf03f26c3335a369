"""Every close code: on an established connection, instead of a welcome, and at the set-up."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from tools.devserver import DevServer

from ..client.conftest import Clock
from ..home_assistant import reauth_flows
from .app_under_test import AppUnderTest

CODES = [*range(1000, 1016), *range(4000, 4400)]
NOT_FOR_THE_WIRE = {1004, 1005, 1015}
HEALTHY = 31
LONGEST_GAP = 61
QUOTA_WAIT = 361
ISSUES = {4000: "tls_required", 4001: "app_not_found", 4003: "app_disabled"}
ISSUES |= {4004: "over_quota", 4009: "", 4100: "over_quota"}


def reported(code: int) -> str:
    """Return the message for a close code; a reserved one is a protocol error."""
    if code == 1009:
        return "A message was too large for the server (1009)"
    return f"The connection was closed ({1002 if code in NOT_FOR_THE_WIRE else code})"


def is_back_at_once(code: int) -> bool:
    """Return whether the code asks for an immediate reconnect."""
    return (code < 4000 and code not in {1002, 1003, *NOT_FOR_THE_WIRE}) or 4200 <= code < 4300


def stops(code: int) -> bool:
    """Return whether the same attempt would fail again."""
    return 4000 <= code < 4100 and code != 4004


def issues(code: int) -> set[str]:
    """Return the repair issues of the code; 4009 starts a new authorization instead."""
    issue = ISSUES.get(code, "app_refused" if stops(code) else "")
    return {issue} if issue else set()


async def asked_to_authorize(hass: HomeAssistant) -> bool:
    """Return whether a reauthentication was started, and abort it."""
    await hass.async_block_till_done()
    asked = reauth_flows(hass) == ["reauth"]
    for flow in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(flow["flow_id"])
    return asked


async def returns(app: AppUnderTest, code: int, clock: Clock, *, waits: bool) -> None:
    """Expect what the code asks for, and that everything works afterwards."""
    assert await asked_to_authorize(app.hass) == (code == 4009)
    assert app.issues == issues(code)
    if stops(code):
        assert app.status.state == "disconnected"
        assert app.status.attributes["last_error"] == reported(code)
        target = {"entity_id": "switch.demo_app_connection"}
        await app.hass.services.async_call("switch", "turn_on", target, blocking=True)
    elif waits:
        assert app.status.state == "reconnecting"
        clock.skip(QUOTA_WAIT if code == 4004 else LONGEST_GAP)
    await app.after_the_fault(reported(code))


async def test_each_close_code_is_reconnected_or_reported(
    app: AppUnderTest, server: DevServer, clock: Clock
) -> None:
    for code in CODES:
        clock.skip(HEALTHY)
        await server.close_all(code)
        assert await app.fails() == reported(code)

        await returns(app, code, clock, waits=not is_back_at_once(code))


async def test_each_close_code_instead_of_a_welcome_is_reconnected_or_reported(
    app: AppUnderTest, server: DevServer, clock: Clock
) -> None:
    for code in CODES:
        clock.skip(HEALTHY)
        server.faults.handshake_close = code
        server.abort_all()
        assert await app.fails(2) == reported(code)
        server.faults.reset()

        await returns(app, code, clock, waits=True)


async def test_each_close_code_at_setup_is_retried_or_reported(
    hass: HomeAssistant, server: DevServer, app: AppUnderTest
) -> None:
    """An issue stays until another replaces it, or until the app connects."""
    seen: set[str] = set()
    for code in CODES:
        server.faults.handshake_close = code
        assert not await hass.config_entries.async_reload(app.entry.entry_id)

        failed = ConfigEntryState.SETUP_ERROR if stops(code) else ConfigEntryState.SETUP_RETRY
        assert app.entry.state is failed, code
        seen = issues(code) or seen
        assert app.issues == seen
        assert await asked_to_authorize(hass) == (code == 4009)

    server.faults.reset()
    await app.reload()
    await app.after_the_fault(None, lost=False)
