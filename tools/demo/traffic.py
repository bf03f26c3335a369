"""What goes on in the demo until it is ended."""

import asyncio
import random
from collections.abc import Callable

from tools.devserver import DevServer

from .guest import Guest
from .stage import ALERTS, LOBBY, ORDERS, VAULT, WEATHER

type Say = Callable[[str], None]

GUESTS = {"ada": "Ada", "grace": "Grace", "linus": "Linus", "margaret": "Margaret"}

_ORDER_STEPS = ("order.placed", "order.paid", "order.shipped", "order.delivered")
_ALERTS = ("The back door is open", "A parcel has come", "The freezer is too warm")
_NOTES = ("The code is 4711", "Meet at noon", "The key is under the mat")


async def keep_going(server: DevServer, say: Say) -> None:
    """Publish, come and go for ever; `say` hears of the guests."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_orders(server))
        group.create_task(_weather(server))
        group.create_task(_alerts(server))
        group.create_task(_notes(server))
        for user_id in GUESTS:
            group.create_task(_visits(server, user_id, say))


async def _orders(server: DevServer) -> None:
    number = 1000
    while True:
        number += 1
        order = {"id": number, "total": round(random.uniform(5, 250), 2)}
        for step in _ORDER_STEPS:
            await server.publish(ORDERS.name, step, order)
            await asyncio.sleep(random.uniform(3, 6))


async def _weather(server: DevServer) -> None:
    temperature = 18.0
    while True:
        temperature = round(temperature + random.uniform(-0.8, 0.8), 1)
        weather = {"temperature": temperature, "humidity": random.randint(45, 65)}
        await server.publish(WEATHER.name, "changed", weather)
        await asyncio.sleep(random.uniform(6, 9))


async def _alerts(server: DevServer) -> None:
    while True:
        await server.publish(ALERTS.name, "alert", {"text": random.choice(_ALERTS)})
        await asyncio.sleep(random.uniform(15, 25))


async def _notes(server: DevServer) -> None:
    while True:
        await server.publish(VAULT.name, "note", {"text": random.choice(_NOTES)})
        await asyncio.sleep(random.uniform(12, 20))


async def _visits(server: DevServer, user_id: str, say: Say) -> None:
    name = GUESTS[user_id]
    while True:
        await asyncio.sleep(random.uniform(1, 15))
        async with Guest(server, LOBBY.name, user_id, name):
            say(f"{LOBBY.name}  {name} came")
            await asyncio.sleep(random.uniform(10, 30))
        say(f"{LOBBY.name}  {name} went")
