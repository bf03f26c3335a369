"""asyncpusher."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from asyncpusher import Pusher
from asyncpusher.channel import Channel

from .measurement import Measurement

type Listener = Callable[[dict[str, int]], Awaitable[None]]


async def main() -> None:
    """Receive through asyncpusher."""
    measurement = Measurement.of_arguments(("late",))
    client = Pusher("bench", secure=False, custom_host="127.0.0.1", custom_port=measurement.port)
    await client.connect()
    channel = await client.subscribe(measurement.channel)
    make = timing if "late" in measurement.options else summing
    channel.bind("measured", make(measurement))
    await subscribed(channel)
    measurement.ready()
    await asyncio.Event().wait()


def summing(measurement: Measurement) -> Listener:
    """Return a listener that sums a field of the data."""
    total, left = 0, measurement.warm

    async def on_event(data: dict[str, int]) -> None:
        nonlocal total, left
        total += data["n"]
        left -= 1
        if not left:
            left = measurement.phase_over(total)

    return on_event


def timing(measurement: Measurement) -> Listener:
    """Return a listener that notes how long each event was on its way."""
    clock = time.monotonic_ns

    async def on_event(data: dict[str, int]) -> None:
        measurement.arrived(clock() - data["t"])

    return on_event


async def subscribed(channel: Channel) -> None:
    """Wait until the channel is subscribed; the client offers only polling."""
    while channel.state is not channel.State.SUBSCRIBED:  # noqa: ASYNC110
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
