"""asyncpusher."""

import asyncio

from asyncpusher import Pusher
from asyncpusher.channel import Channel

from .measure import Measurement


async def main() -> None:
    """Receive through asyncpusher."""
    measurement = Measurement.of_arguments()
    done = asyncio.Event()

    async def heard(data: dict[str, int]) -> None:
        measurement.total += data["n"]
        measurement.left -= 1
        if not measurement.left:
            measurement.phase_over()
            if measurement.finished:
                done.set()

    client = Pusher("bench", secure=False, custom_host="127.0.0.1", custom_port=measurement.port)
    await client.connect()
    channel = await client.subscribe(measurement.channel)
    channel.bind("measured", heard)
    await subscribed(channel)
    measurement.ready()
    await done.wait()
    await client.disconnect()


async def subscribed(channel: Channel) -> None:
    """Wait until the channel is joined; the client offers only to look."""
    while channel.state is not channel.State.SUBSCRIBED:  # noqa: ASYNC110
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
