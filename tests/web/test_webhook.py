"""Signed webhooks of the server are fired as events, each request once."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.pusher_channels.hub.devices import subentry_identifier
from tools.devserver import DevServer

from ..conftest import APP, SetUp, app_entry
from ..home_assistant import issues_of

ID = "0123456789abcdef0123456789abcdef"
PATH = f"/api/webhook/{ID}"
ON = {"webhook": True, "webhook_id": ID}
OCCUPIED = {"name": "channel_occupied", "channel": "orders"}

type Client = TestClient[Any, Any]


def made(*events: object, away: float = 0) -> bytes:
    """Return the body of a webhook that is sent `away` seconds before or after now."""
    time_ms = round((dt_util.utcnow().timestamp() + away) * 1000)
    return json.dumps({"time_ms": time_ms, "events": events}).encode()


def signed(body: bytes, **changes: str) -> dict[str, str]:
    signature = hmac.new(APP.secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Pusher-Key": APP.key, "X-Pusher-Signature": signature} | changes


async def send(client: Client, body: bytes, **changes: str) -> int:
    """Send a webhook and return the status of the answer."""
    answer: ClientResponse = await client.post(PATH, data=body, headers=signed(body, **changes))
    assert await answer.read() == b""
    return answer.status


@pytest.fixture
async def entry(server: DevServer, set_up: SetUp) -> MockConfigEntry:
    """Set up an app that receives webhooks."""
    entry = app_entry(server, "presence-a", options=ON)
    await set_up(entry)
    return entry


@pytest.fixture
async def sender(
    entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return a client without a token."""
    return await hass_client_no_auth()


@pytest.fixture
def fired(hass: HomeAssistant) -> list[Event[Any]]:
    """Return a list that gets each event."""
    return async_capture_events(hass, "pusher_channels_webhook")


async def test_each_event_is_fired_for_its_device(
    hass: HomeAssistant, entry: MockConfigEntry, sender: Client, fired: list[Event[Any]]
) -> None:
    client_event = {
        "name": "client_event",
        "channel": "presence-a",
        "event": "client-light",
        "data": '{"on":true}',
        "socket_id": "1.2",
        "user_id": "42",
    }
    count = {"name": "subscription_count", "channel": "orders", "subscription_count": 3}
    assert await send(sender, made(OCCUPIED, client_event, count)) == 200

    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    channel_id = subentry_identifier(entry.entry_id, "id-presence-a")
    [channel] = [device for device in devices if channel_id in device.identifiers]
    common = dict.fromkeys(
        ("user_id", "client_event", "data", "socket_id", "subscription_count")
    ) | {"entry_id": entry.entry_id, "device_id": entry.runtime_data.device_id}
    assert [event.data for event in fired] == [
        common | {"event": "channel_occupied", "channel": "orders"},
        common
        | {
            "device_id": channel.id,
            "event": "client_event",
            "channel": "presence-a",
            "client_event": "client-light",
            "data": {"on": True},
            "socket_id": "1.2",
            "user_id": "42",
        },
        common | {"event": "subscription_count", "channel": "orders", "subscription_count": 3},
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Pusher-Key": "another-key"},
        {"X-Pusher-Key": ""},
        {"X-Pusher-Signature": "0" * 64},
        {"X-Pusher-Signature": ""},
        {"X-Pusher-Signature": "\N{SNOWMAN}"},
    ],
)
async def test_wrong_key_or_signature_is_unauthorized(
    sender: Client, fired: list[Event[Any]], changes: dict[str, str]
) -> None:
    assert await send(sender, made(OCCUPIED), **changes) == 401
    assert fired == []


async def test_unsigned_or_changed_body_is_unauthorized(
    sender: Client, fired: list[Event[Any]]
) -> None:
    body = made(OCCUPIED)
    assert (await sender.post(PATH, data=body)).status == 401
    changed = body.replace(b"orders", b"0rders")
    assert (await sender.post(PATH, data=changed, headers=signed(body))).status == 401
    assert fired == []


@pytest.mark.parametrize(("away", "status"), [(-310, 401), (310, 401), (-290, 200), (290, 200)])
async def test_time_is_within_five_minutes(
    sender: Client, fired: list[Event[Any]], away: float, status: int
) -> None:
    assert await send(sender, made(OCCUPIED, away=away)) == status
    assert len(fired) == (status == 200)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"time_ms":1,"events":[{}]}'])
async def test_signed_body_that_is_no_webhook_is_a_bad_request(
    sender: Client, fired: list[Event[Any]], body: bytes
) -> None:
    assert await send(sender, body) == 400
    assert fired == []


async def test_body_that_cannot_be_decompressed_is_a_bad_request(
    sender: Client, fired: list[Event[Any]]
) -> None:
    assert await send(sender, made(OCCUPIED), **{"Content-Encoding": "gzip"}) == 400
    assert fired == []


async def test_body_has_a_megabyte_at_most(sender: Client, fired: list[Event[Any]]) -> None:
    body = made(OCCUPIED)
    assert await send(sender, body.ljust(1024 * 1024)) == 200
    assert await send(sender, body.ljust(1024 * 1024 + 1)) == 413
    assert len(fired) == 1


