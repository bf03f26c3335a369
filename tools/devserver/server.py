"""The server as tests and the demo hold it."""

import ssl
from collections.abc import Callable, Sequence
from typing import Self

from aiohttp import web
from pusher import Pusher

from . import frames
from .app import App
from .auth_endpoints import AuthHandlers
from .auth_settings import AuthEndpoints
from .connection import Attempt, Connection
from .faults import Faults
from .http_api import HttpApi
from .journal import AuthRequest, Journal, Published, Received
from .official import make_pusher
from .profile import SOKETI, Profile
from .socket_endpoint import SocketEndpoint
from .state import State

_SHUTDOWN_SECONDS = 0.1


class DevServer:
    """A Pusher-compatible server on loopback: `async with DevServer() as server`.

    `profile` is the kind of server. `port` 0 takes a free one and keeps it over a restart; `path` is a prefix of the
    addresses of the websocket and the HTTP API, which also answers without it. `activity_timeout` is in seconds and
    replaces the profile's. Where a method takes `app`, None means the first. Waits end in TimeoutError after
    `timeout` seconds of loop time; they also find what has happened already.
    """

    def __init__(
        self,
        apps: Sequence[App] = (App(),),
        *,
        profile: Profile = SOKETI,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "",
        ssl: ssl.SSLContext | None = None,
        activity_timeout: float | None = None,
        auth: AuthEndpoints | None = None,
        on_publish: Callable[[Published], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.apps = tuple(apps)
        self._path = path
        self._ssl = ssl
        self._journal = Journal(on_publish)
        self._state = State(
            self.apps,
            profile,
            profile.activity_timeout if activity_timeout is None else activity_timeout,
            auth or AuthEndpoints(),
            self._journal,
        )
        self._runners: list[web.AppRunner] = []
        self._api_port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        auth = AuthHandlers(self._state)
        routes = [
            web.get(f"{self._path}/app/{{key}}", SocketEndpoint(self._state).handle),
            web.post("/pusher/auth", auth.channel),
            web.post("/pusher/user-auth", auth.user),
        ]
        api_routes = HttpApi(self._state, self._path).routes()
        if self.profile.api_on_second_port:
            self.port = await self._listen(self.port, routes)
            self._api_port = await self._listen(self._api_port, api_routes)
        else:
            self.port = self._api_port = await self._listen(self.port, [*routes, *api_routes])

    async def _listen(self, port: int, routes: list[web.RouteDef]) -> int:
        """Serve on a port, 0 for a free one; return it."""
        application = web.Application(client_max_size=0)
        application.add_routes(routes)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, self.host, port, ssl_context=self._ssl).start()
        bound: int = runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Stop listening and cut every connection without a close frame, as when the process is killed."""
        self.thaw()
        for connection in self.connections:
            connection.abort(reset=False)
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    @property
    def app(self) -> App:
        """The first app."""
        return self.apps[0]

    @property
    def url(self) -> str:
        """The address of the server, without a path."""
        return f"{'https' if self._ssl else 'http'}://{self.host}:{self.port}"

    @property
    def profile(self) -> Profile:
        """The kind of server."""
        return self._state.profile

    @property
    def api_port(self) -> int:
        """The port of the HTTP API, on some servers another one."""
        return self._api_port

    @property
    def auth_url(self) -> str:
        """The endpoint that authorizes channels."""
        return f"{self.url}/pusher/auth"

    @property
    def user_auth_url(self) -> str:
        """The endpoint that authorizes users."""
        return f"{self.url}/pusher/user-auth"

    @property
    def faults(self) -> Faults:
        """How the server misbehaves."""
        return self._state.faults

    @property
    def auth(self) -> AuthEndpoints:
        """How the authorizing endpoints decide."""
        return self._state.auth

    @property
    def connections(self) -> list[Connection]:
        """The live connections, oldest first within each app."""
        return [
            connection
            for broker in self._state.brokers
            for connection in broker.connections.values()
        ]

    @property
    def attempts(self) -> list[Attempt]:
        """Each websocket request so far."""
        return self._journal.attempts

    @property
    def connect_times(self) -> list[float]:
        """The loop time of each websocket request."""
        return [attempt.time for attempt in self.attempts]

    @property
    def received(self) -> list[Received]:
        """Each message of a client."""
        return self._journal.received

    @property
    def published(self) -> list[Published]:
        """Each event published."""
        return self._journal.published

    @property
    def auth_requests(self) -> list[AuthRequest]:
        """Each request to an authorizing endpoint."""
        return self._journal.auth_requests

    def connection(self, socket_id: str) -> Connection:
        """The live connection with that id. Raises KeyError when there is none."""
        return self._state.broker_of(socket_id).connections[socket_id]

    def members(self, channel: str, *, app: App | None = None) -> dict[str, object]:
        """The user_info of each member of a presence channel, by user id."""
        members = self._state.broker(app).channel(channel).members
        return {user_id: member.data.get("user_info") for user_id, member in members.items()}

    def subscribers(self, channel: str, *, app: App | None = None) -> list[Connection]:
        """The connections that are subscribed to a channel."""
        return list(self._state.broker(app).channel(channel).subscribers)

    def pusher(self, *, app: App | None = None, verify: str | None = None) -> Pusher:
        """The official library pointed here, to be called in a thread; `verify` is a CA file for TLS."""
        tls = self._ssl is not None
        return make_pusher(
            app or self.app, host=self.host, port=self.api_port, ssl=tls, verify=verify
        )

    async def publish(
        self,
        channel: str,
        event: str,
        data: object,
        *,
        socket_id: str | None = None,
        app: App | None = None,
    ) -> None:
        """Publish as the official library would: text as it is, else as JSON; encrypted on encrypted channels.

        Raises ValueError for what the library refuses.
        """
        broker = self._state.broker(app)
        broker.publish(broker.official.render(channel, event, data, socket_id))

    async def flood(
        self, channel: str, event: str, data: object, count: int, *, app: App | None = None
    ) -> None:
        """Send one event `count` times to each subscriber, as fast as they read; returns when all is written."""
        broker = self._state.broker(app)
        rendered = broker.official.render(channel, event, data, None)
        text = frames.event(channel, event, rendered.data)
        subscribers = self.subscribers(channel, app=app)
        for connection in subscribers:
            connection.repeat(text, count)
        for connection in subscribers:
            await connection.drain()

    async def send_raw(self, frame: str | bytes) -> None:
        """Send any text or, given bytes, a binary frame to every connection; returns when it is written."""
        connections = self.connections
        for connection in connections:
            connection.send(frame)
        for connection in connections:
            await connection.drain()

    async def close_all(self, code: int = 1000, reason: str = "") -> None:
        """Close every connection with any code."""
        connections = self.connections
        for connection in connections:
            connection.start_close(code, reason)
        for connection in connections:
            await connection.drain()

    def abort_all(self) -> None:
        """Reset the TCP connection of every client."""
        for connection in self.connections:
            connection.abort()

    def silence_all(self) -> None:
        """Make every present connection half-open; new ones work."""
        for connection in self.connections:
            connection.silence()

    def freeze(self) -> None:
        """Accept TCP connections and answer nothing until `thaw`."""
        self._state.thawed.clear()
        for connection in self.connections:
            connection.freeze()

    def thaw(self) -> None:
        """Continue after `freeze`, and send what was held."""
        self._state.thawed.set()
        for connection in self.connections:
            connection.thaw()

    async def wait_for[T](self, find: Callable[[], T | None], timeout: float = 5) -> T:
        """Return what `find` finds, asked now and after each change of what this class shows."""
        return await self._journal.wait_for(find, timeout)

    async def wait_received(
        self, wanted: str | Callable[[Received], bool], timeout: float = 5
    ) -> Received:
        """The first message with that event name, or that the function accepts."""

        def matches(received: Received) -> bool:
            return received.event == wanted if isinstance(wanted, str) else wanted(received)

        def find() -> Received | None:
            return next(filter(matches, self.received), None)

        return await self.wait_for(find, timeout)

    async def wait_connected(self, count: int = 1, timeout: float = 5) -> Connection:
        """The latest connection, once at least `count` are live."""

        def find() -> Connection | None:
            return self.connections[-1] if len(self.connections) >= count else None

        return await self.wait_for(find, timeout)

    async def wait_disconnected(self, count: int = 0, timeout: float = 5) -> None:
        """Return once at most `count` connections are live."""
        await self.wait_for(lambda: len(self.connections) <= count or None, timeout)

    async def wait_attempts(self, count: int, timeout: float = 5) -> Attempt:
        """The `count`-th websocket request."""
        return await self.wait_for(
            lambda: self.attempts[count - 1] if len(self.attempts) >= count else None, timeout
        )

    async def wait_subscribed(
        self, channel: str, count: int = 1, timeout: float = 5, *, app: App | None = None
    ) -> None:
        """Return once at least `count` connections are subscribed to the channel."""
        await self.wait_for(
            lambda: len(self.subscribers(channel, app=app)) >= count or None, timeout
        )

    async def wait_unsubscribed(
        self, channel: str, timeout: float = 5, *, app: App | None = None
    ) -> None:
        """Return once the channel has no subscribers."""
        await self.wait_for(lambda: not self.subscribers(channel, app=app) or None, timeout)

    async def wait_auth_requests(self, count: int, timeout: float = 5) -> AuthRequest:
        """The `count`-th request to an authorizing endpoint."""

        def find() -> AuthRequest | None:
            return self.auth_requests[count - 1] if len(self.auth_requests) >= count else None

        return await self.wait_for(find, timeout)
