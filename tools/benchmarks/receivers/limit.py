"""b, a plain loop: aiohttp's websocket, orjson on the frame and on `data`, and nothing else."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp
from orjson import loads

from .measurement import Measurement

type WebSocket = aiohttp.ClientWebSocketResponse[bool]
type Loop = Callable[[WebSocket, Measurement], Awaitable[None]]


async def main() -> None:
    """Subscribe, then receive in the selected loop."""
    measurement = Measurement.of_arguments(("bus", "late"))
    loop: Loop = b
    if "bus" in measurement.options:
        loop = h
    elif "late" in measurement.options:
        loop = b_late
    url = f"ws://127.0.0.1:{measurement.port}/app/bench?protocol=7&client=b&version=1.0.0"
    subscribe = {"event": "pusher:subscribe", "data": {"channel": measurement.channel}}
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
        await websocket.receive()
        await websocket.send_str(json.dumps(subscribe))
        await websocket.receive()
        measurement.ready()
        await loop(websocket, measurement)


async def b(websocket: WebSocket, measurement: Measurement) -> None:
    """Receive."""
    left = measurement.warm
    async for message in websocket:
        frame = loads(message.data)
        data = loads(frame["data"])  # noqa: F841  # b decodes the data and ignores it
        left -= 1
        if not left:
            left = measurement.phase_over(0)


async def h(websocket: WebSocket, measurement: Measurement) -> None:
    """Receive, and fire a Home Assistant event with the integration's fields."""
    from .home_assistant_bus import EVENT, make_bus  # noqa: PLC0415  # only h needs Home Assistant

    fire = make_bus(lambda _: None).bus.async_fire
    left = measurement.warm
    async for message in websocket:
        frame = loads(message.data)
        data = loads(frame["data"])
        fire(
            EVENT,
            {
                "entry_id": "entry",
                "device_id": "device",
                "channel": frame["channel"],
                "event": frame["event"],
                "data": data,
                "user_id": frame.get("user_id"),
                "cached": False,
            },
        )
        left -= 1
        if not left:
            left = measurement.phase_over(0)


async def b_late(websocket: WebSocket, measurement: Measurement) -> None:
    """Receive, and record the delay of each event."""
    clock = time.monotonic_ns
    async for message in websocket:
        data = loads(loads(message.data)["data"])
        measurement.arrived(clock() - data["t"])


if __name__ == "__main__":
    asyncio.run(main())
