"""Two homes, as in the guide: one shares over an encrypted channel, the other shows it with values."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tools.devserver import App, DevServer
from tools.harness import HomeAssistant

from .apps import APP_1

GUIDE = Path(__file__).parents[2] / "docs/guides/two-homes.md"
CHANNEL = "private-encrypted-cache-home-a"
FRIDGE = "sensor.fridge"
DOOR = "binary_sensor.door"
FAULTS = 30
SECONDS_TO_RECOVER = 90

type Fault = Callable[[], Awaitable[None]]


def template(entity_id: str) -> str:
    """Return the guide's template for another entity."""
    block = GUIDE.read_text().partition("```jinja\n")[2].partition("```")[0]
    assert FRIDGE in block
    return block.strip().replace(FRIDGE, entity_id)


async def add_app(hass: HomeAssistant, server: DevServer) -> str:
    return await hass.add_app(
        {
            "app_key": APP_1.key,
            "server": {"host": server.host, "port": server.port, "use_tls": False},
        },
        "auth_secret",
        secret=APP_1.secret,
        app_id=APP_1.app_id,
        advanced={"encryption_master_key": APP_1.master_key},
    )


async def add_value(
    hass: HomeAssistant, entry_id: str, subentry_id: str, platform: str, entity_id: str
) -> None:
    steps = await hass.start_channel_flow(entry_id, subentry_id=subentry_id)
    await steps.choose("add_value")
    name = entity_id.partition(".")[2]
    await steps.submit(platform=platform, name=name, value=template(entity_id), events=[])
    await steps.submit()


async def values_of(hass: HomeAssistant, subentry_id: str) -> dict[str, str]:
    """Return the ids of the entities of values, by name."""
    entities: list[dict[str, Any]] = await hass.call("config/entity_registry/list")
    return {
        it["original_name"]: it["entity_id"]
        for it in entities
        if it["config_subentry_id"] == subentry_id and "_value_" in it["unique_id"]
    }


def faults_of(server: DevServer) -> list[Fault]:
    async def lose() -> None:
        server.abort_all()

    async def close() -> None:
        await server.close_all(4200)

    async def restart() -> None:
        await server.stop()
        await asyncio.sleep(0.2)
        await server.start()

    async def hang() -> None:
        server.freeze()
        await asyncio.sleep(0.3)
        server.thaw()

    async def refuse() -> None:
        server.faults.api_status = 503
        await asyncio.sleep(1)
        server.faults.api_status = None

    return [lose, close, restart, hang, refuse]


async def test_second_home_shows_the_states_of_the_first_after_all_faults() -> None:
    app = App(app_id=APP_1.app_id, key=APP_1.key, secret=APP_1.secret, master_key=APP_1.master_key)
    async with (
        DevServer([app]) as server,
        HomeAssistant() as home_a,
        HomeAssistant() as home_b,
    ):

        async def change(number: int) -> None:
            fridge = {"state": str(number), "attributes": {"unit_of_measurement": "°C"}}
            await home_a.post(f"/api/states/{FRIDGE}", fridge)
            await home_a.post(f"/api/states/{DOOR}", {"state": "on" if number % 2 else "off"})

        await change(1)
        entry_a = await add_app(home_a, server)
        steps = await home_a.start_share_flow(entry_a)
        await steps.submit(entities=[FRIDGE, DOOR], channel=CHANNEL, interval=1)
        steps.created()
        entry_b = await add_app(home_b, server)
        subentry_b = await home_b.add_channel(entry_b, CHANNEL)
        await add_value(home_b, entry_b, subentry_b, "sensor", FRIDGE)
        await add_value(home_b, entry_b, subentry_b, "binary_sensor", DOOR)
        shown = await values_of(home_b, subentry_b)

        async def is_equal(number: int, seconds: float) -> None:
            await home_b.wait_state(
                shown["fridge"], lambda state: state.state == str(number), seconds
            )
            door = "on" if number % 2 else "off"
            await home_b.wait_state(shown["door"], lambda state: state.state == door, seconds)

        await change(2)
        await is_equal(2, 30)
        faults = faults_of(server)
        for number in range(3, 3 + FAULTS):
            await asyncio.gather(random.choice(faults)(), change(number))
        await is_equal(2 + FAULTS, SECONDS_TO_RECOVER)

        await change(100)
        await is_equal(100, 5)
        assert all("°C" not in it.data and FRIDGE not in it.data for it in server.published)
