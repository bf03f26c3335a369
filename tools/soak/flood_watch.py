"""What Home Assistant's bus reports during a flood."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from custom_components.pusher_channels.const import EVENT


class Watch:
    """Counts the bus events of each channel and the state writes of the flooded one, within a `with` block.

    `delays` are the milliseconds that events took which carry the moment they were sent at. `complete` is set with the
    last awaited event.
    """

    def __init__(self, hass: HomeAssistant, flooded: str, events: int) -> None:
        """Prepare to await that many events of the flooded channel."""
        self._hass = hass
        self._flooded = flooded
        self._events = events
        self._ends: list[Callable[[], None]] = []
        self.received: Counter[str] = Counter()
        self.delays: list[float] = []
        self.writes: list[float] = []
        self.complete = asyncio.Event()

    def __enter__(self) -> Self:
        """Listen."""
        listen = self._hass.bus.async_listen
        self._ends = [listen(EVENT, self._record), listen(EVENT_STATE_CHANGED, self._written)]
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        for end in self._ends:
            end()

    @callback
    def _record(self, event: Event) -> None:
        channel, data = event.data["channel"], event.data["data"]
        self.received[channel] += 1
        if "t" in data:
            self.delays.append((time.monotonic_ns() - data["t"]) / 1e6)
        elif channel == self._flooded and self.received[channel] == self._events:
            self.complete.set()

    @callback
    def _written(self, event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"].partition(".")[2].startswith(self._flooded):
            self.writes.append(time.perf_counter())

    @property
    def most_writes(self) -> int:
        """The most state writes within any second."""
        return max(
            (
                sum(begin <= at < begin + 1 for at in self.writes[i : i + 200])
                for i, begin in enumerate(self.writes)
            ),
            default=0,
        )
