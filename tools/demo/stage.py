"""What the demo, its check and its pictures have in common: the server, Home Assistant, the app and its channels."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tools.devserver import App, DevServer, Published
from tools.harness import HomeAssistant

from . import home

APP = App(
    app_id="1001",
    key="demo-key",
    secret="demo-secret",  # noqa: S106  # of a server on loopback that ends with the demo
    master_key="dGhlIGRlbW8ga2VlcHMgaXRzIHZhdWx0IGNsb3NlZC4=",
)
TITLE = "Demo shop"
USER_ID = "home-assistant"
SHARED_CHANNEL = "private-home"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a channel's events: the fields of both its forms."""

    platform: str
    name: str
    value: str
    events: tuple[str, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the user sets it up; `title` is the name that its device gets."""

    name: str
    title: str
    events: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()


ORDERS = Channel(
    "orders",
    "Orders",
    events=("order.shipped", "order.*"),
    values=(
        Value(
            "sensor",
            "Total",
            "total",
            ("order.*",),
            {"device_class": "monetary", "unit_of_measurement": "EUR"},
        ),
    ),
)
WEATHER = Channel(
    "cache-weather",
    "Weather",
    values=(
        Value(
            "sensor",
            "Temperature",
            "temperature",
            more={
                "device_class": "temperature",
                "unit_of_measurement": "°C",
                "state_class": "measurement",
            },
        ),
        Value(
            "sensor",
            "Humidity",
            "humidity",
            more={
                "device_class": "humidity",
                "unit_of_measurement": "%",
                "state_class": "measurement",
            },
        ),
    ),
)
ALERTS = Channel(
    "private-alerts",
    "Alerts",
    values=(Value("binary_sensor", "Back door", "open", ("door",), {"device_class": "door"}),),
)
LOBBY = Channel("presence-lobby", "Lobby", members=("ada", "grace"))
VAULT = Channel("private-encrypted-vault", "Vault")
CHANNELS = (ORDERS, WEATHER, ALERTS, LOBBY, VAULT)


@dataclass(frozen=True, slots=True)
class Stage:
    """A running server, and a Home Assistant that is connected to it and has subscribed all channels."""

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

    async def value(self, channel: Channel, name: str) -> str:
        """Return the id of the entity of a value, by the name that the value got. Raises ValueError."""
        entities = await self.hass.call("config/entity_registry/list")
        subentry_id = self.subentry_ids[channel.name]
        [entity_id] = [
            str(it["entity_id"])
            for it in entities
            if it["config_subentry_id"] == subentry_id and it["original_name"] == name
        ]
        return entity_id

    async def share_entity(self, key: str) -> str:
        """Return the id of an entity of the share."""
        share = self.subentry_ids[SHARED_CHANNEL]
        return await self.hass.entity_id(f"{self.entry_id}_{share}_{key}")


@asynccontextmanager
async def open_stage(
    *,
    hass_port: int | None = None,
    server_port: int = 0,
    on_publish: Callable[[Published], None] | None = None,
) -> AsyncGenerator[Stage]:
    """Start both, and set everything up through the integration's own flows.

    Ports that are not given are free ones.
    """
    async with (
        DevServer([APP], port=server_port, on_publish=on_publish) as server,
        HomeAssistant(port=hass_port, configuration=home.CONFIGURATION) as hass,
    ):
        entry_id = await _add_app(hass, server)
        subentry_ids = {}
        for channel in CHANNELS:
            subentry_ids[channel.name] = await _add_channel(hass, entry_id, channel)
            await server.wait_subscribed(channel.name)
        subentry_ids[SHARED_CHANNEL] = await _add_share(hass, entry_id)
        stage = Stage(server, hass, entry_id, subentry_ids)
        await home.add_automation(hass, await stage.entity(ORDERS, "event"))
        yield stage


async def _add_app(hass: HomeAssistant, server: DevServer) -> str:
    place = {"host": server.host, "port": server.port, "use_tls": False}
    entry_id = await hass.add_app(
        {"app_key": APP.key, "server": place},
        "auth_secret",
        secret=APP.secret,
        app_id=APP.app_id,
        advanced={"encryption_master_key": APP.master_key, "user_id": USER_ID},
    )
    await hass.call("config_entries/update", entry_id=entry_id, title=TITLE)
    await _name_device(hass, entry_id, TITLE)
    return entry_id


async def _add_channel(hass: HomeAssistant, entry_id: str, channel: Channel) -> str:
    subentry_id = await hass.add_channel(
        entry_id, channel.name, events=channel.events, members=channel.members
    )
    for value in channel.values:
        steps = await hass.start_channel_flow(entry_id, subentry_id=subentry_id)
        await steps.choose("add_value")
        await steps.submit(
            platform=value.platform,
            name=value.name,
            value=value.value,
            events=list(value.events),
        )
        await steps.submit(**value.more)
    await _name_device(hass, f"{entry_id}_{subentry_id}", channel.title)
    return subentry_id


async def _add_share(hass: HomeAssistant, entry_id: str) -> str:
    steps = await hass.start_share_flow(entry_id)
    await steps.submit(entities=list(home.SHARED), channel=SHARED_CHANNEL, interval=1)
    steps.created()
    subentries = await hass.call("config_entries/subentries/list", entry_id=entry_id)
    [share] = [it for it in subentries if it["subentry_type"] == "share"]
    subentry_id: str = share["subentry_id"]
    await _name_device(hass, f"{entry_id}_{subentry_id}", "Web page")
    return subentry_id


async def _name_device(hass: HomeAssistant, identifier: str, name: str) -> None:
    """Name a device as a user does; its entities are called after it."""
    devices = await hass.call("config/device_registry/list")
    [device] = [it for it in devices if ["pusher_channels", identifier] in it["identifiers"]]
    await hass.call("config/device_registry/update", device_id=device["id"], name_by_user=name)
