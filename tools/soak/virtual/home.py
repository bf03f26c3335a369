"""Home Assistant in this process, with one app; its server and network are simulated."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch

import tools.ha_first  # noqa: F401  # before the test stack

# isort: split
import aiohttp
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers.storage import Store
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pusher_channels.client import (
    AuthorizationError,
    Authorizer,
    ChannelAuth,
    PresenceChannel,
    PusherClient,
    UserAuth,
)
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub import authorization as authorization_methods
from custom_components.pusher_channels.hub import factory
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import App
from tools.harness.in_process import add_app, home_assistant
from tools.soak.home import CHANNELS, MASTER_KEY
from tools.soak.ledger import Ledger, Place

from .network import ClientWebSocket, Network, number_of

LOBBY = "presence-lobby"
APP = App(master_key=MASTER_KEY)


@dataclass
class Authorization:
    """How the authorizer behaves: it takes `delay` seconds, and fails in a way that may pass."""

    delay: float = 0.0
    fails: bool = False


class SlowAuthorizer:
    """Another authorizer, as slow and as refusing as the settings say."""

    def __init__(self, inner: Authorizer, settings: Authorization) -> None:
        self._inner = inner
        self._settings = settings

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Return the authorization of a channel. Raises AuthorizationError."""
        await self._wait()
        return await self._inner.authorize_channel(socket_id, channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Return the authentication of the user. Raises AuthorizationError."""
        await self._wait()
        return await self._inner.authorize_user(socket_id)

    async def _wait(self) -> None:
        await asyncio.sleep(self._settings.delay)
        if self._settings.fails:
            raise AuthorizationError("The endpoint is out of order", 503, retryable=True)


class Home:
    """The app in Home Assistant; each event of its bus is added to the ledger."""

    def __init__(self, hass: HomeAssistant, network: Network, ledger: Ledger) -> None:
        self.hass = hass
        self.network = network
        self.ledger = ledger
        self.entry = _add_entry(hass)
        hass.bus.async_listen(f"{DOMAIN}_event", self._handle_event)
        hass.bus.async_listen(f"{DOMAIN}_gap", self._handle_gap)

    @property
    def hub(self) -> Hub | None:
        """The running app, if it is loaded."""
        if self.entry.state is not ConfigEntryState.LOADED:
            return None
        hub: Hub = self.entry.runtime_data
        return hub

    @property
    def client(self) -> PusherClient | None:
        """The app's client, if it is loaded."""
        return self.hub.client if self.hub else None

    def wrong(self) -> str | None:
        """Return what is not as it has to be once all faults are over."""
        client = self.client
        if client is None:
            return f"the app is {self.entry.state}"
        missing = [name for name in CHANNELS if not _is_subscribed(client, name)]
        if missing:
            return f"{client.state}, not subscribed: {missing}"
        ours = [it for it in self.network.connections if it.socket_id == client.socket_id]
        if not ours or not ours[0].channels >= set(CHANNELS):
            return "the server does not know the connection or its channels"
        if ours[0].upward.is_dead:
            return "the connection is half-open"
        lobby = client.channels[LOBBY]
        there = set(self.network.broker.channel(LOBBY).members)
        if isinstance(lobby, PresenceChannel) and lobby.members.keys() != there:
            return f"members are {sorted(lobby.members)}, on the server {sorted(there)}"
        return None

    async def reload(self) -> None:
        """Reload the app."""
        await self.hass.config_entries.async_reload(self.entry.entry_id)

    async def switch(self, *, on: bool) -> None:
        """Turn the connection on or off, as its switch does."""
        if client := self.client:
            if on:
                client.connect()
            else:
                self.leave()
                await client.disconnect()

    def leave(self) -> None:
        """Expect no events until the channels are subscribed again."""
        self.ledger.leave(map(place, CHANNELS), time.time())

    def rejoin(self) -> None:
        """Expect events again."""
        for name in CHANNELS:
            self.ledger.join(place(name), time.time())

    def _handle_event(self, event: Event[Any]) -> None:
        if (number := number_of(event.data["data"])) and not event.data["cached"]:
            self.ledger.note_received(number, place(event.data["channel"]))

    def _handle_gap(self, event: Event[Any]) -> None:
        since, until = (
            datetime.fromisoformat(event.data[key]).timestamp() for key in ("since", "until")
        )
        for name in event.data["channels"]:
            self.ledger.note_gap(place(name), since, until)


def place(channel: str) -> Place:
    """Return the ledger's place of a channel."""
    return Place("", channel)


def _is_subscribed(client: PusherClient, name: str) -> bool:
    channel = client.channels.get(name)
    return channel is not None and channel.is_subscribed


def _add_entry(hass: HomeAssistant) -> MockConfigEntry:
    entry = add_app(hass, 6001, "Shop", *CHANNELS)
    secret = {
        "app_key": APP.key,
        "authorization": "auth_secret",
        "secret": APP.secret,
        "user_id": "home",
        "user_info": {"name": "Home"},
        "encryption_master_key": MASTER_KEY,
    }
    hass.config_entries.async_update_entry(entry, data={**entry.data, **secret})
    return entry


async def _load_nothing(store: Store[Any]) -> None:
    """Load as on the first start."""


async def _write_nothing(store: Store[Any], data: dict[str, Any]) -> None:
    """Make the data, but keep it nowhere."""
    if make := data.get("data_func"):
        make()


@asynccontextmanager
async def simulated_home(
    network: Network, ledger: Ledger, authorization: Authorization
) -> AsyncIterator[Home]:
    """Run a Home Assistant with the websockets of the network."""

    async def open_websocket(
        session: aiohttp.ClientSession, url: str, **options: object
    ) -> ClientWebSocket:
        return await network.open(url)

    make = authorization_methods.make_authorizer

    def make_authorizer(*arguments: Any) -> Authorizer:
        inner = make(*arguments)
        assert inner is not None
        return SlowAuthorizer(inner, authorization)

    with (
        patch.object(aiohttp.ClientSession, "ws_connect", open_websocket),
        patch.object(factory, "make_authorizer", make_authorizer),
        patch.object(Store, "_async_load", _load_nothing),
        patch.object(Store, "_async_write_data", _write_nothing),
    ):
        async with home_assistant() as hass:
            home = Home(hass, network, ledger)
            await hass.config_entries.async_setup(home.entry.entry_id)
            yield home
            await hass.config_entries.async_unload(home.entry.entry_id)
            await hass.async_block_till_done()
