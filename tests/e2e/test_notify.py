"""A notify entity, once the user enabled it: visitors receive Home Assistant's notifications."""

import pytest

from tools.harness import HomeAssistant

from .apps import APP_2
from .backends import Backend
from .entry import AppEntry, ChannelEntry, secret_form
from .guest import Guest

DINNER = {"message": "Dinner is ready", "title": "Kitchen"}


async def notify(hass: HomeAssistant, channel: ChannelEntry) -> None:
    """Send a message by a channel's notify entity."""
    target = {"entity_id": await channel.entity_id("notification")}
    await hass.call_service("notify", "send_message", {**target, **DINNER})


async def enable(hass: HomeAssistant, channel: ChannelEntry) -> None:
    """Enable a channel's notify entity, as its settings do, and wait until it can be used."""
    entity_id = await channel.entity_id("notification")
    await hass.call("config/entity_registry/update", entity_id=entity_id, disabled_by=None)
    await channel.app.reload()
    await hass.wait_state(entity_id, lambda state: state.state == "unknown")


@pytest.mark.parametrize("kind", ["", "private-", "presence-", "private-encrypted-"])
async def test_message_reaches_a_visitor_through_the_server(
    app: AppEntry, server: Backend, kind: str
) -> None:
    channel = await app.add_channel(f"{kind}told")
    await enable(app.hass, channel)
    async with Guest(server) as guest:
        await guest.subscribe(channel.name)
        await notify(app.hass, channel)
        assert (await guest.event(channel.name, "notification")).data == DINNER


async def test_message_reaches_a_visitor_as_a_client_event_without_the_app_id(
    hass: HomeAssistant, server: Backend
) -> None:
    form = secret_form(APP_2)
    del form["app_id"]
    app = await AppEntry.add(hass, server, APP_2, "auth_secret", **form)
    channel = await app.add_channel("presence-told")
    await enable(hass, channel)
    async with Guest(server, APP_2) as guest:
        await guest.subscribe(channel.name)
        await notify(hass, channel)
        received = await guest.event(channel.name, "client-notification")
    assert (received.data, received.user_id) == (DINNER, form["advanced"]["user_id"])
    await app.remove()
