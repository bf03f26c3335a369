"""b, the obvious limit: an aiohttp websocket loop with orjson on the envelope and on `data`."""

import asyncio
import json
import sys
from collections.abc import Callable

import aiohttp
from orjson import loads

from .measure import Measurement


async def main() -> None:
    """Receive with nothing else around; with `--bus`, fire one Home Assistant event for each."""
    measurement = Measurement.of_arguments()
    fire = bus_events() if "--bus" in sys.argv else None
    url = f"ws://127.0.0.1:{measurement.port}/app/bench?protocol=7&client=b&version=1.0.0"
    subscribe = {"event": "pusher:subscribe", "data": {"channel": measurement.channel}}
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
        await websocket.receive()
        await websocket.send_str(json.dumps(subscribe))
        await websocket.receive()
        measurement.ready()
        total, left = 0, measurement.warm
        async for message in websocket:
            frame = loads(message.data)
            data = loads(frame["data"])
            total += data["n"]
            if fire is not None:
                fire(frame, data)
            left -= 1
            if not left:
                measurement.total = total
                measurement.phase_over()
                left = measurement.left
                if measurement.finished:
                    return


type Fire = Callable[[dict[str, object], object], None]


def bus_events() -> Fire:
    """Return what fires one event, with one listener."""
    from .home_assistant_bus import make_bus  # noqa: PLC0415  # the limit alone needs none of it

    _, bus = make_bus()

    def fire(frame: dict[str, object], data: object) -> None:
        fields = {"channel": frame["channel"], "event": frame["event"], "data": data}
        bus.async_fire("pusher_channels_event", fields)

    return fire


if __name__ == "__main__":
    asyncio.run(main())
