"""What a share still has to send: the entities that changed since they were last sent."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .share_payload import Row, make_removed_row, make_row
from .share_selection import Selection

# Making or measuring this many rows takes well under a millisecond.
ROWS_AT_ONCE: Final = 50


class ShareRows:
    """Makes rows of the latest states, and keeps which of them were sent."""

    def __init__(self, hass: HomeAssistant, selection: Selection) -> None:
        self._hass = hass
        self._selection = selection
        self._unsent: set[str] = set()
        self._sent: dict[str, Row] = {}
        self.attributes: Sequence[str] = ()

    def mark(self, entity_ids: Iterable[str]) -> None:
        """Send these entities the next time."""
        self._unsent.update(entity_ids)

    def clear(self) -> None:
        """Remove what was kept for another channel or event."""
        self._unsent.clear()
        self._sent.clear()

    async def take_changes(self) -> list[Row]:
        """Return a row for each entity that is not as it was last sent."""
        self._unsent.update(self._selection.refresh())
        unsent, self._unsent = self._unsent, set()
        return [row for row in await self._make(unsent) if row != self._sent.get(row.entity_id)]

    async def take_all(self) -> list[Row]:
        """Return a row for each entity, and for each that is not shared any more."""
        self._selection.refresh()
        self._unsent = set()
        return await self._make(self._selection.entity_ids | self._sent.keys())

    def put_back(self, rows: Iterable[Row]) -> None:
        """Keep the entities of rows that could not be sent; their latest state is sent later."""
        self.mark(row.entity_id for row in rows)

    def confirm(self, rows: Iterable[Row]) -> None:
        """Keep that these rows were sent."""
        for row in rows:
            if row.is_removed:
                self._sent.pop(row.entity_id, None)
            else:
                self._sent[row.entity_id] = row

    async def _make(self, entity_ids: Iterable[str]) -> list[Row]:
        rows: list[Row] = []
        for number, entity_id in enumerate(sorted(entity_ids), 1):
            is_selected = entity_id in self._selection.entity_ids
            state = self._hass.states.get(entity_id) if is_selected else None
            if state is not None:
                rows.append(make_row(state, self.attributes))
            elif (sent := self._sent.get(entity_id)) is not None:
                now = dt_util.utcnow().isoformat()
                rows.append(make_removed_row(entity_id, sent.name, now))
            if number % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return rows
