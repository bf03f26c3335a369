"""The connection test: each failure has its own error, and no connection stays open."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.pusher_channels.client import HttpApi, RequestError, RequestFailure
from custom_components.pusher_channels.flows.forms import FormError
from custom_components.pusher_channels.flows.probe import probe
from tests.tools.devserver.certificate import write_certificate
from tools.devserver import App, DevServer, Faults, frames

from ..conftest import APP, app_data
from ..flow_steps import app_form, choose, shown_error, skip_time, start, submit

WELCOME = frames.established("1.1", 120)

type Break = Callable[[Faults], None]


def first_frame(text: str | bytes) -> Break:
    def set_fault(faults: Faults) -> None:
        faults.first_frame = text

    return set_fault


def closed(code: int, *, after: str | None = None) -> Break:
    def set_fault(faults: Faults) -> None:
        faults.first_frame = after
        faults.handshake_close = code

    return set_fault


def upgrade(status: int) -> Break:
    def set_fault(faults: Faults) -> None:
        faults.upgrade_status = status

    return set_fault


def reset(faults: Faults) -> None:
    faults.handshake_reset = True


@pytest.fixture
async def tls_server(
    hass: HomeAssistant, socket_enabled: None, tmp_path: Path
) -> AsyncIterator[DevServer]:
    """Run a server with an untrusted certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(tmp_path))
    handle = hass.loop.get_exception_handler()
    assert handle is not None

    def ignore_refused_certificates(
        loop: asyncio.AbstractEventLoop, context: dict[str, object]
    ) -> None:
        if not isinstance(context.get("exception"), ConnectionResetError | ssl.SSLError):
            handle(loop, context)

    hass.loop.set_exception_handler(ignore_refused_certificates)
    async with DevServer(apps=[APP], ssl=context) as server:
        yield server
    hass.loop.set_exception_handler(handle)


@pytest.mark.parametrize(
    ("break_it", "error"),
    [
        pytest.param(upgrade(404), "not_pusher", id="no websocket"),
        pytest.param(upgrade(503), "cannot_connect", id="bad gateway"),
        pytest.param(reset, "cannot_connect", id="reset"),
        pytest.param(first_frame("Hello"), "not_pusher", id="not Pusher"),
        pytest.param(first_frame(frames.pong()), "not_pusher", id="no welcome"),
        pytest.param(first_frame(frames.error(4000, "TLS only")), "tls_required", id="4000"),
        pytest.param(first_frame(frames.error(4001, "No app")), "invalid_app_key", id="4001"),
        pytest.param(first_frame(frames.error(4003, "Disabled")), "app_disabled", id="4003"),
        pytest.param(first_frame(frames.error(4004, "Full")), "over_quota", id="4004"),
        pytest.param(first_frame(frames.error(4100, "Full")), "over_quota", id="4100"),
        pytest.param(first_frame(frames.error(4006, "Version")), "cannot_connect", id="4006"),
        pytest.param(closed(4000), "tls_required", id="closed with 4000"),
        pytest.param(closed(4001), "invalid_app_key", id="closed with 4001"),
        pytest.param(closed(1011), "cannot_connect", id="closed with 1011"),
        pytest.param(closed(4003, after=WELCOME), "app_disabled", id="welcomed, then closed"),
    ],
)
async def test_failed_connection_is_shown_with_its_reason_and_can_be_corrected(
    hass: HomeAssistant, server: DevServer, break_it: Break, error: str
) -> None:
    break_it(server.faults)
    step = await submit(hass, await start(hass), app_form(server))
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "user"
    assert step["errors"] == {"base": error}
    assert shown_error(step)
    await server.wait_disconnected()

    server.faults.reset()
    step = await submit(hass, step, app_form(server))
    assert step["step_id"] == "authorization"
    await server.wait_disconnected()


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (App(key="other-key"), "invalid_app_key"),
        (App(enabled=False), "app_disabled"),
        (App(max_connections=0), "over_quota"),
        (App(max_connections=0, quota_code=4004), "over_quota"),
    ],
)
async def test_app_without_room_on_the_server(
    hass: HomeAssistant, socket_enabled: None, app: App, error: str
) -> None:
    async with DevServer(apps=[app]) as server:
        step = await submit(hass, await start(hass), app_form(server))
    assert step["errors"] == {"base": error}


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 426])
async def test_web_server_is_not_a_pusher_server(
    hass: HomeAssistant, server: DevServer, status: int
) -> None:
    server.faults.upgrade_status = status
    step = await submit(hass, await start(hass), app_form(server))
    assert step["errors"] == {"base": "not_pusher"}


