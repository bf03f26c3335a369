"""soketi's own webhooks, signed and sent by it, become events in Home Assistant."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from yarl import URL

from tools.harness import HomeAssistant

from .apps import APP_1
from .entry import AppEntry
from .guest import Guest
from .soketi import Soketi

KINDS = ["channel_occupied", "channel_vacated", "member_added", "member_removed", "client_event"]
ROOM = "presence-room"


@dataclass(frozen=True, slots=True)
class WebhookSetup:
    """An app with a server that sends webhooks to this address of Home Assistant."""

    server: Soketi
    entry: AppEntry
    url: str


@pytest.fixture(scope="module")
async def webhook_app(hass: HomeAssistant) -> AsyncGenerator[WebhookSetup]:
    """Add soketi's app, turn webhooks on, and enter the address at soketi."""
    async with Soketi() as before:
        entry = await AppEntry.add(hass, before)
        steps = await hass.start_options_flow(entry.entry_id)
        await steps.submit(webhook=True, max_reconnect_gap=1)
        assert steps.result["step_id"] == "webhook"
        shown = URL(steps.result["description_placeholders"]["webhook_url"])
        await steps.submit()
        steps.created()
    url = hass.url + shown.path
    settings = {"webhooks": [{"url": url, "event_types": KINDS}]}
    async with Soketi(before.port, app_settings=settings) as server:
        await entry.becomes("connection_state", "connected")
        yield WebhookSetup(server, entry, url)
        await entry.remove()


async def test_guest_actions_arrive_as_webhooks(
    hass: HomeAssistant, webhook_app: WebhookSetup
) -> None:
    common = {
        "entry_id": webhook_app.entry.entry_id,
        "device_id": await webhook_app.entry.device_id(),
        "channel": ROOM,
        "user_id": None,
        "client_event": None,
        "data": None,
        "socket_id": None,
        "subscription_count": None,
    }
    async with hass.events("pusher_channels_webhook") as events:
        async with Guest(webhook_app.server, user_id="ada") as guest:
            await guest.subscribe(ROOM)
            first = [await events.take(), await events.take()]
            assert sorted(first, key=lambda event: event["event"]) == [
                common | {"event": "channel_occupied"},
                common | {"event": "member_added", "user_id": "ada"},
            ]
            await guest.trigger(ROOM, "client-light", {"on": True})
            event = await events.take()
            socket_id = event.pop("socket_id")
            assert socket_id.count(".") == 1
            assert event | {"socket_id": None} == common | {
                "event": "client_event",
                "user_id": "ada",
                "client_event": "client-light",
                "data": {"on": True},
            }
        last = [await events.take(), await events.take()]
        assert sorted(last, key=lambda event: event["event"]) == [
            common | {"event": "channel_vacated"},
            common | {"event": "member_removed", "user_id": "ada"},
        ]


async def test_what_others_send_there_is_refused(
    hass: HomeAssistant, webhook_app: WebhookSetup
) -> None:
    body = b'{"time_ms":0,"events":[{"name":"channel_occupied","channel":"a"}]}'
    headers = {"X-Pusher-Key": APP_1.key, "X-Pusher-Signature": "0" * 64}
    async with (
        hass.events("pusher_channels_webhook") as events,
        ClientSession() as session,
        session.post(webhook_app.url, data=body, headers=headers) as answer,
    ):
        assert answer.status == 401
        with pytest.raises(TimeoutError):
            await events.take(timeout=1)
