"""Data that no server should send, with the recorder on: it is stored, sent to the browser, and never an error."""

import logging
from typing import Any

import orjson
import pytest
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceContextManager,
    WebSocketGenerator,
)

from tools.devserver import DevServer, frames

from ..conftest import SetUp, app_entry, until

EVENT = "pusher_channels_event"


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


ODD_DATA: dict[str, tuple[str, Any]] = {
    "200 levels": (_deep(200), orjson.loads(_deep(200))),
    "201 levels": (_deep(201), _deep(201)),
    "1000 levels": (_deep(1000), _deep(1000)),
    "10 000 levels": (_deep(10_000), _deep(10_000)),
    "1000 flat lists": ("[" + "[]," * 999 + "[]]", [[]] * 1000),
    "NaN": ("NaN", "NaN"),
    "endless": ("1e999", "1e999"),
    "huge integer": ("1" * 60, 1.1111111111111112e59),
    "64 bits": (str(2**64 - 1), 2**64 - 1),
    "lone surrogate": ('"\\ud800"', '"\\ud800"'),
    "null byte": ('"\\u0000"', "\0"),
}


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the database, which must exist before Home Assistant."""


async def test_odd_data_is_recorded_and_sent_to_the_browser_without_an_error(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    received = async_capture_events(hass, EVENT)
    await set_up(app_entry(server, "orders"))
    browser = await hass_ws_client(hass)
    await browser.send_json_auto_id({"type": "subscribe_events", "event_type": EVENT})
    assert (await browser.receive_json())["success"]

    for raw, _ in ODD_DATA.values():
        await server.send_raw(frames.event("orders", "odd", raw))
    await server.send_raw('{"event":"odd","channel":"orders","data":' + _deep(600) + "}")
    await server.send_raw(frames.event("orders", "n" * 10_240, "1"))
    await until(lambda: len(received) == len(ODD_DATA) + 2)
    await hass.async_block_till_done()
    await async_wait_recording_done(hass)

    for event, (name, (_, expected)) in zip(received, ODD_DATA.items(), strict=False):
        assert event.data["data"] == expected, name
    for event in received:
        shown = await browser.receive_json()
        assert shown["event"]["data"] == event.data
    assert received[-2].data["data"] == _deep(600)
    assert [it for it in caplog.records if it.levelno >= logging.WARNING] == []
