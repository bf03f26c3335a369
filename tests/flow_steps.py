"""Drives the flows as the frontend does: a form or a choice in, the next step out."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.const import DOMAIN
from tools.devserver import DevServer

from .conftest import APP


def app_form(server: DevServer, *, app_key: str = APP.key, **changes: Any) -> dict[str, Any]:
    """Return the form of the server's app; `changes` are the server section's."""
    at = {"host": server.host, "port": server.port, "use_tls": False}
    return {"app_key": app_key, "server": at | changes}


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to add an app."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def start_change(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Start to change an app."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def submit(
    hass: HomeAssistant, step: ConfigFlowResult, form: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in the form of a step."""
    assert step["type"] is FlowResultType.FORM
    return await hass.config_entries.flow.async_configure(step["flow_id"], form)


async def choose(hass: HomeAssistant, step: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose an option of a menu."""
    assert step["type"] is FlowResultType.MENU
    return await hass.config_entries.flow.async_configure(step["flow_id"], {"next_step_id": option})


async def authorize(hass: HomeAssistant, server: DevServer, option: str) -> ConfigFlowResult:
    """Start to add the server's app, and choose an authorization method."""
    step = await submit(hass, await start(hass), app_form(server))
    return await choose(hass, step, option)


async def start_channel(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Start to add a channel."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "channel"), context={"source": SOURCE_USER}
    )


async def start_channel_change(
    hass: HomeAssistant, entry: MockConfigEntry, channel: str
) -> SubentryFlowResult:
    """Open the form of a channel that the entry was made with."""
    return await choose_change(hass, await start_reconfigure(hass, entry, channel), "channel")


async def start_reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, channel: str
) -> SubentryFlowResult:
    """Open the menu of a channel that the entry was made with."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "channel"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": f"id-{channel}"},
    )


async def choose_change(
    hass: HomeAssistant, step: SubentryFlowResult, option: str
) -> SubentryFlowResult:
    """Choose what to change of a channel."""
    assert step["type"] is FlowResultType.MENU
    return await hass.config_entries.subentries.async_configure(
        step["flow_id"], {"next_step_id": option}
    )


async def submit_channel(
    hass: HomeAssistant, step: SubentryFlowResult, channel: str, **form: Any
) -> SubentryFlowResult:
    """Fill in the form of a channel."""
    assert step["type"] is FlowResultType.FORM
    return await hass.config_entries.subentries.async_configure(
        step["flow_id"], {"channel": channel} | form
    )


async def add_channel(
    hass: HomeAssistant, entry: MockConfigEntry, channel: str, **form: Any
) -> SubentryFlowResult:
    """Add a channel."""
    return await submit_channel(hass, await start_channel(hass, entry), channel, **form)


def prefilled(step: ConfigFlowResult | SubentryFlowResult) -> dict[str, Any]:
    """Return what a form shows before the user types anything; defaults are not part of it."""
    assert step["type"] is FlowResultType.FORM
    schema = step["data_schema"]
    assert schema is not None
    return _suggested(schema)


def is_collapsed(step: ConfigFlowResult | SubentryFlowResult, name: str) -> bool:
    """Whether a section of a form is collapsed at first."""
    assert step["data_schema"] is not None
    (found,) = (it for key, it in step["data_schema"].schema.items() if key == name)
    collapsed: bool = found.options["collapsed"]
    return collapsed


def shown_error(step: ConfigFlowResult | SubentryFlowResult) -> str:
    """Return the message that an error of a form shows."""
    placeholders = step["description_placeholders"]
    assert placeholders is not None
    return placeholders["error"]


def _suggested(schema: vol.Schema) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for marker, value in schema.schema.items():
        if isinstance(value, section):
            if inside := _suggested(value.schema):
                shown[str(marker)] = inside
        elif marker.description is not None:
            shown[str(marker)] = marker.description["suggested_value"]
    return shown


def skip_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what lets some seconds have passed for the running loop."""
    loop = asyncio.get_running_loop()
    real, skipped = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + sum(skipped))
    return skipped.append
