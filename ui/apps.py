"""The apps on the server, and how they get into Home Assistant where the browser need not show it."""

from devserver import App, DevServer
from harness import HomeAssistant

SHOP = App(app_id="1001", key="shop-key", secret="shop-secret")
CLOSED = App(app_id="1002", key="closed-key", enabled=False)
FULL = App(app_id="1003", key="full-key", max_connections=0)
APPS = [SHOP, CLOSED, FULL]


class Apps:
    """Adds apps by the flows' API."""

    def __init__(self, hass: HomeAssistant, server: DevServer) -> None:
        """Keep where to add them, and to which server they belong."""
        self._hass = hass
        self._server = server

    async def add(self, authorization: str = "auth_secret", **fields: object) -> str:
        """Add the shop's app and return its entry's id; by default it signs with its secret."""
        if authorization == "auth_secret":
            fields = {"secret": SHOP.secret, "app_id": SHOP.app_id} | fields
        place = {"host": self._server.host, "port": self._server.port, "use_tls": False}
        return await self._hass.add_app(
            {"app_key": SHOP.key, "server": place}, authorization, **fields
        )

    async def add_channel(self, entry_id: str, name: str, **fields: list[str]) -> str:
        """Add a channel, wait until it is joined, and return its subentry's id."""
        subentry_id = await self._hass.add_channel(entry_id, name, **fields)
        await self._server.wait_subscribed(name, timeout=60)
        return subentry_id
