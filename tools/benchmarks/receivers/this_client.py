"""Our client, with one listener that sums a field of the decoded data.

Options: `bus`: the integration's bus events, and the listener is on the bus. `filter`: listens for another event's
name, beside a listener that counts without looking. `churn`: counts members that come and go. `late`: how long events
were on their way. `lag`: how late the event loop is during the flood. `greedy`: never gives way to others.
`slowed`: runs under callgrind, and gives way after as many events as without it.
`--others N`: that many other channels are subscribed too.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from . import client_alone  # noqa: F401  # before the client

# isort: split
from custom_components.pusher_channels.client import connection
from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.crypto import parse_master_key
from custom_components.pusher_channels.client.dispatch import EventListener
from custom_components.pusher_channels.client.messages import Event
from custom_components.pusher_channels.client.server import Server

from .measurement import Measurement

CALLGRIND_FACTOR = 70


async def main() -> None:
    """Receive through the whole client."""
    measurement = Measurement.of_arguments(
        ("bus", "churn", "filter", "late", "lag", "greedy", "slowed")
    )
    options = measurement.options
    if "greedy" in options:
        connection.SLICE_SECONDS = float("inf")
    if "slowed" in options:
        connection.SLICE_SECONDS *= CALLGRIND_FACTOR
    async with aiohttp.ClientSession() as session:
        client = make_client(session, measurement)
        for number in range(measurement.others):
            client.subscribe(f"other-{number}").bind(ignore)
        channel = client.subscribe(measurement.channel)
        client.connect()
        for subscribed in reversed(list(client.channels.values())):
            await subscribed.wait_subscribed()
        if "churn" in options:
            channel.listen(counting(measurement))
        else:
            channel.bind(listener(measurement))
        if "filter" in options:
            channel.bind(ignore, "another.event")
        measurement.ready()
        if "lag" in options:
            await measurement.watch_loop()
        await asyncio.Event().wait()


def make_client(session: aiohttp.ClientSession, measurement: Measurement) -> PusherClient:
    """Return a client that authorizes with the app secret."""
    master_key = parse_master_key(measurement.master_key)
    authorizer = SecretAuthorizer("bench", measurement.secret, User("bench"), master_key)
    server = Server.self_hosted("127.0.0.1", measurement.port, use_tls=False)
    return PusherClient(session, "bench", server, authorizer=authorizer)


def listener(measurement: Measurement) -> EventListener:
    """Return the listener for the events."""
    if "late" in measurement.options:
        return timing(measurement)
    if "bus" in measurement.options:
        return bus_events(counting(measurement))
    if "filter" in measurement.options:
        return counting(measurement)
    return summing(measurement)


def summing(measurement: Measurement) -> EventListener:
    """Return a listener that sums a field of the decoded data."""
    total, left = 0, measurement.warm

    def on_event(event: Event) -> None:
        nonlocal total, left
        data: Any = event.data
        total += data["n"]
        left -= 1
        if not left:
            left = measurement.phase_over(total)

    return on_event


def counting(measurement: Measurement) -> Callable[[object], None]:
    """Return a listener that reads nothing."""
    left = measurement.warm

    def on_event(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            left = measurement.phase_over(0)

    return on_event


def timing(measurement: Measurement) -> EventListener:
    """Return a listener that notes how long each event was on its way."""
    clock = time.monotonic_ns

    def on_event(event: Event) -> None:
        data: Any = event.data
        measurement.arrived(clock() - data["t"])

    return on_event


def ignore(_: object) -> None:
    """Ignore an event."""


def bus_events(hear: Callable[[object], None]) -> EventListener:
    """Return what fires the integration's bus event, for one listener."""
    from custom_components.pusher_channels.hub.bus import DeviceBus  # noqa: PLC0415

    from .home_assistant_bus import make_bus  # noqa: PLC0415  # the client alone needs none of it

    return DeviceBus(make_bus(hear), "entry", "device").fire_event


if __name__ == "__main__":
    asyncio.run(main())
