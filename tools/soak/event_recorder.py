"""What Home Assistant's bus reports: events received and gaps declared."""

import asyncio
from datetime import datetime
from typing import Self

from tools.harness import Event, Events

from .home import DOMAIN, Home
from .ledger import Ledger, Place

LOOKS_EVERY = 0.05


class EventRecorder:
    """Writes what the bus reports into the ledger."""

    def __init__(self, ledger: Ledger, received: Events, gaps: Events) -> None:
        """Take what is subscribed to."""
        self._ledger = ledger
        self._received = received
        self._gaps = gaps

    @classmethod
    async def open(cls, home: Home, ledger: Ledger) -> Self:
        """Listen from now on."""
        received = await home.subscribe_events(f"{DOMAIN}_event")
        return cls(ledger, received, await home.subscribe_events(f"{DOMAIN}_gap"))

    async def listen(self) -> None:
        """Keep the ledger up to date until cancelled."""
        while True:
            self.catch_up()
            await asyncio.sleep(LOOKS_EVERY)

    def catch_up(self) -> None:
        """Record what was received since the last call."""
        for event in _take(self._received):
            data = event["data"]
            if isinstance(data, dict) and "number" in data and not event["cached"]:
                self._ledger.note_received(data["number"], _place(event))
        for gap in _take(self._gaps):
            since, until = (
                datetime.fromisoformat(gap[key]).timestamp() for key in ("since", "until")
            )
            for channel in gap["channels"]:
                self._ledger.note_gap(Place(gap["entry_id"], channel), since, until)


def _take(events: Events) -> list[Event]:
    taken, events.waiting = events.waiting, []
    return taken


def _place(event: Event) -> Place:
    return Place(event["entry_id"], event["channel"])
