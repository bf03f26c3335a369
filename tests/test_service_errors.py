"""What the caller of an action is told when it cannot be done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.client.exceptions import Misuse
from custom_components.pusher_channels.client.server import Server
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer, frames

from .actions import ENGLISH, act, ask, failure, mistake, told
from .conftest import SetUp, app_data, app_entry
from .home_assistant import issues_of

EXPIRED = "Timestamp expired: Given timestamp (2026-01-01T00:00:00Z) not within 600s of server time"
EVENT = {"event": "shipped", "data": {}}
TO_ORDERS = {"channel": "orders", **EVENT}
NOT_FOR_ACTIONS = {Misuse.ADDRESS, Misuse.MASTER_KEY}


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("trigger", EVENT, "channel_or_channels"),
        ("trigger", EVENT | {"channels": []}, "channel_or_channels"),
        ("trigger", TO_ORDERS | {"channels": ["news"]}, "channel_or_channels"),
        ("trigger", EVENT | {"channels": ["a"] * 101}, "too_many_channels"),
        ("trigger", EVENT | {"channel": "not a name"}, "invalid_channel_name"),
        ("trigger", TO_ORDERS | {"event": ""}, "invalid_event_name"),
        ("trigger", TO_ORDERS | {"event": "e" * 201}, "invalid_event_name"),
        ("trigger", TO_ORDERS | {"data": {1, 2}}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"data": {"at": object()}}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"data": "ä" * 5121}, "data_too_large"),
        (
            "trigger",
            EVENT | {"channels": ["private-encrypted-a", "orders"]},
            "encrypted_channel_alone",
        ),
        ("trigger", EVENT | {"channel": "private-a", "via": "client"}, "client_event_name"),
        (
            "trigger",
            {"channel": "public", "event": "client-x", "via": "client"},
            "client_event_channel",
        ),
        (
            "trigger",
            {"channel": "private-unknown", "event": "client-x", "via": "client"},
            "channel_not_subscribed",
        ),
        (
            "trigger",
            {"channel": "private-a", "event": "client-x", "data": "x" * 10240},
            "data_too_large",
        ),
        ("trigger_batch", {"events": []}, "too_many_events"),
        ("trigger_batch", {"events": [TO_ORDERS] * 11}, "too_many_events"),
        ("trigger_batch", {"events": [EVENT | {"channel": "#"}]}, "invalid_channel_name"),
        ("send_to_user", EVENT | {"user_id": "#42"}, "invalid_user_id"),
        ("terminate_user_connections", {"user_id": ""}, "invalid_user_id"),
        ("subscribe", {"channel": "not a name"}, "invalid_channel_name"),
        ("unsubscribe", {"channel": "private-a"}, "channel_is_configured"),
        ("unsubscribe", {"channel": "unknown"}, "channel_not_subscribed"),
    ],
)
async def test_caller_is_told_what_to_put_right(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    action: str,
    data: dict[str, Any],
    key: str,
) -> None:
    await set_up(app_entry(server, "private-a", "public"))

    assert (await mistake(hass, action, **data))[0] == key
    assert not server.published
    assert not [it for it in server.received if str(it.event).startswith("client-")]


async def test_unknown_channel_is_named(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    key, words = await mistake(hass, "unsubscribe", channel="presence-unknown")

    assert key == "channel_not_subscribed"
    assert "presence-unknown" in words


def test_every_misuse_of_an_action_has_a_text() -> None:
    assert {misuse.value for misuse in set(Misuse) - NOT_FOR_ACTIONS} <= set(ENGLISH["exceptions"])


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("trigger", TO_ORDERS),
        ("trigger", {"channel": "private-a", "event": "client-x"}),
        ("trigger_batch", {"events": [TO_ORDERS]}),
        ("send_to_user", EVENT | {"user_id": "42"}),
        ("terminate_user_connections", {"user_id": "42"}),
    ],
)
async def test_server_api_needs_the_app_id(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    action: str,
    data: dict[str, Any],
) -> None:
    await set_up(_entry_without(server, "app_id"))

    key, words = await mistake(hass, action, **data)

    assert key == "app_id_missing"
    assert "Reconfigure" in words


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("get_channel", {"channel": "orders"}, "channel_not_subscribed"),
        ("get_channel", {"channel": "orders", "from_server": True}, "app_id_missing"),
        ("list_channels", {}, "app_id_missing"),
    ],
)
async def test_question_that_cannot_be_asked_is_told(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    action: str,
    data: dict[str, Any],
    key: str,
) -> None:
    await set_up(_entry_without(server, "app_id"))

    with pytest.raises(ServiceValidationError) as caught:
        await ask(hass, action, **data)

    assert caught.value.translation_key == key
    assert told(caught.value)


async def test_encrypted_channel_needs_the_master_key(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(_entry_without(server, "encryption_master_key"))

    key, words = await mistake(hass, "trigger", channel="private-encrypted-a", **EVENT)

    assert key == "master_key_missing"
    assert "master key" in words


async def test_nothing_goes_over_a_connection_that_is_not_there(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server, "private-a"))
    await hub.client.disconnect()

    sent = {"channel": "private-a", "event": "client-x", "via": "client"}
    assert (await failure(hass, "trigger", **sent))[0] == "not_connected"
    assert (await failure(hass, "subscribe", channel="orders"))[0] == "not_connected"


async def test_server_api_works_without_a_connection(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    await hub.client.disconnect()

    await act(hass, "trigger", **TO_ORDERS, exclude_self=True)

    assert [it.socket_id for it in server.published] == [None]


async def test_client_event_waits_for_its_channel_and_tells_of_a_refusal(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.unanswered_channels.add("private-a")
    entry = app_entry(server, "private-a")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await server.wait_received("pusher:subscribe")

    sent = {"channel": "private-a", "event": "client-x", "via": "client"}
    call = asyncio.create_task(failure(hass, "trigger", **sent))
    await asyncio.sleep(0)
    await server.send_raw(frames.subscription_error("private-a", "Not you", 403))

    key, words = await call
    assert key == "channel_refused"
    assert "private-a" in words
    assert "Not you" in words


@pytest.mark.parametrize(
    ("status", "error", "key"),
    [(413, mistake, "data_too_large"), (500, failure, "request_failed")],
)
async def test_refusal_of_the_server_api_is_told(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    status: int,
    error: Callable[..., Awaitable[tuple[str | None, str]]],
    key: str,
) -> None:
    await set_up(app_entry(server))
    server.faults.api_status = status

    assert (await error(hass, "trigger", **TO_ORDERS))[0] == key


async def test_wrong_secret_is_told_without_any_secret(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(app_entry(server, secret="canary-of-a-secret"))

    key, words = await failure(hass, "trigger", **TO_ORDERS)

    assert key == "request_failed"
    assert "The secret authentication failed" in words
    for text in (words, caplog.text):
        assert "canary-of-a-secret" not in text
        assert "auth_signature" not in text


class Api:
    """A server API of its own, for answers that the usual one does not give.

    It refuses to count subscriptions as an app at pusher.com does by default.
    """

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.refusal: tuple[int, str] | None = None

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        self.infos.append(body.get("info", request.query.get("info", "")))
        if self.refusal is not None:
            status, words = self.refusal
            return web.Response(status=status, text=words)
        if "subscription_count" in self.infos[-1]:
            return web.Response(status=400, text="Counting subscriptions is not enabled")
        return web.json_response({"occupied": True})


@pytest.fixture
async def api(socket_enabled: None) -> AsyncIterator[tuple[Api, Server]]:
    """Run the server API, and return it with its address."""
    api = Api()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    async with TestServer(app, host="127.0.0.1") as running:
        yield api, Server.self_hosted("127.0.0.1", running.port, use_tls=False)


def _let_ask(hub: Hub, server: Server) -> None:
    assert hub.api is not None
    hub.api = replace(hub.api, server=server)


async def test_event_whose_counts_are_refused_is_told_and_sent_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])

    await act(hass, "trigger", **TO_ORDERS)
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "trigger", **TO_ORDERS)

    assert caught.value.translation_key == "request_failed"
    assert "Counting subscriptions is not enabled" in told(caught.value)
    assert api[0].infos == ["", "subscription_count"]


async def test_channel_is_asked_for_again_without_the_count_that_is_refused(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])

    answer = await ask(hass, "get_channel", channel="cache-news", from_server=True)

    assert answer["server"] == {"occupied": True}
    assert api[0].infos == ["subscription_count,cache", "cache"]


async def test_channel_is_not_asked_for_again_after_another_refusal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])
    api[0].refusal = (403, "The app is not enabled")

    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "get_channel", channel="orders", from_server=True)

    assert "The app is not enabled" in told(caught.value)
    assert len(api[0].infos) == 1


async def test_wrong_clock_is_told_and_asks_for_repair_until_it_is_right(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    entry = app_entry(server)
    _let_ask(await set_up(entry), api[1])
    api[0].refusal = (401, EXPIRED)

    assert (await failure(hass, "trigger", **TO_ORDERS))[0] == "clock_skew"
    assert f"clock_skew_{entry.entry_id}" in issues_of(hass)

    api[0].refusal = None
    await act(hass, "trigger", **TO_ORDERS)
    assert not issues_of(hass)


def _entry_without(server: DevServer, field: str) -> MockConfigEntry:
    """Return an entry without channels whose user left a field empty."""
    data = {key: value for key, value in app_data(server).items() if key != field}
    return MockConfigEntry(domain=DOMAIN, title="Demo app", data=data)
