"""Floods a Home Assistant with recorder and logbook: what arrives, how late its loop is, what stays in memory."""

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from tools.harness.in_process import add_app, home_assistant, set_up
from tools.load import LoadServer, load_server

from . import plain_loop
from .flood_figures import (
    FloodFigures,
    OtherApp,
    missed_with_memory,
    missed_without_recorder,
    table,
)
from .flood_watch import Watch
from .lag import watching
from .memory import held, needed, resident
from .recording import Recording

FLOODED, PLAIN, QUIET = "flooded", "plain", "quiet"
WARM_UP = 2000
LONGEST = 240.0
QUIET_AT_ONCE, QUIET_EVERY = 5, 0.02
ARRIVES_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A Home Assistant with two apps, each with its own server, and perhaps a recorder."""

    hass: HomeAssistant
    loud: LoadServer
    calm: LoadServer
    apps: Sequence[ConfigEntry]
    recording: Recording | None

    async def flood(self, events: int) -> FloodFigures:
        """Let the server send as fast as it is read."""

        async def pour() -> None:
            self.loud.tell(f"flood {FLOODED} 100 {events} 0")

        return await self._measure(FLOODED, events, pour)

    async def plain(self, events: int, seconds: float) -> FloodFigures:
        """Fire the same from a plain loop, at the rate of a flood that took so many seconds."""
        return await self._measure(
            PLAIN, events, lambda: plain_loop.fire(self.hass, PLAIN, events, seconds)
        )

    async def _measure(
        self, channel: str, events: int, load: Callable[[], Awaitable[None]]
    ) -> FloodFigures:
        """Watch a load while the other app gets 50 events a second."""
        with Watch(self.hass, channel, events) as watch:
            began = time.perf_counter()
            with watching() as lag:
                others = asyncio.create_task(self._send_to_other_app(watch.complete))
                await load()
                async with asyncio.timeout(LONGEST):
                    await watch.complete.wait()
            seconds, memory_at_end = time.perf_counter() - began, resident()
            sent = await others
            await self._await_other_app(watch, sent)
            catching_up = await self.recording.catch_up() if self.recording else 0.0
            return FloodFigures(
                events,
                watch.received[channel],
                seconds,
                lag.looks,
                lag.full_collections,
                watch.most_writes,
                OtherApp(sent, watch.delays),
                memory_at_end,
                needed(),
                held(),
                catching_up,
            )

    async def _send_to_other_app(self, over: asyncio.Event) -> int:
        sent = 0
        while not over.is_set():
            self.calm.tell(f"stamp {QUIET} {QUIET_AT_ONCE} {QUIET_EVERY * 1000:g}")
            sent += QUIET_AT_ONCE
            await asyncio.sleep(QUIET_AT_ONCE * QUIET_EVERY)
        return sent

    async def _await_other_app(self, watch: Watch, sent: int) -> None:
        """Wait until the other app received all, at most ten seconds."""
        end = time.perf_counter() + ARRIVES_WITHIN
        while watch.received[QUIET] < sent and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(QUIET_EVERY)

    def missed(self, fired: int) -> list[str]:
        """Return what the recorder lost of so many events, and which connection ended."""
        found = [
            f"the connection of {app.title} was lost"
            for app in self.apps
            if len(app.runtime_data.past_states) != 1
        ]
        if self.recording and not self.recording.is_on:
            found.append("the recorder gave up")
        if self.recording and (rows := self.recording.rows()) != fired:
            found.append(f"{rows} of {fired} events were recorded")
        return found


@asynccontextmanager
async def scene(*, record: bool) -> AsyncIterator[Scene]:
    """Set all up, and connect both apps.

    Without the recorder only our work is measured: the heap that Home Assistant has so far is not collected.
    """
    with tempfile.TemporaryDirectory() as folder, load_server() as loud, load_server() as calm:
        async with home_assistant() as hass:
            recording = Recording(hass, Path(folder) / "home.db") if record else None
            if recording:
                await recording.start()
            apps = []
            for server, title, channel in ((loud, "Loud", FLOODED), (calm, "Calm", QUIET)):
                apps.append(add_app(hass, server.port, title, channel))
                await set_up(hass, apps[-1])
            if not record:
                gc.collect()
                gc.freeze()
            yield Scene(hass, loud, calm, apps, recording)
            for app in apps:
                await hass.config_entries.async_unload(app.entry_id)


async def run(events: int, *, record: bool) -> int:
    """Flood twice, with a plain loop between; print; return 1 when a goal is missed."""
    async with scene(record=record) as it:
        warm = await it.flood(WARM_UP)
        first = await it.flood(events)
        plain = await it.plain(events, first.seconds)
        last = await it.flood(events)
        print(table([("warm-up", warm), ("flood", first), ("plain loop", plain), ("flood", last)]))
        floods = (warm, first, plain, last)
        missed = it.missed(sum(each.received + len(each.other.delays) for each in floods))
    missed += [*first.missed(), *last.missed(), *missed_with_memory(warm, first)]
    missed += missed_with_memory(first, last)
    if not record:
        missed += [what for each in (first, last) for what in missed_without_recorder(each)]
    for what in missed:
        print(f"Missed: {what}")
    return 1 if missed else 0


def main() -> int:
    """Run; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="scripts/flood", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--no-recorder", action="store_true", help="see the lag of our work alone")
    options = parser.parse_args()
    return asyncio.run(run(options.events, record=not options.no_recorder))


if __name__ == "__main__":
    sys.exit(main())
