"""Where a Pusher server is: pusher.com by its cluster, or a self-hosted one by its host."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlencode

from .protocol import PROTOCOL_VERSION

CLIENT_NAME = "pusher_channels"
CLIENT_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Server:
    """The addresses of one server; `path` is a prefix that self-hosted servers may have."""

    host: str
    api_host: str
    port: int | None = None
    path: str = ""
    use_tls: bool = True

    @classmethod
    def of_cluster(cls, cluster: str, *, use_tls: bool = True) -> Self:
        """Return pusher.com's servers of a cluster such as `mt1` or `eu`."""
        return cls(f"ws-{cluster}.pusher.com", f"api-{cluster}.pusher.com", use_tls=use_tls)

    @classmethod
    def self_hosted(
        cls, host: str, port: int | None = None, *, path: str = "", use_tls: bool = True
    ) -> Self:
        """Return a server of one's own; without a port, the scheme's own is used."""
        prefix = path.strip("/")
        return cls(host, host, port, f"/{prefix}" if prefix else "", use_tls)

    def websocket_url(self, app_key: str) -> str:
        """Return the address of an app's websocket."""
        query = urlencode(
            {"protocol": PROTOCOL_VERSION, "client": CLIENT_NAME, "version": CLIENT_VERSION}
        )
        scheme = "wss" if self.use_tls else "ws"
        return (
            f"{scheme}://{self._authority(self.host)}{self.path}/app/{quote(app_key, '')}?{query}"
        )

    @property
    def api_url(self) -> str:
        """The address below which the server API's paths stand."""
        scheme = "https" if self.use_tls else "http"
        return f"{scheme}://{self._authority(self.api_host)}{self.path}"

    def _authority(self, host: str) -> str:
        bracketed = f"[{host}]" if ":" in host else host
        port = self.port or (443 if self.use_tls else 80)
        return f"{bracketed}:{port}"
