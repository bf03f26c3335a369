"""What the tests of shares need: a share's subentry, and what was sent of it."""

import asyncio
import json
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant

from tools.devserver import DevServer

from ..conftest import until
from ..home_assistant import skip

CHANNEL = "private-home"
DATA: dict[str, Any] = {
    "channel": CHANNEL,
    "event": "states",
    "entities": [],
    "labels": [],
    "attributes": [],
    "interval": 10,
    "public": False,
}


def share_subentry(*entities: str, **data: Any) -> ConfigSubentryDataWithId:
    """Return the subentry of a share; its id is `id-share`."""
    data = DATA | {"entities": list(entities)} | data
    return ConfigSubentryDataWithId(
        subentry_id="id-share",
        subentry_type="share",
        title="Home",
        unique_id=f"share_{data['channel']}_{data['event']}",
        data=MappingProxyType(data),
    )


class Page:
    """What a page knows that listens to a share, by the rules of the documentation."""

    def __init__(self, server: DevServer) -> None:
        self._server = server
        self._read = 0
        self.states: dict[str, str] = {}

    def take(self) -> list[dict[str, Any]]:
        """Return the messages sent since the last call, and take them over."""
        published = self._server.published[self._read :]
        self._read += len(published)
        messages = [json.loads(event.data) for event in published]
        for message in messages:
            self._take(message)
        return messages

    async def wait(self) -> list[dict[str, Any]]:
        """Return the next messages, once nothing more is being sent."""
        await until(lambda: len(self._server.published) > self._read)
        await until(lambda: not share_tasks())
        return self.take()

    def _take(self, message: dict[str, Any]) -> None:
        if message["snapshot"] and message["part"] == 1:
            self.states = {}
        for row in message["states"]:
            if row["state"] is None:
                self.states.pop(row["entity_id"], None)
            else:
                self.states[row["entity_id"]] = row["state"]


async def open_page(hass: HomeAssistant, server: DevServer, seconds: float = 0) -> Page:
    """Return a page that has received the first snapshot; then let that many seconds pass."""
    page = Page(server)
    await page.wait()
    if seconds:
        await pass_time(hass, seconds)
    return page


def brief(messages: list[dict[str, Any]]) -> list[tuple[bool, dict[str, str | None]]]:
    """Return of each message whether it is a snapshot, and its states."""
    return [
        (it["snapshot"], {row["entity_id"]: row["state"] for row in it["states"]})
        for it in messages
    ]


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let that many seconds pass, and what is then due be sent."""
    await skip(hass, seconds)
    await until(lambda: not share_tasks())


def share_tasks() -> list[str]:
    """Return the names of running tasks that send states."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.endswith(": share")]
