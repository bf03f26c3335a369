"""Measures what entries cost a Home Assistant in this process: set-up and unload, memory, and CPU while idle.

Its arguments are `PORT SECONDS`; it prints a line of JSON. The idle CPU is that of `SECONDS`, once without and once
with an entry. The server's activity timeout decides how often the client pings.
"""

import argparse
import asyncio
import gc
import json
import os
import time
import tracemalloc

from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.const import DOMAIN
from tools.harness.in_process import add_app, home_assistant, set_up

CHANNELS = 100
ENTRIES = 10


async def main() -> None:
    """Take each measurement in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    async with home_assistant() as hass:
        idle_without = await idle(arguments.seconds)
        first = await seconds_to_set_up(hass, arguments.port, "First", 1)
        idle_with = await idle(arguments.seconds)
        found = {
            "first": first,
            "second": await seconds_to_set_up(hass, arguments.port, "Second", 1),
            "many": await seconds_to_set_up(hass, arguments.port, "Many", CHANNELS),
            "unload": await seconds_to_unload(hass, "Many"),
            "idle": idle_with - idle_without,
            "bytes": await bytes_of_entry(hass, arguments.port),
        }
        print(json.dumps(found), flush=True)
        os._exit(0)


async def seconds_to_set_up(hass: HomeAssistant, port: int, title: str, channels: int) -> float:
    """Return how long set-up takes, until all channels are subscribed."""
    names = [f"{title.lower()}-{number}" for number in range(channels)]
    began = time.perf_counter()
    await set_up(hass, add_app(hass, port, title, *names))
    return time.perf_counter() - began


async def seconds_to_unload(hass: HomeAssistant, title: str) -> float:
    """Return how long the app with this title takes to unload."""
    entry = next(it for it in hass.config_entries.async_entries(DOMAIN) if it.title == title)
    began = time.perf_counter()
    assert await hass.config_entries.async_unload(entry.entry_id)
    return time.perf_counter() - began


async def idle(seconds: float) -> float:
    """Return the CPU seconds used while idle."""
    before = time.process_time()
    await asyncio.sleep(seconds)
    return time.process_time() - before


async def bytes_of_entry(hass: HomeAssistant, port: int) -> float:
    """Return the memory of an app with one channel, its devices and entities included."""
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(ENTRIES):
        await set_up(hass, add_app(hass, port, f"App {number}", f"channel-{number}"))
    gc.collect()
    return (tracemalloc.get_traced_memory()[0] - before) / ENTRIES


if __name__ == "__main__":
    asyncio.run(main())
