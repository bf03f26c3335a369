"""Changes states as fast as a busy home does: how late the loop of Home Assistant is while they are shared.

`python -m tools.soak.shares [--minutes N]`: the same changes with the share paused, then with it on. Ends with 1 when a
goal is missed.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import override

from tools.harness.in_process import home_assistant

# isort: split
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import App

from .lag import in_share_of_time, watching
from .memory import held, needed

ENTITIES = 200
CHANGES_A_SECOND = 50
INTERVAL = 1
APP = App(master_key="T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU=")
CHANNEL = "private-encrypted-home"
LATEST = 5.0
MOST_GROWTH = 1.02


@dataclass(frozen=True, slots=True)
class Phase:
    """The lag in milliseconds, at most in so much of the time, and the memory at the end."""

    name: str
    p50: float
    p99: float
    latest: float
    worked_p99: float
    blocks: int
    megabytes: float
    messages: int

    @override
    def __str__(self) -> str:
        """Return a line of the table."""
        return (
            f"{self.name:<12} lag p50 {self.p50:.2f} p99 {self.p99:.2f} max {self.latest:.1f} ms;"
            f" own work p99 {self.worked_p99:.2f} ms; {self.messages} messages;"
            f" {self.megabytes:.1f} MB, {self.blocks} blocks"
        )


@asynccontextmanager
async def server() -> AsyncIterator[int]:
    """Run the dev server in a separate process; yield its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.devserver", "--port", "0", "--master-key", str(APP.master_key),
        stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        listening = (await process.stdout.readline()).decode()
        reader = asyncio.create_task(_discard(process.stdout))
        yield int(listening.rpartition("/app/")[0].rpartition(":")[2])
        reader.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(2**16):
        pass


def add_share(hass: HomeAssistant, port: int) -> MockConfigEntry:
    """Add an app with one share; return its entry, which is not set up yet."""
    share = {
        "channel": CHANNEL,
        "event": "states",
        "entities": [entity(number) for number in range(ENTITIES)],
        "labels": [],
        "attributes": ["device_class"],
        "interval": INTERVAL,
        "public": False,
    }
    entry = MockConfigEntry(
        domain="pusher_channels",
        title="Home",
        data={
            "app_key": APP.key,
            "cluster": "mt1",
            "server": {"host": "127.0.0.1", "port": port, "use_tls": False, "verify_ssl": True},
            "authorization": "auth_secret",
            "secret": APP.secret,
            "app_id": APP.app_id,
            "encryption_master_key": APP.master_key,
            "user_id": "home",
        },
        subentries_data=[
            ConfigSubentryDataWithId(
                subentry_id="share",
                subentry_type="share",
                title="Share",
                unique_id="share",
                data=MappingProxyType(share),
            )
        ],
    )
    entry.add_to_hass(hass)
    return entry


def entity(number: int) -> str:
    """Return the id of an entity."""
    return f"sensor.number_{number}"


async def change(hass: HomeAssistant, seconds: float) -> None:
    """Change states evenly for some time."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(int(seconds * CHANGES_A_SECOND)):
        attributes = {"friendly_name": f"Number {number}", "unit_of_measurement": "W"}
        hass.states.async_set(entity(number % ENTITIES), str(number), attributes)
        await asyncio.sleep(start + (number + 1) / CHANGES_A_SECOND - loop.time())


async def lateness(hass: HomeAssistant, seconds: float) -> tuple[float, float, float, float]:
    """Change states and return the lag: p50, p99 and longest, and p99 of the thread's own work."""
    with watching() as lag:
        await change(hass, seconds)
    late = [look.late for look in lag.looks]
    worked = [look.worked for look in lag.looks]
    return (
        in_share_of_time(late, 0.5),
        in_share_of_time(late, 0.99),
        max(late),
        in_share_of_time(worked, 0.99),
    )


async def measure(hass: HomeAssistant, name: str, seconds: float) -> Phase:
    """Change states and return how late the loop was, and what memory is held after it."""
    before = messages_sent(hass)
    figures = await lateness(hass, seconds)
    await asyncio.sleep(INTERVAL + 1)
    return Phase(name, *figures, held(), needed(), messages_sent(hass) - before)


def messages_sent(hass: HomeAssistant) -> int:
    """Return how many messages the share has sent."""
    state = hass.states.get("sensor.share_messages_sent")
    assert state is not None
    return int(state.state)


async def run(minutes: float) -> int:
    """Print the figures of each phase; return 1 when a goal is missed."""
    async with server() as port, home_assistant() as hass:
        await change(hass, 4)
        entry = add_share(hass, port)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        switch = {"entity_id": "switch.share_sharing"}
        await measure(hass, "warm-up", 20)
        await hass.services.async_call("switch", "turn_off", switch, blocking=True)
        print(await measure(hass, "paused", 30 * minutes), flush=True)
        await hass.services.async_call("switch", "turn_on", switch, blocking=True)
        halves = [await measure(hass, name, 30 * minutes) for name in ("first half", "second half")]
        print(*halves, sep="\n", flush=True)
        first, second = halves
        grown = second.blocks / first.blocks
        met = max(it.worked_p99 for it in halves) <= LATEST and grown <= MOST_GROWTH
        print(
            f"goals (own work p99 {LATEST} ms, {MOST_GROWTH} times the blocks): {'met' if met else 'MISSED'}"
        )
        return 0 if met else 1


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak.shares")
    parser.add_argument("--minutes", type=float, default=10, help="of sharing (10)")
    return asyncio.run(run(parser.parse_args().minutes))


if __name__ == "__main__":
    sys.exit(main())
