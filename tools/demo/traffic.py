"""The traffic of the demo, until it is ended."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from tools.devserver import DevServer

from .guest import Guest
from .stage import ALERTS, LOBBY, ORDERS, VAULT, WEATHER

type Say = Callable[[str], None]

GUESTS: Final = {"ada": "Ada", "grace": "Grace", "linus": "Linus", "margaret": "Margaret"}

_ORDER_STEPS: Final = ("order.placed", "order.paid", "order.shipped", "order.delivered")
_SECONDS_OF_A_STEP: Final = 15
_CUSTOMERS: Final = ("Ada", "Grace", "Linus", "Margaret", "Tim")
_ALERTS: Final = ("A parcel is at the door", "The freezer is too warm", "The till is empty")
_NOTES: Final = ("The code is 4711", "Meet at noon", "The key is under the mat")


async def keep_going(server: DevServer, say: Say) -> None:
    """Send events, and subscribe and unsubscribe guests, without end; call `say` for each guest."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_orders(server))
        group.create_task(_weather(server))
        group.create_task(_alerts(server))
        group.create_task(_notes(server))
        for user_id in GUESTS:
            group.create_task(_visits(server, user_id, say))


async def _orders(server: DevServer) -> None:
    """Take each order through its four steps, one minute in all."""
    number = 1000
    while True:
        number += 1
        customer, total = random.choice(_CUSTOMERS), round(random.uniform(5, 250), 2)
        order = {"id": number, "customer": customer, "total": total}
        for step in _ORDER_STEPS:
            await server.publish(ORDERS.name, step, order)
            await asyncio.sleep(_SECONDS_OF_A_STEP)


async def _weather(server: DevServer) -> None:
    temperature, humidity = 18.0, 55
    while True:
        temperature = round(temperature + random.uniform(-0.8, 0.8), 1)
        humidity = max(40, min(70, humidity + random.randint(-2, 2)))
        weather = {"temperature": temperature, "humidity": humidity}
        await server.publish(WEATHER.name, "changed", weather)
        await asyncio.sleep(random.uniform(6, 9))


async def _alerts(server: DevServer) -> None:
    is_open = False
    while True:
        await server.publish(ALERTS.name, "alert", {"text": random.choice(_ALERTS)})
        await asyncio.sleep(random.uniform(8, 12))
        is_open = not is_open
        await server.publish(ALERTS.name, "door", {"open": is_open})
        await asyncio.sleep(random.uniform(8, 12))


async def _notes(server: DevServer) -> None:
    while True:
        await server.publish(VAULT.name, "note", {"text": random.choice(_NOTES)})
        await asyncio.sleep(random.uniform(12, 20))


async def _visits(server: DevServer, user_id: str, say: Say) -> None:
    name = GUESTS[user_id]
    await asyncio.sleep(random.uniform(1, 15))
    while True:
        async with Guest(server, LOBBY.name, (user_id, name)):
            say(f"{LOBBY.name}  {name} arrived")
            await asyncio.sleep(random.uniform(20, 60))
        say(f"{LOBBY.name}  {name} left")
        await asyncio.sleep(random.uniform(20, 60))
