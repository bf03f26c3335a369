"""Nothing secret leaves Home Assistant by a log, an exception, an issue, a state or diagnostics."""

import base64
import hmac
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import App, AuthEndpoints, DevServer, frames

from .conftest import SetUp, app_entry, until

SECRET = "canary-app-secret"
MASTER_KEY = base64.b64encode(b"canary-master-key-of-32-bytes-00").decode()
TOKEN = "canary-header-token"
PARAM = "canary-param-token"
QUERY = "canary-query-token"
RENDERED = "canary-rendered-token"
USER_INFO = "canary-user-info"
APP = App(key="canary-app-key", secret=SECRET, master_key=MASTER_KEY)
OURS = ("custom_components", "homeassistant")
CANARIES = (SECRET, MASTER_KEY, TOKEN, PARAM, QUERY, RENDERED)

type Everything = list[str]


class Search(Protocol):
    """Fails if a secret of the entry, or one of `more`, was written."""

    async def __call__(self, entry: MockConfigEntry, *more: str) -> None: ...


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[DevServer]:
    """Run a server with secrets that are easy to find."""
    auth = AuthEndpoints(required_headers={"Authorization": f"Bearer {TOKEN}"})
    async with DevServer(apps=[APP], auth=auth) as running:
        yield running


@pytest.fixture
def written(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> Everything:
    """Return a list to which each event of the bus is added, states included."""
    caplog.set_level(logging.DEBUG)
    everything: Everything = []

    @callback
    def keep(event: Event[Any]) -> None:
        everything.append(f"{event.event_type} {event.as_dict()}")

    hass.bus.async_listen(MATCH_ALL, keep)
    return everything


def secret_entry(server: DevServer, *channels: str, **changes: Any) -> MockConfigEntry:
    return app_entry(
        server,
        *channels,
        app_key=APP.key,
        app_id=APP.app_id,
        encryption_master_key=MASTER_KEY,
        user_info={"note": USER_INFO},
        **{"secret": SECRET} | changes,
    )


def endpoint_entry(server: DevServer, *channels: str, **changes: Any) -> MockConfigEntry:
    url = f"{server.auth_url}?token={QUERY}"
    return secret_entry(
        server,
        *channels,
        authorization="auth_endpoint",
        auth_endpoint=url,
        headers=[
            {"name": "Authorization", "value": f"Bearer {TOKEN}"},
            {"name": "X-Rendered", "value": "{{ 'canary-' ~ 'rendered-token' }}"},
        ],
        params=[{"name": "tenant", "value": PARAM}],
        **changes,
    )


@pytest.fixture
def assert_nothing_secret(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    written: Everything,
) -> Search:
    """Return a search of all that was written so far, and of the diagnostics as they are now."""

    async def search(entry: MockConfigEntry, *more: str) -> None:
        diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
        issues = [str(issue) for issue in ir.async_get(hass).issues.values()]
        logged = [_logged(record) for record in caplog.records if record.name.startswith(OURS)]
        shown = "\n".join([*written, *issues, *logged, json.dumps(diagnostics), str(entry.reason)])
        for canary in (*CANARIES, *more):
            assert canary not in shown
        for personal in (APP.key, USER_INFO):
            assert personal not in json.dumps(diagnostics)

    return search


def _logged(record: logging.LogRecord) -> str:
    return logging.Formatter().format(record)


def signatures(server: DevServer) -> list[str]:
    """Return the signatures that the server received."""
    asked = (json.loads(frame.text) for frame in server.received)
    data = [frame["data"] for frame in asked if isinstance(frame["data"], dict)]
    return [it["auth"].partition(":")[2] for it in data if it.get("auth")]


async def test_not_while_everything_works_and_after_a_reload(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    assert_nothing_secret: Search,
) -> None:
    entry = secret_entry(server, "private-encrypted-room", "presence-room", "private-room")
    hub = await set_up(entry)
    await server.publish("private-encrypted-room", "hello", {"n": 1})
    assert hub.api is not None
    await hub.api.trigger(["private-room"], "hello", {})
    await hass.async_block_till_done()

    assert await hass.config_entries.async_reload(entry.entry_id)
    again: Hub = entry.runtime_data
    await until(lambda: all(channel.is_subscribed for channel in again.channels.values()))

    signed = signatures(server)
    assert len(signed) == 6
    await assert_nothing_secret(entry, *signed)


async def test_not_with_a_wrong_secret(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
) -> None:
    wrong = "canary-wrong-secret"
    entry = secret_entry(server, "private-room", secret=wrong)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-room"].error)
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(
            DOMAIN,
            "trigger",
            {"channel": "orders", "event": "shipped", "data": {}},
            blocking=True,
        )

    signed = signatures(server)
    assert signed
    errors = (wrong, *signed)
    assert not any(it in f"{raised.value!r} {raised.value.__cause__!r}" for it in errors)
    await assert_nothing_secret(entry, *errors)


async def test_not_when_a_server_quotes_a_signature(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
) -> None:
    signature = "0123456789abcdef" * 4
    server.faults.subscribe_answers["private-room"] = frames.error(
        None,
        "Invalid signature: Expected HMAC SHA256 hex digest of 1.2:private-room, "
        f"but got {signature}",
    )
    entry = secret_entry(server, "private-room")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-room"].error)

    await assert_nothing_secret(entry, signature)


@pytest.mark.parametrize("status", [401, 403, 419, 500])
async def test_not_when_an_endpoint_refuses_and_quotes_the_request(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
    status: int,
) -> None:
    quoted = f"No: Bearer {TOKEN}, {RENDERED}, {PARAM} at /auth?token={QUERY} for private-room"
    server.faults.auth_status = status
    server.faults.auth_body = json.dumps({"message": quoted})
    entry = endpoint_entry(server, "private-room")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-room"].error)
    await hass.async_block_till_done()

    error = hub.client.channels["private-room"].error
    assert error is not None
    assert error.error.startswith("No: ")
    assert error.error.endswith("for private-room")
    request = await server.wait_auth_requests(1)
    assert request.headers["X-Rendered"] == RENDERED
    await assert_nothing_secret(entry)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 100_000,
        b"[]",
        b"{",
        json.dumps({"auth": 1, "shared_secret": "canary-shared-secret"}).encode(),
        json.dumps({"auth": "a:b", "shared_secret": "canary-shared-secret"}).encode(),
    ],
    ids=["empty", "huge", "list", "broken", "no auth", "bad shared secret"],
)
async def test_not_when_an_endpoint_talks_nonsense(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
    body: bytes,
) -> None:
    server.faults.auth_body = body
    entry = endpoint_entry(server, "private-encrypted-room")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-encrypted-room"].error)

    canary = "canary-shared-secret"
    await assert_nothing_secret(entry, canary)


