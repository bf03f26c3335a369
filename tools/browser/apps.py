"""The apps on the server, and how they get into Home Assistant where the browser need not show it."""

from tools.devserver import App, DevServer
from tools.harness import HomeAssistant

SHOP = App(app_id="1001", key="shop-key", secret="shop-secret")
BAKERY = App(app_id="1004", key="bakery-key", secret="bakery-secret")
CLOSED = App(app_id="1002", key="closed-key", enabled=False)
FULL = App(app_id="1003", key="full-key", max_connections=0)
STRICT = App(app_id="1005", key="strict-key", origins=frozenset({"https://panel.example"}))
APPS = [SHOP, BAKERY, CLOSED, FULL, STRICT]


class Apps:
    """Adds apps by the flows' API."""

    def __init__(self, hass: HomeAssistant, server: DevServer) -> None:
        """Keep where to add them, and to which server they belong."""
        self._hass = hass
        self._server = server

    async def add(self, app: App = SHOP) -> str:
        """Add an app that signs with its secret, and return its entry's id."""
        place = {"host": self._server.host, "port": self._server.port, "use_tls": False}
        return await self._hass.add_app(
            {"app_key": app.key, "server": place},
            "auth_secret",
            secret=app.secret,
            app_id=app.app_id,
        )

    async def add_channel(self, entry_id: str, name: str, **fields: list[str]) -> str:
        """Add a channel, and return its subentry's id once it is subscribed."""
        subentry_id = await self._hass.add_channel(entry_id, name, **fields)
        await self._server.wait_subscribed(name, timeout=60)
        return subentry_id
