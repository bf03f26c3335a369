"""How an action finds its app."""

from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from tools.devserver import DevServer

from .actions import act, ask, mistake
from .conftest import SetUp, app_entry


@pytest.fixture
async def two_apps(server: DevServer, set_up: SetUp) -> list[MockConfigEntry]:
    """Set up two apps; both have the channel `shared`, and each has another one."""
    entries = [app_entry(server, "shared", f"channel-{number}") for number in (1, 2)]
    for entry in entries:
        await set_up(entry)
    return entries


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("trigger", {"channel": "channel-2", "event": "x"}),
        ("trigger", {"channels": ["channel-2", "shared"], "event": "x"}),
        ("trigger_batch", {"events": [{"channel": "channel-2", "event": "x"}]}),
        ("subscribe", {"channel": "channel-2"}),
    ],
)
async def test_app_is_found_by_its_channels(
    hass: HomeAssistant, two_apps: list[MockConfigEntry], action: str, data: dict[str, Any]
) -> None:
    await act(hass, action, **data)


async def test_app_is_found_by_a_temporary_channel(
    hass: HomeAssistant, two_apps: list[MockConfigEntry]
) -> None:
    entry_id = two_apps[1].entry_id
    await act(hass, "subscribe", channel="temporary", config_entry_id=entry_id)
    assert (await ask(hass, "get_channel", channel="temporary"))["subscribed"] is True
    await act(hass, "unsubscribe", channel="temporary")


async def test_app_of_a_channel_is_found_while_it_is_not_loaded(
    hass: HomeAssistant, two_apps: list[MockConfigEntry]
) -> None:
    assert await hass.config_entries.async_unload(two_apps[1].entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "trigger", channel="channel-2", event="x")
    assert caught.value.translation_key == "service_config_entry_not_loaded"


async def test_entries_of_other_integrations_are_not_counted(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    MockConfigEntry(domain="mqtt").add_to_hass(hass)
    await set_up(app_entry(server))
    await act(hass, "send_to_user", user_id="42", event="x")


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("trigger", {"channel": "shared", "event": "x"}, "app_not_found"),
        ("trigger", {"channel": "unknown", "event": "x"}, "app_not_found"),
        ("trigger", {"channels": ["channel-1", "channel-2"], "event": "x"}, "app_not_found"),
        ("send_to_user", {"user_id": "42", "event": "x"}, "app_not_named"),
        ("terminate_user_connections", {"user_id": "42"}, "app_not_named"),
    ],
)
async def test_several_apps_need_the_field_app(
    hass: HomeAssistant,
    two_apps: list[MockConfigEntry],
    action: str,
    data: dict[str, Any],
    key: str,
) -> None:
    found, text = await mistake(hass, action, **data)
    assert found == key
    assert "config_entry_id" in text
    if key == "app_not_found":
        assert ", ".join(data.get("channels", [data.get("channel")])) in text
    await act(hass, action, **data, config_entry_id=two_apps[0].entry_id)


async def test_disabled_app_is_not_one_of_several(
    hass: HomeAssistant, two_apps: list[MockConfigEntry]
) -> None:
    await hass.config_entries.async_set_disabled_by(two_apps[1].entry_id, ConfigEntryDisabler.USER)

    await act(hass, "send_to_user", user_id="42", event="x")
