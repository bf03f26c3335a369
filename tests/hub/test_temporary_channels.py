"""Channels that an action subscribes to until the next reload."""

import asyncio
from types import MappingProxyType

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from tools.devserver import DevServer, frames

from ..actions import act, ask, connected_guest, failure, mistake
from ..conftest import SetUp, app_entry, until
from ..home_assistant import reauth_flows, reauth_reason

EVENT = "pusher_channels_event"


def _subscribes(server: DevServer, channel: str) -> int:
    return len(
        [it for it in server.received if it.event == "pusher:subscribe" and it.channel == channel]
    )


async def test_events_have_the_device_of_the_app(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    succeeded = async_capture_events(hass, "pusher_channels_subscription_succeeded")
    events = async_capture_events(hass, EVENT)

    await act(hass, "subscribe", channel="orders")
    await server.publish("orders", "shipped", {"id": 1})
    await until(lambda: events)

    assert [event.data for event in succeeded] == [
        {"entry_id": entry.entry_id, "device_id": hub.device_id, "channel": "orders"}
    ]
    assert [event.data for event in events] == [
        {
            "entry_id": entry.entry_id,
            "device_id": hub.device_id,
            "channel": "orders",
            "event": "shipped",
            "data": {"id": 1},
            "user_id": None,
            "cached": False,
        }
    ]


async def test_stored_event_of_a_cache_channel_is_fired(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    await server.publish("cache-news", "posted", "stored")
    events = async_capture_events(hass, EVENT)

    await act(hass, "subscribe", channel="cache-news")
    await until(lambda: events)

    assert (events[0].data["data"], events[0].data["cached"]) == ("stored", True)


async def test_members_of_a_presence_channel_are_fired(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    added = async_capture_events(hass, "pusher_channels_member_added")
    await act(hass, "subscribe", channel="presence-room")

    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "42"})
        await until(lambda: added)

    assert added[0].data["user_id"] == "42"
    assert (await ask(hass, "get_channel", channel="presence-room"))["subscribed"] is True


async def test_subscribing_twice_is_subscribing_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    events = async_capture_events(hass, EVENT)

    await asyncio.gather(*(act(hass, "subscribe", channel="orders") for _ in range(3)))
    await act(hass, "subscribe", channel="orders")
    await server.publish("orders", "shipped", "")
    await until(lambda: events)

    assert _subscribes(server, "orders") == 1
    assert len(events) == 1
    await act(hass, "unsubscribe", channel="orders")
    assert "orders" not in hub.client.channels


async def test_configured_channel_stays_as_it_is(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "orders"))
    events = async_capture_events(hass, EVENT)

    await act(hass, "subscribe", channel="orders")
    await server.publish("orders", "shipped", "")
    await until(lambda: events)

    assert len(events) == 1
    assert (await mistake(hass, "unsubscribe", channel="orders"))[0] == "channel_is_configured"


async def test_unsubscribed_channel_fires_nothing(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server, "news"))
    events = async_capture_events(hass, EVENT)
    await act(hass, "subscribe", channel="orders")

    await act(hass, "unsubscribe", channel="orders")
    await server.wait_unsubscribed("orders")
    await server.publish("orders", "shipped", "")
    await server.publish("news", "posted", "")
    await until(lambda: events)

    assert [event.data["channel"] for event in events] == ["news"]
    assert (await mistake(hass, "unsubscribe", channel="orders"))[0] == "channel_not_subscribed"


async def test_refused_channel_is_reported_and_unsubscribed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    server.faults.subscribe_answers["private-a"] = frames.subscription_error(
        "private-a", "Not you", 403
    )
    refused = async_capture_events(hass, "pusher_channels_subscription_error")

    key, message = await failure(hass, "subscribe", channel="private-a")

    assert key == "channel_refused"
    assert "Not you" in message
    assert [event.data["error"] for event in refused] == ["Not you"]
    assert "private-a" not in hub.client.channels
    assert (await mistake(hass, "unsubscribe", channel="private-a"))[0] == "channel_not_subscribed"

    server.faults.reset()
    await act(hass, "subscribe", channel="private-a")
    assert hub.client.channels["private-a"].is_subscribed