async def test_origin_is_sent_where_the_server_asks_for_one(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    app = replace(APP, origins=frozenset({"https://panel.example"}))
    async with DevServer(apps=[app]) as server:
        step = await submit(hass, await start(hass), app_form(server))
        assert step["errors"] == {"base": "origin_not_allowed"}
        assert "Origin" in shown_error(step)
        step = await submit(hass, step, app_form(server, origin="https://panel.example/"))
        assert step["step_id"] == "authorization"


async def test_headers_are_sent_with_each_connection(
    hass: HomeAssistant, server: DevServer
) -> None:
    form = app_form(server, headers=[{"name": "X-Gateway", "value": "gateway-token"}])
    step = await choose(hass, await submit(hass, await start(hass), form), "auth_secret")
    step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert {attempt.headers.get("X-Gateway") for attempt in server.attempts} == {"gateway-token"}


async def test_server_api_may_have_another_address(hass: HomeAssistant, server: DevServer) -> None:
    async with DevServer(apps=[APP]) as other:
        form = app_form(server, api_host=f"{other.host}:{other.port}")
        server.faults.api_status = 503
        step = await choose(hass, await submit(hass, await start(hass), form), "auth_secret")
        step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
        assert step["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, "invalid_app_id"), (404, "invalid_app_id"), (503, "cannot_connect")],
)
async def test_app_id_is_proved_by_the_server_api(
    hass: HomeAssistant, server: DevServer, status: int, error: str
) -> None:
    step = await choose(
        hass, await submit(hass, await start(hass), app_form(server)), "auth_secret"
    )
    server.faults.api_status = status
    step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
    assert step["errors"] == {"base": error}
    assert shown_error(step)
    step = await submit(hass, step, {"secret": APP.secret})
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_wrong_clock_does_not_disprove_the_app_id(
    hass: HomeAssistant, server: DevServer
) -> None:
    step = await choose(
        hass, await submit(hass, await start(hass), app_form(server)), "auth_secret"
    )
    refusal = RequestError(RequestFailure.CLOCK_SKEW, "Timestamp expired", 401)
    with patch.object(HttpApi, "check_app_id", side_effect=refusal):
        step = await submit(hass, step, {"secret": APP.secret, "app_id": APP.app_id})
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_stopped_server_cannot_be_reached(hass: HomeAssistant, server: DevServer) -> None:
    await server.stop()
    step = await submit(hass, await start(hass), app_form(server))
    assert step["errors"] == {"base": "cannot_connect"}


async def test_silent_server_times_out_after_ten_seconds(
    hass: HomeAssistant, server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip = skip_time(monkeypatch)
    server.faults.handshake_silent = True
    step = await start(hass)
    waiting = hass.async_create_task(submit(hass, step, app_form(server)))
    await server.wait_connected()
    skip(9)
    await server.wait_for(lambda: not waiting.done() or None)
    skip(1)
    step = await waiting
    assert step["errors"] == {"base": "timeout_connect"}
    assert shown_error(step)
    await server.wait_disconnected()


async def test_server_without_tls(hass: HomeAssistant, server: DevServer) -> None:
    step = await submit(hass, await start(hass), app_form(server, use_tls=True))
    assert step["errors"] == {"base": "tls_failed"}


async def test_certificate_is_verified_unless_the_user_turned_it_off(
    hass: HomeAssistant, tls_server: DevServer
) -> None:
    step = await submit(hass, await start(hass), app_form(tls_server, use_tls=True))
    assert step["errors"] == {"base": "certificate_invalid"}

    form = app_form(tls_server, use_tls=True, verify_ssl=False)
    step = await submit(hass, step, form)
    assert step["step_id"] == "authorization"


async def test_unexpected_error_is_logged(
    hass: HomeAssistant, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    module = "custom_components.pusher_channels.flows.probe"
    with patch(f"{module}.make_client", side_effect=RuntimeError("surprise")):
        step = await submit(hass, await start(hass), app_form(server))
    assert step["errors"] == {"base": "unknown"}
    assert "Testing an app failed" in caplog.text
    assert "RuntimeError: surprise" in caplog.text


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (4003, "The app was disabled", "app_disabled"),
        (4009, "Connection is unauthorized", "channel_refused"),
        (4006, "Version", "cannot_connect"),
    ],
)
async def test_connection_that_is_lost_while_subscribing_has_the_reason_of_the_server(
    hass: HomeAssistant, server: DevServer, code: int, reason: str, error: str
) -> None:
    server.faults.unanswered_channels = {"orders"}
    waiting = hass.async_create_task(probe(hass, app_data(server), {}, "orders"))
    await server.wait_received("pusher:subscribe")
    server.faults.upgrade_status = 503
    await server.close_all(code, reason)
    with pytest.raises(FormError) as failed:
        await waiting
    assert (failed.value.key, failed.value.message) == (error, f"{reason} ({code})")
    await server.wait_disconnected()


async def test_cancelled_test_leaves_no_connection_open(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"orders"}
    waiting = hass.async_create_task(probe(hass, app_data(server), {}, "orders"))
    await server.wait_received("pusher:subscribe")
    waiting.cancel()
    await server.wait_disconnected()
    assert waiting.done()
