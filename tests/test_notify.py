"""A notify entity sends a message as an event."""

import base64
import json

import pytest
from homeassistant.components.notify import NotifyEntityFeature
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import slugify
from nacl.secret import SecretBox
from pusher.crypto import generate_shared_secret
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer

from .actions import connected_guest, text_of
from .conftest import MASTER_KEY, SetUp, app_data, channel_subentry, until
from .home_assistant import state_of

KINDS = ("orders", "private-a", "presence-a", "cache-a", "private-encrypted-a")
DINNER = "Dinner is ready"
WHOLE = {"message": DINNER, "title": "Kitchen"}
ADA = {"user_id": "ada", "user_info": {}}


def app(server: DevServer, *channels: str, without: str | None = None) -> MockConfigEntry:
    """Return an entry, without one field of its data."""
    data = {key: value for key, value in app_data(server).items() if key != without}
    subentries = [channel_subentry(name) for name in channels]
    return MockConfigEntry(domain=DOMAIN, title="Demo app", data=data, subentries_data=subentries)


def enabled(hass: HomeAssistant, entry: MockConfigEntry, channel: str) -> MockConfigEntry:
    """Return the entry, of which the user enabled the channel's notify entity."""
    er.async_get(hass).async_get_or_create(
        "notify",
        DOMAIN,
        f"{entry.entry_id}_id-{channel}_notification",
        suggested_object_id=entity_of(channel).removeprefix("notify."),
        disabled_by=None,
    )
    return entry


def entity_of(channel: str) -> str:
    return f"notify.{slugify(channel)}_notification"


async def notify(hass: HomeAssistant, channel: str, **data: str) -> None:
    target = {"entity_id": entity_of(channel)}
    await hass.services.async_call("notify", "send_message", data, blocking=True, target=target)


async def refusal(
    hass: HomeAssistant, channel: str, message: str
) -> tuple[HomeAssistantError, str]:
    """Send a message that does not go; return the error and its English text."""
    with pytest.raises(HomeAssistantError) as caught:
        await notify(hass, channel, message=message)
    return caught.value, text_of(caught.value)


