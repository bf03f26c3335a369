"""The addresses of a Pusher server: of pusher.com by its cluster, or of a self-hosted one."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from yarl import URL

from .exceptions import InvalidUseError, Misuse
from .protocol import PROTOCOL_VERSION

CLIENT_NAME = "pusher_channels"
CLIENT_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Server:
    """The addresses of one server.

    `path` is the prefix of all paths, `api_host` the host or host:port of the server API (empty:
    the same as the websocket's). Raises `InvalidUseError` when they make no valid address.
    """

    host: str
    port: int | None = None
    path: str = ""
    use_tls: bool = True
    api_host: str = ""

    def __post_init__(self) -> None:
        if "?" in self.path or "#" in self.path:
            raise InvalidUseError(Misuse.ADDRESS, "A path has no ? and no #")
        try:
            self.path.encode()
            self._base("http", self.host, self.port)
            self._base("http", *self._api_location)
        except ValueError:
            raise InvalidUseError(Misuse.ADDRESS, "The host or the port is not valid") from None

    @classmethod
    def of_cluster(cls, cluster: str, *, use_tls: bool = True, api_host: str = "") -> Self:
        """Return pusher.com's servers of a cluster such as `mt1` or `eu`."""
        api_host = api_host or f"api-{cluster}.pusher.com"
        return cls(f"ws-{cluster}.pusher.com", use_tls=use_tls, api_host=api_host)

    @classmethod
    def self_hosted(
        cls,
        host: str,
        port: int | None = None,
        *,
        path: str = "",
        use_tls: bool = True,
        api_host: str = "",
    ) -> Self:
        """Return a self-hosted server; the default port is the one of the scheme."""
        return cls(host, port, path, use_tls, api_host)

    @property
    def prefix(self) -> str:
        """The path before `/app` and `/apps`, percent-encoded; empty if there is none."""
        path = self.path.strip("/")
        return URL(f"http://localhost/{path}").raw_path.rstrip("/")

    def websocket_url(self, app_key: str) -> str:
        """Return the address of an app's websocket."""
        query = urlencode(
            {"protocol": PROTOCOL_VERSION, "client": CLIENT_NAME, "version": CLIENT_VERSION}
        )
        base = self._base("wss" if self.use_tls else "ws", self.host, self.port)
        return f"{base}/app/{quote(app_key, '')}?{query}"

    @property
    def api_url(self) -> str:
        """The base address of the server API."""
        return self._base("https" if self.use_tls else "http", *self._api_location)

    @property
    def _api_location(self) -> tuple[str, int | None]:
        if not self.api_host:
            return self.host, self.port
        host, port = _split_host(self.api_host)
        return host, port or self.port

    def _base(self, scheme: str, host: str, port: int | None) -> str:
        """Return scheme, host, port and prefix; raises `ValueError`."""
        port = port or (443 if self.use_tls else 80)
        host = host.removeprefix("[").removesuffix("]")
        url = URL.build(scheme=scheme, host=host, port=port)
        if not url.raw_host:
            raise ValueError("The host is empty")
        if ":" in url.raw_host:
            return f"{scheme}://[{url.raw_host}]:{port}{self.prefix}"
        if set(url.raw_host) & set(" %/?#@\\"):
            raise ValueError("The host is not valid")
        return f"{scheme}://{url.raw_host}:{port}{self.prefix}"


def _split_host(text: str) -> tuple[str, int | None]:
    """Split `host:port`; raises `ValueError` for anything more than a host and a port."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    parts = urlsplit(f"//{text}")
    if parts.netloc != text or parts.username is not None:
        raise ValueError("It is more than a host and a port")
    return parts.hostname or "", parts.port
