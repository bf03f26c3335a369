"""What the demo, its check and its pictures have in common: the server, Home Assistant, the app and its channels."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tools.devserver import App, DevServer, Published
from tools.harness import HomeAssistant

APP = App(
    app_id="1001",
    key="demo-key",
    secret="demo-secret",  # noqa: S106  # of a server on loopback that ends with the demo
    master_key="dGhlIGRlbW8ga2VlcHMgaXRzIHZhdWx0IGNsb3NlZC4=",
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the user would set it up: its name, event filter and tracked members."""

    name: str
    events: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


ORDERS = Channel("orders", events=("order.shipped", "order.*"))
WEATHER = Channel("cache-weather")
ALERTS = Channel("private-alerts")
LOBBY = Channel("presence-lobby", members=("ada", "grace"))
VAULT = Channel("private-encrypted-vault")
CHANNELS = (ORDERS, WEATHER, ALERTS, LOBBY, VAULT)


@dataclass(frozen=True, slots=True)
class Stage:
    """A running server, and a Home Assistant that is connected to it and has joined all channels."""

    server: DevServer
    hass: HomeAssistant
    entry_id: str
    subentry_ids: dict[str, str]

    async def app_entity(self, key: str) -> str:
        """Return the id of an entity of the app."""
        return await self.hass.entity_id(f"{self.entry_id}_{key}")

    async def entity(self, channel: Channel, key: str) -> str:
        """Return the id of an entity of a channel."""
        return await self.hass.entity_id(f"{self.entry_id}_{self.subentry_ids[channel.name]}_{key}")


@asynccontextmanager
async def open_stage(
    *,
    hass_port: int | None = None,
    server_port: int = 0,
    on_publish: Callable[[Published], None] | None = None,
) -> AsyncGenerator[Stage]:
    """Start both, and set the app and the channels up through the integration's own flows.

    Ports that are not given are free ones.
    """
    async with (
        DevServer([APP], port=server_port, on_publish=on_publish) as server,
        HomeAssistant(port=hass_port) as hass,
    ):
        entry_id = await _add_app(hass, server)
        subentry_ids = {
            channel.name: await hass.add_channel(
                entry_id, channel.name, events=channel.events, members=channel.members
            )
            for channel in CHANNELS
        }
        for channel in CHANNELS:
            await server.wait_subscribed(channel.name)
        yield Stage(server, hass, entry_id, subentry_ids)


async def _add_app(hass: HomeAssistant, server: DevServer) -> str:
    place = {"host": server.host, "port": server.port, "use_tls": False}
    return await hass.add_app(
        {"app_key": APP.key, "server": place},
        "auth_secret",
        secret=APP.secret,
        app_id=APP.app_id,
        encryption_master_key=APP.master_key,
    )
