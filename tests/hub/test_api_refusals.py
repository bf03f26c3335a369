"""A refusal of the server API that lasts has a repair issue until a request succeeds."""

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.pusher_channels.client.exceptions import RequestError, RequestFailure
from custom_components.pusher_channels.client.http_api import HttpApi
from custom_components.pusher_channels.client.server import Server
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.refusals import api_failed, api_succeeded
from tools.devserver import DevServer

from ..conftest import APP, SetUp, app_entry, until
from ..home_assistant import issues_of


async def ask_api_of_a_server_with_another_clock(session: ClientSession) -> RequestError:
    """Return what the API client makes of pusher.com's answer to a request from the past."""

    async def refuse(_: web.Request) -> web.Response:
        message = "Timestamp expired: Given timestamp (2026-11-24T00:00:00Z) not within 600s"
        return web.Response(status=401, text=message)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", refuse)
    async with TestServer(app, host="127.0.0.1") as server:
        address = Server.self_hosted("127.0.0.1", server.port, use_tls=False)
        api = HttpApi(session, address, app_id="1", app_key="key", secret="secret")
        with pytest.raises(RequestError) as raised:
            await api.trigger(["orders"], "shipped", {})
    return raised.value


async def test_wrong_clock_has_an_issue_until_a_request_succeeds(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    async with ClientSession() as session:
        err = await ask_api_of_a_server_with_another_clock(session)

    api_failed(hass, entry, err)
    issue_id = f"clock_skew_{entry.entry_id}"
    assert list(issues_of(hass)) == [issue_id]

    old = hub.client.socket_id
    await server.close_all(1001)
    await until(lambda: hub.client.socket_id not in (old, None))
    assert list(issues_of(hass)) == [issue_id]

    assert not issues_of(hass)[issue_id].is_fixable

    api_succeeded(hass, entry)
    assert issues_of(hass) == {}


async def test_refusal_and_success_of_the_api_are_logged_once_and_update_its_issue(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    trigger = {"channel": "orders", "event": "shipped", "data": {}, "via": "server"}
    server.faults.api_status = 403
    for _ in range(2):
        with pytest.raises(HomeAssistantError):
            await hass.services.async_call(DOMAIN, "trigger", trigger, blocking=True)

    issue = issues_of(hass)[f"api_refused_{entry.entry_id}"]
    assert not issue.is_fixable

    server.faults.api_status = None
    for _ in range(2):
        await hass.services.async_call(DOMAIN, "trigger", trigger, blocking=True)

    assert issues_of(hass) == {}
    assert [it.getMessage() for it in caplog.records if it.name.endswith(".refusals")] == [
        "Demo app: the server API refused a request: The fault api_status is set",
        "Demo app: the server API accepts requests again",
    ]


async def test_refusal_of_the_api_is_logged_without_secrets(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    api_failed(hass, entry, RequestError(RequestFailure.REFUSED, f"No app {APP.secret}", 401))
    assert "refused a request: No app **REDACTED**" in caplog.text


async def test_refused_api_and_wrong_clock_replace_each_other(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    for failure in (RequestFailure.REFUSED, RequestFailure.CLOCK_SKEW, RequestFailure.REFUSED):
        api_failed(hass, entry, RequestError(failure, "No", 401))
        kind = "clock_skew" if failure is RequestFailure.CLOCK_SKEW else "api_refused"
        assert list(issues_of(hass)) == [f"{kind}_{entry.entry_id}"]


@pytest.mark.parametrize("failure", [RequestFailure.REFUSED, RequestFailure.CLOCK_SKEW])
async def test_issue_is_deleted_by_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, failure: RequestFailure
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    api_failed(hass, entry, RequestError(failure, "No", 401))
    assert len(issues_of(hass)) == 1

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert issues_of(hass) == {}


@pytest.mark.parametrize("status", [0, 400, 404, 413, 422, 429, 500, 503])
async def test_failure_of_one_request_or_for_a_while_creates_no_issue(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, status: int
) -> None:
    entry = app_entry(server)
    await set_up(entry)

    api_failed(hass, entry, RequestError(RequestFailure.REFUSED, "No", status))

    assert issues_of(hass) == {}
