"""Our client, with one listener; with `--bus`, the integration's own bus events instead.

`--filter` listens for another event's name only, beside a listener that counts without looking.
"""

import asyncio
import sys
from typing import Any

import aiohttp

from benchmarks.load_server import BENCH_APP, MASTER_KEY
from custom_components.pusher_channels.client.auth import SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.crypto import parse_master_key
from custom_components.pusher_channels.client.messages import Event
from custom_components.pusher_channels.client.routes import EventListener
from custom_components.pusher_channels.client.server import Server

from .measure import Measurement


async def main() -> None:
    """Receive through the whole client."""
    measurement = Measurement.of_arguments()
    done = asyncio.Event()
    looks = "--filter" not in sys.argv

    total, left = 0, measurement.warm

    def heard(event: Event) -> None:
        nonlocal total, left
        if looks:
            data: Any = event.data
            total += data["n"]
        left -= 1
        if not left:
            measurement.total = total
            measurement.phase_over()
            left = measurement.left
            if measurement.finished:
                done.set()

    authorizer = SecretAuthorizer(
        BENCH_APP.key, BENCH_APP.secret, User("bench"), parse_master_key(MASTER_KEY)
    )
    server = Server.self_hosted("127.0.0.1", measurement.port, use_tls=False)
    async with aiohttp.ClientSession() as session:
        client = PusherClient(session, BENCH_APP.key, server, authorizer=authorizer)
        channel = client.subscribe(measurement.channel)
        if "--bus" in sys.argv:
            channel.bind(bus_events())
        channel.bind(heard)
        client.connect()
        await channel.wait_subscribed()
        measurement.ready()
        await done.wait()
        await client.disconnect()


def bus_events() -> EventListener:
    """Return what fires the integration's bus event, with one listener."""
    from custom_components.pusher_channels.bus import DeviceBus  # noqa: PLC0415

    from .home_assistant_bus import make_bus  # noqa: PLC0415  # the client alone needs none of it

    hass, _ = make_bus()
    return DeviceBus(hass, "entry", "device").fire_event


if __name__ == "__main__":
    asyncio.run(main())