async def test_each_kind_of_channel_has_an_entity_that_is_disabled_by_default(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app(server, *KINDS)
    await set_up(entry)

    for name in KINDS:
        registered = er.async_get(hass).async_get(entity_of(name))
        assert registered is not None
        assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert registered.unique_id == f"{entry.entry_id}_id-{name}_notification"
        assert registered.config_subentry_id == f"id-{name}"
    assert hass.states.async_entity_ids("notify") == []


@pytest.mark.parametrize(
    ("without", "kinds"),
    [
        ("app_id", {"private-a", "presence-a"}),
        ("encryption_master_key", set(KINDS) - {"private-encrypted-a"}),
    ],
)
async def test_channel_to_which_nothing_can_be_sent_has_no_entity(
    hass: HomeAssistant,
    server: DevServer,
    without: str,
    kinds: set[str],
) -> None:
    entry = app(server, *KINDS, without=without)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    registered = er.async_get(hass).entities.get_entries_for_config_entry_id(entry.entry_id)
    found = {known.entity_id for known in registered if known.domain == "notify"}
    assert found == {entity_of(name) for name in kinds}


@pytest.mark.parametrize("channel", ["orders", "private-a", "presence-a"])
async def test_message_is_an_event_that_another_member_receives(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, channel: str
) -> None:
    await set_up(enabled(hass, app(server, channel), channel))
    state = state_of(hass, entity_of(channel))
    assert state.state == STATE_UNKNOWN
    assert state.attributes["friendly_name"] == f"{channel} Notification"
    assert state.attributes["supported_features"] == NotifyEntityFeature.TITLE

    async with connected_guest(server) as guest:
        await guest.join(channel, ADA if channel == "presence-a" else None)
        await notify(hass, channel, message=DINNER, title="Kitchen")
        received = json.loads(await guest.read())

    assert (received["channel"], received["event"]) == (channel, "notification")
    assert json.loads(received["data"]) == WHOLE
    assert state_of(hass, entity_of(channel)).state != STATE_UNKNOWN


async def test_message_without_a_title_has_none_and_an_empty_one_is_sent(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(enabled(hass, app(server, "orders"), "orders"))

    await notify(hass, "orders", message=DINNER)
    await notify(hass, "orders", message=DINNER, title="")

    assert [json.loads(it.data) for it in server.published] == [
        {"message": DINNER},
        {"message": DINNER, "title": ""},
    ]


async def test_message_to_an_encrypted_channel_is_encrypted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(enabled(hass, app(server, "private-encrypted-a"), "private-encrypted-a"))

    await notify(hass, "private-encrypted-a", message=DINNER, title="Kitchen")

    [published] = server.published
    payload = json.loads(published.data)
    key = generate_shared_secret(b"private-encrypted-a", base64.b64decode(MASTER_KEY))
    decrypted = SecretBox(key).decrypt(
        base64.b64decode(payload["ciphertext"]), base64.b64decode(payload["nonce"])
    )
    assert json.loads(decrypted) == WHOLE


@pytest.mark.parametrize("channel", ["private-a", "presence-a"])
async def test_message_is_a_client_event_without_the_server_api(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, channel: str
) -> None:
    await set_up(enabled(hass, app(server, channel, without="app_id"), channel))

    async with connected_guest(server) as guest:
        await guest.join(channel, ADA if channel == "presence-a" else None)
        await notify(hass, channel, message=DINNER, title="Kitchen")
        received = json.loads(await guest.read())

    assert (received["channel"], received["event"]) == (channel, "client-notification")
    data = received["data"]
    assert (json.loads(data) if isinstance(data, str) else data) == WHOLE


async def test_own_message_is_not_received(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(enabled(hass, app(server, "orders"), "orders"))
    received = async_capture_events(hass, "pusher_channels_event")

    await notify(hass, "orders", message=DINNER)
    await server.publish("orders", "shipped", {})
    await until(lambda: received)

    assert [event.data["event"] for event in received] == ["shipped"]


@pytest.mark.parametrize("without", [None, "app_id"])
async def test_entity_is_available_while_it_can_send(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, without: str | None
) -> None:
    """The server API needs no connection; a client event does."""
    entry = enabled(hass, app(server, "private-a", without=without), "private-a")
    hub = await set_up(entry)

    await hub.client.disconnect()
    if without is None:
        await notify(hass, "private-a", message=DINNER)
        assert [it.channel for it in server.published] == ["private-a"]
    else:
        assert state_of(hass, entity_of("private-a")).state == STATE_UNAVAILABLE

    hub.client.connect()
    await until(lambda: state_of(hass, entity_of("private-a")).state != STATE_UNAVAILABLE)


async def test_entity_follows_a_new_name_of_its_channel(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = enabled(hass, app(server, "orders"), "orders")
    await set_up(entry)
    data = {"channel": "invoices", "events": [], "members": []}

    hass.config_entries.async_update_subentry(entry, entry.subentries["id-orders"], data=data)
    await server.wait_subscribed("invoices")
    await until(lambda: state_of(hass, entity_of("orders")).state == STATE_UNKNOWN)
    await notify(hass, "orders", message=DINNER)

    assert [it.channel for it in server.published] == ["invoices"]


@pytest.mark.parametrize("without", [None, "app_id"])
async def test_message_that_is_too_large_is_refused_with_what_to_do(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, without: str | None
) -> None:
    await set_up(enabled(hass, app(server, "private-a", without=without), "private-a"))

    err, message = await refusal(hass, "private-a", "x" * 10240)

    assert isinstance(err, ServiceValidationError)
    assert err.translation_key == "data_too_large"
    assert "Send less" in message
    assert state_of(hass, entity_of("private-a")).state == STATE_UNKNOWN


async def test_refusal_of_the_server_names_the_remedy(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    await set_up(enabled(hass, app(server, "orders"), "orders"))
    server.faults.api_status = 403

    err, message = await refusal(hass, "orders", DINNER)

    assert not isinstance(err, ServiceValidationError)
    assert err.translation_key == "request_failed"
    assert "Check the app ID" in message
    assert state_of(hass, entity_of("orders")).state == STATE_UNKNOWN
