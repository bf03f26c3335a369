"""Home Assistant's recorder during a flood: whether it still records, and what it wrote."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component

from custom_components.pusher_channels.const import EVENT

LONGEST = 300.0
LOOKS_EVERY = 0.05
COUNT = """
    SELECT count(*) FROM events JOIN event_types USING (event_type_id) WHERE event_types.event_type = ?
"""


class Recording:
    """A recorder, with the logbook beside it."""

    def __init__(self, hass: HomeAssistant, database: Path) -> None:
        """Prepare; nothing is set up yet."""
        self._hass = hass
        self._database = database

    async def start(self) -> None:
        """Set recorder and logbook up."""
        async_initialize_recorder(self._hass)
        url = f"sqlite:///{self._database}"
        for domain, config in (("recorder", {"db_url": url}), ("logbook", {})):
            if not await async_setup_component(self._hass, domain, {domain: config}):
                raise RuntimeError(f"{domain} could not be set up")
        await self._hass.async_block_till_done()
        await get_instance(self._hass).async_recorder_ready.wait()

    @property
    def is_on(self) -> bool:
        """Whether it records: it gives up by itself when too much is waiting."""
        return get_instance(self._hass).recording

    async def catch_up(self) -> float:
        """Wait until all is written; return the seconds it took. Raises TimeoutError after five minutes."""
        began, recorder = time.perf_counter(), get_instance(self._hass)
        async with asyncio.timeout(LONGEST):
            while recorder.backlog:  # noqa: ASYNC110
                await asyncio.sleep(LOOKS_EVERY)
            await recorder.async_block_till_done()
        return time.perf_counter() - began

    def rows(self) -> int:
        """Return how many of the integration's events are in the database."""
        with closing(sqlite3.connect(self._database)) as connection:
            count: int = connection.execute(COUNT, (EVENT,)).fetchone()[0]
            return count
