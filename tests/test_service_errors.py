"""Errors of the actions: key, text and remedy."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import voluptuous as vol
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

from .actions import ENGLISH, act, ask, failure, mistake, text_of
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
        ("trigger", EVENT | {"channels": ["a"] * 101, "via": "client"}, "too_many_channels"),
        ("trigger", EVENT | {"channel": "not a name"}, "invalid_channel_name"),
        ("trigger", TO_ORDERS | {"event": ""}, "invalid_event_name"),
        ("trigger", TO_ORDERS | {"event": "e" * 201}, "invalid_event_name"),
        ("trigger", TO_ORDERS | {"data": {1, 2}}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"data": {"at": object()}}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"data": "ä" * 5121}, "data_too_large"),
        ("trigger", TO_ORDERS | {"data": "\ud800"}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"data": {"a": "\udfff"}}, "data_not_serializable"),
        ("trigger", TO_ORDERS | {"event": "\ud800"}, "invalid_event_name"),
        ("trigger", EVENT | {"channel": "\ud800"}, "invalid_channel_name"),
        ("send_to_user", EVENT | {"user_id": "\ud800"}, "invalid_user_id"),
        ("subscribe", {"channel": "\ud800"}, "invalid_channel_name"),
        (
            "trigger",
            {"channel": "private-a", "event": "client-x", "data": "\ud800"},
            "data_not_serializable",
        ),
        (
            "trigger",
            {"channel": "private-a", "event": "client-x", "via": "client", "info": "user_count"},
            "info_needs_server",
        ),
        (
            "trigger",
            EVENT | {"channels": ["private-encrypted-a", "orders"]},
            "encrypted_channel_alone",
        ),
        ("trigger", EVENT | {"channel": "private-a", "via": "client"}, "client_event_name"),
        (
            "trigger",
            {"channels": ["private-a", "public"], "event": "client-x", "via": "client"},
            "client_event_channel",
        ),
        (
            "trigger",
            {"channels": ["private-a", "private-b"], "event": "client-x", "via": "client"},
            "channel_not_subscribed",
        ),
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
async def test_invalid_call_has_an_error_with_the_remedy(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    action: str,
    data: dict[str, Any],
    key: str,
) -> None:
    await set_up(app_entry(server, "private-a", "public"))

    assert (await mistake(hass, action, **data))[0] == key
    await act(hass, "trigger", channel="private-a", event="client-valid")
    await server.wait_received("client-valid")

    assert not server.published
    sent = [it.event for it in server.received if str(it.event).startswith("client-")]
    assert sent == ["client-valid"]


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("trigger", TO_ORDERS | {"event": True}, "event"),
        ("trigger", EVENT | {"channel": False}, "channel"),
        ("trigger", EVENT | {"channels": ["a", True]}, "channels[1]"),
        ("trigger_batch", {"events": [EVENT | {"channel": True}]}, "events[0].channel"),
        ("send_to_user", EVENT | {"user_id": True}, "user_id"),
    ],
)
async def test_text_that_yaml_reads_as_a_boolean_is_refused_with_the_remedy(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    action: str,
    data: dict[str, Any],
    field: str,
) -> None:
    await set_up(app_entry(server))
    with pytest.raises(vol.Invalid, match=rf"^Put it in quotes: .* at '{re.escape(field)}'$"):
        await act(hass, action, **data)
    assert server.published == []


@pytest.mark.parametrize(
    ("action", "channel"),
    [
        ("unsubscribe", "presence-unknown"),
        ("unsubscribe", "orders"),
        ("get_channel", "presence-unknown"),
        ("subscribe", "private-refused"),
    ],
)
async def test_channel_of_an_error_is_named(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, action: str, channel: str
) -> None:
    await set_up(app_entry(server, "orders"))
    server.faults.subscribe_answers["private-refused"] = frames.subscription_error(
        "private-refused", "Not you", 403
    )
    with pytest.raises(HomeAssistantError) as caught:
        await hass.services.async_call(
            DOMAIN,
            action,
            {"channel": channel},
            blocking=True,
            return_response=action == "get_channel",
        )
    assert f"The channel {channel} " in text_of(caught.value)


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

    key, text = await mistake(hass, action, **data)

    assert key == "app_id_missing"
    assert "Reconfigure" in text


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("get_channel", {"channel": "orders"}, "channel_not_subscribed"),
        ("get_channel", {"channel": "orders", "from_server": True}, "app_id_missing"),
        ("list_channels", {}, "app_id_missing"),
    ],
)
async def test_query_without_a_source_is_an_error(
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
    assert text_of(caught.value)


async def test_encrypted_channel_needs_the_master_key(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(_entry_without(server, "encryption_master_key"))

    key, text = await mistake(hass, "trigger", channel="private-encrypted-a", **EVENT)

    assert key == "master_key_missing"
    assert "master key" in text


async def test_lost_connection_is_an_error(
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


async def test_client_event_waits_for_its_channel_and_reports_a_refusal(
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

    key, text = await call
    assert key == "channel_refused"
    assert "private-a" in text
    assert "Not you" in text


@pytest.mark.parametrize(
    ("status", "error", "key"),
    [(413, mistake, "data_too_large"), (500, failure, "request_failed")],
)
async def test_refusal_of_the_server_api_is_an_error(
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


async def test_error_of_a_wrong_secret_has_no_secret(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(app_entry(server, secret="canary-of-a-secret"))

    key, text = await failure(hass, "trigger", **TO_ORDERS)

    assert key == "request_failed"
    assert "The secret authentication failed" in text
    for shown in (text, caplog.text):
        assert "canary-of-a-secret" not in shown
        assert "auth_signature" not in shown


class Api:
    """A server API that refuses to count subscriptions, as pusher.com does by default."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.refusal: tuple[int, str] | None = None

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        self.infos.append(body.get("info", request.query.get("info", "")))
        if self.refusal is not None:
            status, message = self.refusal
            return web.Response(status=status, text=message)
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


async def test_refused_counts_are_an_error_and_the_event_is_sent_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])

    await act(hass, "trigger", **TO_ORDERS)
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "trigger", **TO_ORDERS, info="subscription_count")

    assert caught.value.translation_key == "request_failed"
    assert "Counting subscriptions is not enabled" in text_of(caught.value)
    assert api[0].infos == ["", "subscription_count"]


async def test_channel_is_queried_again_without_the_refused_count(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])

    answer = await ask(hass, "get_channel", channel="cache-news", from_server=True)

    assert answer["server"] == {"occupied": True}
    assert api[0].infos == ["subscription_count,cache", "cache"]


async def test_channel_is_not_queried_again_after_another_refusal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, api: tuple[Api, Server]
) -> None:
    _let_ask(await set_up(app_entry(server)), api[1])
    api[0].refusal = (403, "The app is not enabled")

    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "get_channel", channel="orders", from_server=True)

    assert "The app is not enabled" in text_of(caught.value)
    assert len(api[0].infos) == 1


async def test_wrong_clock_is_an_error_and_an_issue_until_it_is_right(
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
    """Return an entry without channels and without a field."""
    data = {key: value for key, value in app_data(server).items() if key != field}
    return MockConfigEntry(domain=DOMAIN, title="Demo app", data=data)
