"""Floods a Home Assistant with recorder and logbook: what arrives, how late its loop is, what stays in memory."""

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from homeassistant.components.recorder import get_instance
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

import custom_components.pusher_channels as component
from benchmarks.load_server import BENCH_APP
from custom_components.pusher_channels.const import DOMAIN, EVENT

ROOT = Path(__file__).parents[1]
PROBE_EVERY = 0.002
P99, WORST = 20.0, 100.0


class Lag:
    """How late the event loop is, in milliseconds."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        while True:
            due = time.perf_counter() + PROBE_EVERY
            await asyncio.sleep(PROBE_EVERY)
            self.late.append((time.perf_counter() - due) * 1000)

    def at(self, share: float) -> float:
        return sorted(self.late)[min(int(len(self.late) * share), len(self.late) - 1)]


async def poll(done: Callable[[], bool], seconds: float) -> None:
    """Look every 50 ms whether it is done, at most that many seconds."""
    end = time.perf_counter() + seconds
    while not done() and time.perf_counter() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def resident() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@asynccontextmanager
async def load_server() -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run the dev server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.load_server",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def add_app(hass: HomeAssistant, title: str, port: int, channel: str) -> MockConfigEntry:
    """Set an app with one channel up and wait until it is joined."""
    data = {"channel": channel, "events": [], "members": []}
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=title,
        data={
            "app_key": BENCH_APP.key,
            "cluster": "mt1",
            "server": {"host": "127.0.0.1", "port": port, "use_tls": False, "verify_ssl": True},
            "authorization": "auth_none",
        },
        subentries_data=[
            ConfigSubentryDataWithId(
                subentry_id=f"id-{channel}",
                subentry_type="channel",
                title=channel,
                unique_id=channel,
                data=MappingProxyType(data),
            )
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await poll(lambda: all(it.is_subscribed for it in entry.runtime_data.channels.values()), 10)
    return entry


async def start(hass: HomeAssistant, database: Path) -> None:
    """Set up the recorder, the logbook and what the integration needs."""
    async_initialize_recorder(hass)
    for domain, config in (("recorder", {"db_url": f"sqlite:///{database}"}), ("logbook", {})):
        assert await async_setup_component(hass, domain, {domain: config}), domain
    await hass.async_block_till_done()
    await get_instance(hass).async_recorder_ready.wait()


async def drain(hass: HomeAssistant) -> float:
    """Wait until the recorder has written all; return the seconds it took."""
    if "recorder" not in hass.config.components:
        return 0.0
    began = time.perf_counter()
    recorder = get_instance(hass)
    await poll(lambda: not recorder.backlog, 240)
    await recorder.async_block_till_done()
    return time.perf_counter() - began


class Watch:
    """Counts the bus events of each channel and the state writes of the flooded one."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.heard = {"flooded": 0, "quiet": 0}
        self.writes: list[float] = []
        hass.bus.async_listen(EVENT, self._hear)
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._written)

    @callback
    def _hear(self, event: Event) -> None:
        self.heard[event.data["channel"]] += 1

    @callback
    def _written(self, event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == "event.flooded":
            self.writes.append(time.perf_counter())

    @property
    def most_writes(self) -> int:
        """The most state writes within any second."""
        return max(
            (sum(begin <= at < begin + 1 for at in self.writes[i : i + 200]))
            for i, begin in enumerate(self.writes)
        )


async def flood(hass: HomeAssistant, events: int) -> int:
    """Flood one app's channel while another's gets 50 events a second; print; return 1 when a goal is missed."""
    async with load_server() as (loud, port), load_server() as (calm, calm_port):
        assert loud.stdin is not None
        assert calm.stdin is not None
        entries = [
            await add_app(hass, "Loud", port, "flooded"),
            await add_app(hass, "Calm", calm_port, "quiet"),
        ]
        watch = Watch(hass)
        loud.stdin.write(b"flood flooded 200 2000 0\n")
        await poll(lambda: watch.heard["flooded"] >= 2000, 30)
        await drain(hass)
        gc.collect()
        before = resident()
        watch.heard["flooded"] = 0
        lag = Lag()
        probe = asyncio.create_task(lag.watch())
        began = time.perf_counter()
        calm.stdin.write(b"flood quiet 200 100 20\n")
        loud.stdin.write(f"flood flooded 200 {events} 0\n".encode())
        await poll(lambda: watch.heard["flooded"] >= events, 240)
        seconds = time.perf_counter() - began
        await poll(lambda: watch.heard["quiet"] >= 100, 60)
        probe.cancel()
        peak = resident()
        caught_up = await drain(hass)
        gc.collect()
        after = resident()
        attempts = [len(entry.runtime_data.past_states) for entry in entries]
        print(
            f"events: {watch.heard['flooded']} of {events} in {seconds:.1f} s, {events / seconds:.0f} a second"
        )
        print(f"other app: {watch.heard['quiet']} of 100; states of both connections: {attempts}")
        print(
            f"loop lag: p50 {lag.at(0.5):.1f} ms, p99 {lag.at(0.99):.1f} ms, max {max(lag.late):.1f} ms"
        )
        print(f"state writes in any second: at most {watch.most_writes}")
        print(f"memory: {before:.0f} MB before, {peak:.0f} MB at the end of the flood")
        print(f"memory: {after:.0f} MB once all is recorded, {caught_up:.1f} s later")
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)
        complete = watch.heard == {"flooded": events, "quiet": 100} and attempts == [1, 1]
        paced = watch.most_writes <= 51
        return 0 if complete and paced and lag.at(0.99) <= P99 and max(lag.late) <= WORST else 1


async def run(events: int, *, record: bool) -> int:
    """Flood a Home Assistant of its own."""
    assert component
    with tempfile.TemporaryDirectory() as folder:
        async with async_test_home_assistant() as hass:
            hass.data.pop("custom_components", None)
            assert await async_setup_component(hass, "network", {})
            if record:
                await start(hass, Path(folder) / "home.db")
            try:
                return await flood(hass, events)
            finally:
                await hass.async_stop(force=True)


def main() -> int:
    """Run; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--no-recorder", action="store_true", help="see the lag of our work alone")
    options = parser.parse_args()
    return asyncio.run(run(options.events, record=not options.no_recorder))


if __name__ == "__main__":
    sys.exit(main())
