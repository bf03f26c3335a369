"""Stores since when channels may miss events, so that gaps survive reloads, restarts and crashes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..client import (
    ChannelKind,
    ClientNotice,
    ConnectionState,
    PusherClient,
    StateChange,
)
from ..const import DOMAIN

GAP_RECORDS: HassKey[GapRecords] = HassKey(f"{DOMAIN}_gaps")
STORE_VERSION: Final = 1
HEARTBEAT: Final = timedelta(minutes=15)
SAVE_AFTER_CONNECTING: Final = 60.0
SAVE_AFTER_UNLOAD: Final = 1.0


class Record(TypedDict):
    """The channels of an app, each with the time in seconds since 1970 until when it was complete."""

    app: str | None
    since: dict[str, float]


class GapRecords:
    """The records of all apps in one file, written every 15 minutes and when something ends."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._store: Store[dict[str, Record]] = Store(hass, STORE_VERSION, f"{DOMAIN}.gaps")
        self._records: dict[str, Record] = {}
        self._readers: dict[str, Callable[[], Record]] = {}

    async def load(self) -> None:
        """Read the file."""
        self._records = await self._store.async_load() or {}

    @callback
    def start_heartbeat(self) -> None:
        """Write the file every 15 minutes."""
        async_track_time_interval(
            self._hass, self._beat, HEARTBEAT, name="pusher_channels gaps", cancel_on_shutdown=True
        )

    def get(self, entry: ConfigEntry) -> Mapping[str, float]:
        """Return the record of an entry; none if the entry is of another app by now."""
        record = self._records.get(entry.entry_id)
        return record["since"] if record and record["app"] == entry.unique_id else {}

    @callback
    def start(self, entry_id: str, read: Callable[[], Record]) -> None:
        """Read the record of an app each time that the file is written."""
        self._readers[entry_id] = read
        self.save_soon()

    @callback
    def stop(self, entry_id: str, record: Record) -> None:
        """Keep the last record of an app."""
        if self._readers.pop(entry_id, None) is not None:
            self._records[entry_id] = record
            self._store.async_delay_save(self._read, SAVE_AFTER_UNLOAD)

    async def remove(self, entry_id: str) -> None:
        """Remove the record of an app, and the file with the last one."""
        self._records.pop(entry_id, None)
        if self._records or self._readers:
            self._store.async_delay_save(self._read, SAVE_AFTER_UNLOAD)
        else:
            await self._store.async_remove()

    @callback
    def save_soon(self) -> None:
        """Write the file in a minute."""
        self._store.async_delay_save(self._read, SAVE_AFTER_CONNECTING)

    @callback
    def _beat(self, _: datetime) -> None:
        self._store.async_delay_save(self._read)

    def _read(self) -> dict[str, Record]:
        for entry_id, read in self._readers.items():
            self._records[entry_id] = read()
        return self._records


class AppGaps:
    """Keeps the record of one app, and has its client report the gap of the time before."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: PusherClient,
        is_kept: Callable[[str], bool],
    ) -> None:
        """Expect the gaps of the channels for which `is_kept` is true."""
        self._entry = entry
        self._client = client
        self._is_kept = is_kept
        self._records = hass.data[GAP_RECORDS]
        client.expect_gaps(
            {name: since for name, since in self._records.get(entry).items() if is_kept(name)}
        )
        client.listen(self._handle_notice)
        self._records.start(entry.entry_id, self._read)

    @callback
    def stop(self) -> None:
        """Store since when events may be missed: the server may have been silent before the unload."""
        self._records.stop(self._entry.entry_id, self._read())

    def _handle_notice(self, notice: ClientNotice) -> None:
        if isinstance(notice, StateChange) and notice.state is ConnectionState.CONNECTED:
            self._records.save_soon()

    def _read(self) -> Record:
        until = self._client.complete_until
        complete = {
            name: until for name, channel in self._client.channels.items() if channel.is_subscribed
        }
        # A channel that is subscribed again may still have a gap that is not reported yet.
        since = {**complete, **self._client.missed_since}
        return Record(
            app=self._entry.unique_id,
            since={name: moment for name, moment in since.items() if self._is_kept(name)},
        )


def is_user_channel(name: str) -> bool:
    """Return whether a channel carries the events that are sent to a user."""
    return ChannelKind.of(name) is ChannelKind.USER
