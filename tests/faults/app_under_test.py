"""An app in Home Assistant, and what must hold after each fault."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path as FileSystemPath
from typing import Self

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.exceptions import ConnectionFailedError
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import DevServer

from ..client.conftest import leftovers
from ..conftest import app_data, channel_subentry, until
from ..home_assistant import issues_of, reauth_flows, state_of

CHANNELS = ("orders", "presence-lobby")
STATUS = "sensor.demo_app_connection_state"
ONCE_EACH = ["Demo app lost its connection", "Demo app is connected again"]


class AppUnderTest:
    """An app as a user sees it, and what the process has open for it."""

    def __init__(
        self,
        hass: HomeAssistant,
        server: DevServer,
        entry: MockConfigEntry,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.hass = hass
        self.server = server
        self.entry = entry
        self.received = async_capture_events(hass, "pusher_channels_event")
        self.failures: list[ConnectionFailedError] = []
        self._caplog = caplog
        entry.add_to_hass(hass)

    @property
    def hub(self) -> Hub:
        hub: Hub = self.entry.runtime_data
        return hub

    @property
    def client(self) -> PusherClient:
        return self.hub.client

    @property
    def status(self) -> State:
        return state_of(self.hass, STATUS)

    @property
    def issues(self) -> set[str]:
        """The kinds of repair issues that the user sees."""
        return {issue.removesuffix(f"_{self.entry.entry_id}") for issue in issues_of(self.hass)}

    async def set_up(self) -> Self:
        """Load the app and wait until its channels are subscribed."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self._everything_works()
        return self

    async def fails_to_set_up(
        self, reason: str, state: ConfigEntryState = ConfigEntryState.SETUP_RETRY
    ) -> None:
        """Expect that the app does not load, for that reason."""
        assert not await self.hass.config_entries.async_setup(self.entry.entry_id)
        assert self.entry.state is state
        assert self.entry.error_reason_translation_placeholders == {"error": reason}
        assert leftovers() == []

    async def reload(self) -> None:
        """Reload the app and wait until its channels are subscribed."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self._everything_works()

    async def change(self, data: Mapping[str, object]) -> None:
        """Store other data, reload, and wait until the channels are subscribed."""
        self.hass.config_entries.async_update_entry(self.entry, data=data)
        await self.reload()

    async def fails(self, times: int = 1) -> str:
        """Wait until the connection failed that many times since the last check; return the last failure."""
        await until(lambda: len(self.failures) >= times)
        failure = self.failures[-1]
        self.failures.clear()
        return str(failure)

    async def after_the_fault(self, last_error: str | None, *, lost: bool = True) -> None:
        """Expect that everything works again, was logged once, and left nothing behind."""
        await until(self._all_subscribed)
        await self.hass.async_block_till_done()

        assert self.status.state == "connected"
        assert self.status.attributes["last_error"] == last_error
        assert state_of(self.hass, "binary_sensor.orders_subscribed").state == "on"
        await until(lambda: state_of(self.hass, "sensor.presence_lobby_members").state == "1")
        assert self.issues == set()
        assert reauth_flows(self.hass) == []
        await self.still_works()
        self.logged_once(lost=lost)
        await until(lambda: not grown(self._costs, costs()))
        self.failures.clear()

    def logged_once(self, *, lost: bool = True) -> None:
        """Expect only one line for the loss and one for the reconnect since the last check."""
        lines = log_lines(self._caplog)
        assert [line.partition(":")[0] for line in lines] == (ONCE_EACH if lost else [])
        assert [it for it in self._caplog.records if it.levelno >= logging.WARNING] == []
        self._caplog.clear()

    def refused_once(self, *channels: str, subscribed: bool) -> None:
        """Expect only one line for each refused channel, and one when it is subscribed again."""
        records = self._caplog.handler.records
        lines = [it.getMessage() for it in records if it.name.endswith(".refusals")]
        expected = [f"Demo app: the channel {name} was refused" for name in channels]
        if subscribed:
            expected += [f"Demo app: the channel {name} is subscribed" for name in channels]
        assert sorted(":".join(line.split(":")[:2]) for line in lines) == sorted(expected)
        records[:] = [it for it in records if not it.name.endswith(".refusals")]

    async def still_works(self) -> None:
        """Expect that the next good event arrives."""
        self.received.clear()
        await self.server.publish("orders", "good", {"id": 1})
        await until(lambda: self.received)
        assert [event.data["event"] for event in self.received] == ["good"]

    async def end(self) -> None:
        """Unload the app, and expect that no task, timer or connection is left."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done()
        await until(lambda: leftovers() == [])
        await self.server.wait_disconnected()

    async def _everything_works(self) -> None:
        await until(self._all_subscribed)
        await self.hass.async_block_till_done()
        self.client.listen(
            lambda it: self.failures.append(it) if isinstance(it, ConnectionFailedError) else None
        )
        self._costs = costs()
        self._caplog.clear()

    def _all_subscribed(self) -> bool:
        return all(channel.is_subscribed for channel in self.hub.channels.values())


def entry_at(server: DevServer, **address: object) -> MockConfigEntry:
    """Return an entry for the server's app with another address."""
    data = app_data(server)
    return MockConfigEntry(
        domain=DOMAIN,
        title="Demo app",
        data=data | {"server": data["server"] | address},
        subentries_data=[channel_subentry(channel) for channel in CHANNELS],
    )


def costs() -> dict[str, int]:
    """Return how many sockets, tasks and timers the process has."""
    return {
        "sockets": sockets(),
        "tasks": len(asyncio.all_tasks()),
        "tasks and timers of ours": len(leftovers()),
    }


def grown(before: dict[str, int], now: dict[str, int]) -> set[str]:
    """Return the names of the counts that grew."""
    return {what for what, count in now.items() if count > before[what]}


def sockets() -> int:
    """Return the number of open sockets."""
    files = FileSystemPath("/proc/self/fd").iterdir()
    return sum(file.is_symlink() and str(file.readlink()).startswith("socket:") for file in files)


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration logged at level info or above."""
    return [
        record.getMessage()
        for record in caplog.records
        if DOMAIN in record.name and record.levelno >= logging.INFO
    ]