async def test_not_when_the_endpoint_does_not_answer(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
) -> None:
    async with DevServer() as gone:
        url = f"http://canary-user:canary-password@127.0.0.1:{gone.port}/auth?token={QUERY}"
    entry = endpoint_entry(server, "private-room")
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "auth_endpoint": url})
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-room"].error)

    more = ("canary-user", "canary-password")
    await assert_nothing_secret(entry, *more)


async def test_not_when_the_app_is_refused(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
) -> None:
    server.faults.first_frame = frames.error(4001, "App does not exist")
    entry = secret_entry(server, "private-room")
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR

    await set_up_a_loaded_one(hass, server)
    await assert_nothing_secret(entry)


async def set_up_a_loaded_one(hass: HomeAssistant, server: DevServer) -> None:
    """Load the integration, without which Home Assistant serves no diagnostics."""
    server.faults.reset()
    other = MockConfigEntry(domain=DOMAIN, data=secret_entry(server).data)
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)


async def test_not_when_a_template_cannot_be_rendered(
    hass: HomeAssistant,
    server: DevServer,
    assert_nothing_secret: Search,
) -> None:
    value = f"{{{{ ('{TOKEN}' | from_json).key }}}}"
    entry = endpoint_entry(server, "private-room")
    entry.add_to_hass(hass)
    headers = [{"name": "Authorization", "value": value}]
    hass.config_entries.async_update_entry(entry, data={**entry.data, "headers": headers})
    assert await hass.config_entries.async_setup(entry.entry_id)
    hub: Hub = entry.runtime_data
    await until(lambda: hub.client.channels["private-room"].error)

    error = hub.client.channels["private-room"].error
    assert error is not None
    assert error.error == "The template of Authorization could not be rendered"
    await assert_nothing_secret(entry)


async def test_not_when_pages_and_servers_ask(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    assert_nothing_secret: Search,
) -> None:
    # A client freezes the routes, in tests alone.
    assert await async_setup_component(hass, "diagnostics", {})
    room = "private-encrypted-room"
    options = {"auth_endpoint_view": True, "webhook": True, "webhook_id": "any"}
    entry = secret_entry(server, room, options=options)
    await set_up(entry)
    page, sender = await hass_client(), await hass_client_no_auth()
    path = f"/api/pusher_channels/auth/{entry.entry_id}"
    shown = []
    for client, channel in ((page, room), (page, "private-other"), (sender, room)):
        answer = await client.post(path, data={"socket_id": "1.2", "channel_name": channel})
        shown.append(await answer.text())
    signed = json.loads(shown[0])
    secrets = [signed["auth"].partition(":")[2], signed["shared_secret"]]
    for body in (b"{", b'{"time_ms":0,"events":[]}', b"x" * (1024 * 1024 + 1)):
        for secret in (SECRET, "another"):
            signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
            headers = {"X-Pusher-Key": APP.key, "X-Pusher-Signature": signature}
            answer = await sender.post("/api/webhook/any", data=body, headers=headers)
            assert answer.status >= 400
            assert await answer.text() == ""
            secrets.append(signature)

    assert not any(canary in text for canary in CANARIES for text in shown)
    await assert_nothing_secret(entry, *secrets)


async def test_search_finds_what_is_secret(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    assert_nothing_secret: Search,
) -> None:
    entry = secret_entry(server)
    await set_up(entry)

    logging.getLogger("custom_components.pusher_channels.hub.hub").debug("Signed with %s", SECRET)
    with pytest.raises(AssertionError):
        await assert_nothing_secret(entry)
    caplog.clear()
    hass.states.async_set("sensor.any", "on", {"last_error": f"Bearer {TOKEN}"})
    await hass.async_block_till_done()
    with pytest.raises(AssertionError):
        await assert_nothing_secret(entry)