async def test_repeated_request_fires_nothing_even_after_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sender: Client,
    fired: list[Event[Any]],
    freezer: FrozenDateTimeFactory,
) -> None:
    body = made(OCCUPIED)
    assert await send(sender, body) == 200
    assert await send(sender, body) == 200
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await send(sender, body) == 200
    assert len(fired) == 1
    freezer.tick(301)
    assert await send(sender, body) == 401
    assert await send(sender, made(OCCUPIED)) == 200
    assert len(fired) == 2


@pytest.mark.parametrize("state", [CoreState.starting, CoreState.stopping])
async def test_request_is_refused_for_now_while_automations_cannot_run(
    hass: HomeAssistant, sender: Client, fired: list[Event[Any]], state: CoreState
) -> None:
    body = made(OCCUPIED)
    hass.set_state(state)
    assert await send(sender, body) == 503
    hass.set_state(CoreState.running)
    assert await send(sender, body) == 200
    assert len(fired) == 1


async def test_only_posts_are_accepted(sender: Client, fired: list[Event[Any]]) -> None:
    body = made(OCCUPIED)
    assert (await sender.put(PATH, data=body, headers=signed(body))).status == 405
    assert (await sender.get(PATH)).status == 405
    assert fired == []


async def test_cloudhook_delivers_the_same(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    fired: list[Event[Any]],
) -> None:
    client = await hass_ws_client(hass)
    for body, status in ((made(OCCUPIED), 200), (b"x" * (1024 * 1024 + 1), 413)):
        message = {"webhook_id": ID, "method": "POST", "body": body.decode()}
        await client.send_json_auto_id(
            {"type": "webhook/handle", "headers": signed(body), **message}
        )
        assert (await client.receive_json())["result"]["status"] == status
    assert len(fired) == 1


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({}, {}),
        (ON | {"webhook": False}, {}),
        (ON, {"authorization": "auth_none", "secret": None}),
    ],
)
async def test_webhook_needs_the_option_and_the_secret(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
    fired: list[Event[Any]],
    options: dict[str, Any],
    changes: dict[str, Any],
) -> None:
    entry = app_entry(server, options=options)
    entry.add_to_hass(hass)
    data = {key: it for key, it in (entry.data | changes).items() if it is not None}
    hass.config_entries.async_update_entry(entry, data=data)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await send(await hass_client_no_auth(), made(OCCUPIED))
    assert fired == []


async def test_request_is_refused_for_now_until_the_app_is_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, sender: Client, fired: list[Event[Any]]
) -> None:
    body = made(OCCUPIED)
    assert issues_of(hass) == {}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await send(sender, body) == 503
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await send(sender, body) == 200
    assert len(fired) == 1


async def test_request_is_refused_for_now_while_the_setup_is_retried(
    hass: HomeAssistant,
    server: DevServer,
    hass_client_no_auth: ClientSessionGenerator,
    fired: list[Event[Any]],
) -> None:
    entry = app_entry(server, options=ON)
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "notify", {})
    server.faults.upgrade_status = 503
    assert not await hass.config_entries.async_setup(entry.entry_id)
    body = made(OCCUPIED)
    sender = await hass_client_no_auth()
    assert await send(sender, body) == 503
    server.faults.upgrade_status = None
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await send(sender, body) == 200
    assert len(fired) == 1


async def test_removed_app_receives_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, sender: Client, fired: list[Event[Any]]
) -> None:
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert await send(sender, made(OCCUPIED)) == 200
    assert fired == []


def refusals(hass: HomeAssistant) -> list[str]:
    """Return the reasons in the repair issues about refused webhooks."""
    return [
        (issue.translation_placeholders or {})["reason"]
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == "webhook_refused"
    ]


async def test_refused_webhook_is_an_issue_until_one_is_accepted(
    hass: HomeAssistant, entry: MockConfigEntry, sender: Client
) -> None:
    assert await send(sender, made(OCCUPIED), **{"X-Pusher-Key": "old-key"}) == 401
    assert refusals(hass) == ["The key old-key is not a key of this app"]
    assert await send(sender, made(OCCUPIED, away=-400)) == 401
    assert refusals(hass) == ["It was sent more than 300 s ago, or the clocks differ"]
    assert await send(sender, made(OCCUPIED)) == 200
    assert refusals(hass) == []


async def test_issue_of_refused_webhooks_ends_with_the_option(
    hass: HomeAssistant, entry: MockConfigEntry, sender: Client
) -> None:
    await send(sender, made(OCCUPIED), **{"X-Pusher-Key": "old-key"})
    assert len(refusals(hass)) == 1
    hass.config_entries.async_update_entry(entry, options={"webhook_id": ID})
    await hass.async_block_till_done()
    assert refusals(hass) == []


async def test_webhook_may_be_signed_with_another_key_of_the_app(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
    fired: list[Event[Any]],
) -> None:
    keys = [{"name": "old-key", "value": "old-secret"}]
    await set_up(app_entry(server, options=ON | {"webhook_keys": keys}))
    sender = await hass_client_no_auth()
    body = made(OCCUPIED)
    signature = hmac.new(b"old-secret", body, hashlib.sha256).hexdigest()
    old = {"X-Pusher-Key": "old-key", "X-Pusher-Signature": signature}
    assert await send(sender, body, **old) == 200
    assert await send(sender, made(OCCUPIED, OCCUPIED)) == 200
    assert len(fired) == 3
