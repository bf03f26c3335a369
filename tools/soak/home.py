"""The Home Assistant of the soak run, and the two apps that it has."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, override

from tools.devserver import App, Connection, DevServer
from tools.harness import CallError, HomeAssistant

from .ledger import Place

DOMAIN: Final = "pusher_channels"
FIGURES: Final = Path(__file__).with_name("soak_figures")
MASTER_KEY: Final = "T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU="
SIGNED: Final = App(
    app_id="1", key="signed", secret="signed-secret", master_key=MASTER_KEY, subscription_count=True
)
ASKED: Final = App(app_id="2", key="asked", secret="asked-secret", master_key=MASTER_KEY)
CHANNELS: Final = (
    "news", "cache-news", "private-room", "private-cache-room", "presence-lobby", "private-encrypted-room",
)  # fmt: skip
PASSING: Final = "private-passing"
"""The channel that actions subscribe and unsubscribe."""

MEMBERS: Final = {"presence-lobby": ["ada"]}
VALUED: Final = "news"
"""The channel that shows a value."""

KINDS: Final = frozenset(
    {"event", "subscribed", "members", "others", "member", "value", "notification", "subscription_count"}
)  # fmt: skip
"""The kinds of entities that a channel can have."""

IMPATIENT: Final = {"activity_timeout": 5, "pong_timeout": 2, "max_reconnect_gap": 2}


class Home(HomeAssistant):
    """A Home Assistant that can count what a leak would pile up."""

    def __init__(self) -> None:
        """Prepare; nothing is written or started yet."""
        super().__init__(configuration=f"{FIGURES.name}:\n")

    @override
    async def start(self) -> None:
        """Start, with the integration that counts."""
        link = self.config / "custom_components" / FIGURES.name
        if not link.exists():
            link.symlink_to(FIGURES)
        await super().start()


@dataclass(frozen=True, slots=True)
class HomeApp:
    """An app in Home Assistant; hold `changing` to reload it, or to subscribe or unsubscribe a channel."""

    home: Home
    app: App
    entry_id: str
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def places(self) -> list[Place]:
        """Its channels that are set up."""
        return [self.place(channel) for channel in CHANNELS]

    @property
    def passing(self) -> Place:
        """Its channel that actions subscribe and unsubscribe."""
        return self.place(PASSING)

    def place(self, channel: str) -> Place:
        """Return a channel of this app."""
        return Place(self.entry_id, channel)

    async def act(self, action: str, **data: object) -> bool:
        """Perform an action of the integration; return False when it is refused."""
        fields = {"config_entry_id": self.entry_id, **data}
        try:
            await self.home.call_service(DOMAIN, action, fields)
        except CallError:
            return False
        return True

    async def channel(self, name: str) -> dict[str, Any]:
        """Return what the app knows of a channel, nothing while it is not loaded."""
        fields = {"config_entry_id": self.entry_id, "channel": name}
        try:
            answer: dict[str, Any] = await self.home.call_service(
                DOMAIN, "get_channel", fields, return_response=True
            )
        except CallError:
            return {}
        return answer

    async def is_subscribed(self) -> bool:
        """Whether the app is loaded and all its channels are subscribed."""
        return all([(await self.channel(name)).get("subscribed") for name in CHANNELS])

    async def wait_subscribed(self) -> None:
        """Wait until all its channels are subscribed. Raises TimeoutError after a minute."""
        async with asyncio.timeout(60):
            while not await self.is_subscribed():  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def reload(self) -> None:
        """Unload the app and set it up again."""
        await self.home.post(f"/api/config/config_entries/entry/{self.entry_id}/reload")

    async def disable(self) -> None:
        """Disable the app and enable it again."""
        for disabled_by in ("user", None):
            await self.home.call(
                "config_entries/disable", entry_id=self.entry_id, disabled_by=disabled_by
            )

    async def switch(self, action: str) -> None:
        """Turn the app's connection on or off."""
        entity_id = await self.home.entity_id(f"{self.entry_id}_connection")
        await self.home.call_service("switch", action, {"entity_id": entity_id})


def is_home(connection: Connection) -> bool:
    """Whether a connection is Home Assistant's."""
    return connection.attempt.headers.get("User-Agent", "").startswith("HomeAssistant")


async def add_apps(home: Home, server: DevServer) -> list[HomeApp]:
    """Add an app that signs by itself and one that asks the server's endpoint, with all channels and entities."""
    forms: list[tuple[App, str, dict[str, object]]] = [
        (
            SIGNED,
            "auth_secret",
            {
                "secret": SIGNED.secret,
                "app_id": SIGNED.app_id,
                "advanced": {"encryption_master_key": MASTER_KEY, "user_id": "home"},
            },
        ),
        (ASKED, "auth_endpoint", {"auth_endpoint": server.auth_url}),
    ]
    place = {"host": server.host, "port": server.port, "use_tls": False}
    apps = []
    for app, authorization, fields in forms:
        entry_id = await home.add_app(
            {"app_key": app.key, "server": place}, authorization, **fields
        )
        apps.append(HomeApp(home, app, entry_id))
        for channel in CHANNELS:
            subentry_id = await home.add_channel(
                entry_id, channel, members=MEMBERS.get(channel, ())
            )
            if channel == VALUED:
                await _add_value(home, entry_id, subentry_id)
        options = await home.start_options_flow(entry_id)
        await options.submit(**IMPATIENT)
        options.created()
    await _enable_entities(home)
    return apps


async def _add_value(home: Home, entry_id: str, subentry_id: str) -> None:
    steps = await home.start_channel_flow(entry_id, subentry_id=subentry_id)
    await steps.choose("add_value")
    await steps.submit(platform="sensor", name="Number", value="number")
    await steps.submit()


async def _enable_entities(home: Home) -> None:
    """Enable the entities that are disabled by default, and restart, so that no app reloads later."""
    for entity in await home.call("config/entity_registry/list"):
        if entity["platform"] == DOMAIN and entity["disabled_by"] is not None:
            await home.call(
                "config/entity_registry/update", entity_id=entity["entity_id"], disabled_by=None
            )
    await home.restart()
