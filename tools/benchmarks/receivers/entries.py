"""What entries cost a Home Assistant in this process: time to set up, memory, and CPU while nothing happens.

Told `PORT SECONDS`, it prints a line of JSON. The idle CPU is that of `SECONDS`, once without and once with an entry;
the server says how often it wants to be asked whether it is there.
"""

import argparse
import asyncio
import gc
import json
import os
import time
import tracemalloc

from homeassistant.core import HomeAssistant

from .home import add_app, home_assistant, set_up

CHANNELS = 100
ENTRIES = 10


async def main() -> None:
    """Measure one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    told = parser.parse_args()
    async with home_assistant() as hass:
        idle_without = await idle(told.seconds)
        first = await seconds_to_set_up(hass, told.port, "First", 1)
        idle_with = await idle(told.seconds)
        found = {
            "first": first,
            "second": await seconds_to_set_up(hass, told.port, "Second", 1),
            "many": await seconds_to_set_up(hass, told.port, "Many", CHANNELS),
            "idle": idle_with - idle_without,
            "bytes": await bytes_of_entry(hass, told.port),
        }
        print(json.dumps(found), flush=True)
        os._exit(0)


async def seconds_to_set_up(hass: HomeAssistant, port: int, title: str, channels: int) -> float:
    """Return how long it takes to set an app up until all its channels are joined."""
    names = [f"{title.lower()}-{number}" for number in range(channels)]
    began = time.perf_counter()
    await set_up(hass, add_app(hass, port, title, *names))
    return time.perf_counter() - began


async def idle(seconds: float) -> float:
    """Return the CPU seconds that go by while nothing happens."""
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
