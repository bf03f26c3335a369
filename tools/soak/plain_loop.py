"""The bus events of a flood without the integration: what of the lag is Home Assistant's own."""

import asyncio
import time

from homeassistant.core import HomeAssistant
from orjson import loads

from custom_components.pusher_channels.client.connection import SLICE_EVENTS, SLICE_SECONDS
from custom_components.pusher_channels.const import EVENT
from tools.devserver import frames
from tools.load.frames import DISTINCT_EVENTS, payload


async def fire(hass: HomeAssistant, channel: str, events: int, seconds: float) -> None:
    """Fire as many events within so many seconds, in the same slices as the client."""
    texts = [frames.encode(payload(0, number)) for number in range(DISTINCT_EVENTS)]
    began, fired = time.perf_counter(), 0
    while fired < events:
        now = time.perf_counter()
        due = min(events, int((now - began) / seconds * events) + 1)
        while fired < due and time.perf_counter() - now <= SLICE_SECONDS:
            for number in range(fired, min(fired + SLICE_EVENTS, due)):
                hass.bus.async_fire(EVENT, _data(channel, texts[number % len(texts)]))
                fired = number + 1
        await asyncio.sleep(0 if fired < due else SLICE_SECONDS)


def _data(channel: str, text: str) -> dict[str, object]:
    return {
        "entry_id": "0" * 26,
        "device_id": "0" * 32,
        "channel": channel,
        "event": "measured",
        "data": loads(text),
        "user_id": None,
        "cached": False,
    }
