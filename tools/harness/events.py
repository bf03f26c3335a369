"""Events of Home Assistant's bus, in order."""

import asyncio
from collections.abc import Callable
from typing import Any

type Event = dict[str, Any]

EVENT_TIMEOUT = 60.0


class Events:
    """The data of all events of one type since the subscription, until they are taken."""

    def __init__(self, event_type: str) -> None:
        self.event_type = event_type
        self.waiting: list[Event] = []
        self._arrived = asyncio.Event()
        self._ended = False

    def add(self, event: Event) -> None:
        """Add an event."""
        self.waiting.append(event)
        self._arrived.set()

    def end(self) -> None:
        """End all waits: no further event arrives."""
        self._ended = True
        self._arrived.set()

    async def take(
        self, matches: Callable[[Event], object] = lambda _: True, timeout: float = EVENT_TIMEOUT
    ) -> Event:
        """Take the oldest event that matches, and wait for one at most `timeout` seconds; others stay.

        Raises TimeoutError with what came instead, and ConnectionError once the websocket is closed.
        """
        try:
            async with asyncio.timeout(timeout):
                while (event := self._find(matches)) is None:
                    if self._ended:
                        raise ConnectionError("The websocket to Home Assistant is closed.")
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            came = f"it had only: {self.waiting}" if self.waiting else "it had none at all"
            raise TimeoutError(
                f"No such {self.event_type} came within {timeout:g} s; {came}"
            ) from None
        self.waiting.remove(event)
        return event

    def _find(self, matches: Callable[[Event], object]) -> Event | None:
        return next((event for event in self.waiting if matches(event)), None)