async def test_every_caller_gets_the_refusal(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    server.faults.subscribe_answers["private-a"] = frames.subscription_error(
        "private-a", "Not you", 403
    )

    answers = await asyncio.gather(
        *(failure(hass, "subscribe", channel="private-a") for _ in range(2))
    )

    assert [key for key, _ in answers] == ["channel_refused"] * 2
    assert "private-a" not in hub.client.channels


async def test_channel_that_was_refused_later_can_be_subscribed_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    await act(hass, "subscribe", channel="private-a")
    server.faults.subscribe_answers["private-a"] = frames.subscription_error(
        "private-a", "Not now", 403
    )
    await server.close_all(4200)
    await until(lambda: hub.client.channels["private-a"].error)
    server.faults.reset()

    await act(hass, "subscribe", channel="private-a")

    assert hub.client.channels["private-a"].is_subscribed
    await act(hass, "unsubscribe", channel="private-a")
    assert "private-a" not in hub.client.channels


async def test_bad_signature_starts_a_reauthentication(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(app_entry(server))
    server.faults.subscribe_answers["private-a"] = frames.subscription_error(
        "private-a", "Invalid signature", 401
    )

    assert (await failure(hass, "subscribe", channel="private-a"))[0] == "channel_refused"

    assert await reauth_reason(hass) == "private-a: Invalid signature"
    assert reauth_flows(hass) == ["reauth"]


async def test_channel_is_subscribed_again_after_a_reconnect_but_not_after_a_reload(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    await act(hass, "subscribe", channel="orders")
    events = async_capture_events(hass, EVENT)

    await server.close_all(4200)
    await until(lambda: _subscribes(server, "orders") == 2)
    await server.publish("orders", "shipped", "")
    await until(lambda: events)
    assert hub.client.channels["orders"].is_subscribed

    assert await hass.config_entries.async_reload(entry.entry_id)
    assert "orders" not in entry.runtime_data.client.channels
    assert (await mistake(hass, "unsubscribe", channel="orders"))[0] == "channel_not_subscribed"


async def test_lost_connection_ends_the_wait(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    server.faults.unanswered_channels.add("orders")

    call = asyncio.create_task(failure(hass, "subscribe", channel="orders"))
    await server.wait_received("pusher:subscribe")
    await server.close_all(4200)

    assert (await call)[0] == "channel_refused"
    assert "orders" not in hub.client.channels


async def test_cancelled_call_unsubscribes(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    hub = await set_up(app_entry(server))
    server.faults.unanswered_channels.add("orders")

    call = asyncio.create_task(act(hass, "subscribe", channel="orders"))
    await server.wait_received("pusher:subscribe")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert "orders" not in hub.client.channels


async def test_channel_that_is_then_configured_fires_once(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    await act(hass, "subscribe", channel="orders")

    data = MappingProxyType({"channel": "orders", "events": [], "members": []})
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(data=data, subentry_type="channel", title="orders", unique_id="orders"),
    )
    await until(lambda: hub.channels)
    events = async_capture_events(hass, EVENT)
    await server.publish("orders", "shipped", "")
    await until(lambda: events)

    assert len(events) == 1
    assert events[0].data["device_id"] != hub.device_id
    assert _subscribes(server, "orders") == 1
    assert (await mistake(hass, "unsubscribe", channel="orders"))[0] == "channel_is_configured"


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_cancelled_call_does_not_affect_another_call(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, cancelled: int
) -> None:
    hub = await set_up(app_entry(server))
    server.faults.unanswered_channels.add("orders")
    calls = [asyncio.create_task(act(hass, "subscribe", channel="orders")) for _ in range(2)]
    await server.wait_received("pusher:subscribe")

    calls[cancelled].cancel()
    with pytest.raises(asyncio.CancelledError):
        await calls[cancelled]
    await server.send_raw(frames.subscription_succeeded("orders"))
    await calls[1 - cancelled]

    assert hub.client.channels["orders"].is_subscribed
    await act(hass, "unsubscribe", channel="orders")
    assert "orders" not in hub.client.channels
