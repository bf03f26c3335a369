"""A real Home Assistant with the integration in it, driven from outside."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientSession

from . import config_folder, flow
from .errors import NotReadyError, RestError
from .events import EVENT_TIMEOUT, Events
from .flow import Flow
from .onboarding import onboard
from .ports import HOST, free_port
from .process import HassProcess
from .rest import Rest
from .socket import Socket
from .state import State

DOMAIN = "pusher_channels"

_READY_WITHIN = 120
_POLL = 0.05
_LINES_SHOWN = 20


class HomeAssistant:
    """Home Assistant as a process: `async with HomeAssistant() as hass` starts, onboards and finally ends it.

    `port` None takes a free one. `config` is an empty or missing folder that is kept; None makes one that is
    removed at the end. `configuration` is appended to configuration.yaml.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        config: Path | None = None,
        configuration: str = "",
    ) -> None:
        """Prepare; nothing is written or started yet."""
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._configuration = configuration
        self._temporary = None if config else tempfile.TemporaryDirectory(prefix="hass-")
        self.config = config or Path(self._temporary.name if self._temporary else "")
        self._process = HassProcess(self.config)
        self._session: ClientSession
        self._rest: Rest
        self._socket: Socket | None = None

    async def __aenter__(self) -> Self:
        """Fill the config folder, start and onboard."""
        self._session = ClientSession()
        self._rest = Rest(self._session, self.url)
        try:
            config_folder.fill(self.config, self.port, self._configuration)
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process and remove what is not to be kept."""
        try:
            await self.stop()
        finally:
            await self._session.close()
            if self._temporary:
                self._temporary.cleanup()

    @property
    def log(self) -> str:
        """All that Home Assistant has printed, over all its starts; the integration's part at debug level."""
        return self._process.log

    @property
    def token(self) -> str:
        """The owner's access token."""
        return self._rest.token

    async def start(self) -> None:
        """Start, onboard if it is the first time, and return once Home Assistant has started up.

        Raises NotReadyError when that takes more than two minutes.
        """
        await self._process.start()
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await self._wait_listening()
                if not self.token:
                    self._rest.token = await onboard(self._session, self.url)
                self._socket = await Socket.open(self._session, self.url, self.token)
                await self._wait_running()
        except TimeoutError:
            raise self._not_ready(f"was not ready within {_READY_WITHIN} s") from None

    async def stop(self) -> None:
        """Let Home Assistant shut down."""
        await self._close_socket()
        await self._process.stop()

    async def kill(self) -> None:
        """End Home Assistant without warning; what it had not yet saved is lost."""
        await self._process.kill()
        await self._close_socket()

    async def restart(self) -> None:
        """Shut down and start again; subscriptions of before have ended."""
        await self.stop()
        await self.start()

    async def get(self, path: str) -> Any:
        """Return what a REST path gives. Raises RestError."""
        return await self._rest.request("GET", path)

    async def post(self, path: str, data: object = None) -> Any:
        """Post JSON and return the answer. Raises RestError."""
        return await self._rest.request("POST", path, data)

    async def delete(self, path: str) -> Any:
        """Delete and return the answer. Raises RestError."""
        return await self._rest.request("DELETE", path)

    async def call(self, command: str, **fields: object) -> Any:
        """Send a websocket command and return its result. Raises CallError."""
        return await self._open_socket.call(command, **fields)

    async def subscribe_events(self, event_type: str) -> Events:
        """Collect the events of one type from now until Home Assistant stops."""
        return await self._open_socket.subscribe_events(event_type)

    @asynccontextmanager
    async def events(self, event_type: str) -> AsyncGenerator[Events]:
        """Collect the events of one type within the block, or until Home Assistant stops."""
        socket = self._open_socket
        events = await socket.subscribe_events(event_type)
        try:
            yield events
        finally:
            if socket is self._socket:
                await socket.unsubscribe(events)

    async def call_service(
        self,
        domain: str,
        service: str,
        data: dict[str, Any] | None = None,
        *,
        return_response: bool = False,
    ) -> Any:
        """Perform an action; return its response on request; raises `CallError`."""
        result = await self.call(
            "call_service",
            domain=domain,
            service=service,
            service_data=data or {},
            return_response=return_response,
        )
        return result.get("response")

    async def state(self, entity_id: str) -> State | None:
        """Return the state of an entity, None where there is none."""
        try:
            return State.read(await self.get(f"/api/states/{entity_id}"))
        except RestError as err:
            if err.status == 404:
                return None
            raise

    async def wait_state(
        self,
        entity_id: str,
        predicate: Callable[[State], object],
        timeout: float = EVENT_TIMEOUT,
    ) -> State:
        """Return the entity's state once the predicate holds.

        Raises TimeoutError, with the state instead, after `timeout` seconds.
        """
        seen: State | None = None
        try:
            async with self.events("state_changed") as changes, asyncio.timeout(timeout):
                seen = await self.state(entity_id)
                while seen is None or not predicate(seen):
                    change = await changes.take(
                        lambda data: data["entity_id"] == entity_id and data["new_state"], timeout
                    )
                    seen = State.read(change["new_state"])
                return seen
        except TimeoutError:
            raise TimeoutError(
                f"{entity_id} did not become so within {timeout:g} s; it is {seen}"
            ) from None

    async def entity_id(self, unique_id: str) -> str:
        """Return the id of the integration's entity with that unique id. Raises KeyError."""
        entities = await self.call("config/entity_registry/list")
        ids = {it["unique_id"]: it["entity_id"] for it in entities if it["platform"] == DOMAIN}
        entity_id: str = ids[unique_id]
        return entity_id

    async def start_config_flow(self) -> Flow:
        """Start to add the integration."""
        return await Flow.start(self._rest, flow.CONFIG, DOMAIN)

    async def start_reconfigure_flow(self, entry_id: str) -> Flow:
        """Start to change an app."""
        return await Flow.start(self._rest, flow.CONFIG, DOMAIN, entry_id=entry_id)

    async def reauth_flow(self, entry_id: str) -> Flow | None:
        """Return the flow that asks for an app's authorization again, None if there is none."""
        flows = await self.call("config_entries/flow/progress")
        ids = [
            it["flow_id"]
            for it in flows
            if it["context"].get("entry_id") == entry_id and it["context"]["source"] == "reauth"
        ]
        return await Flow.resume(self._rest, flow.CONFIG, ids[0]) if ids else None

    async def start_options_flow(self, entry_id: str) -> Flow:
        """Start to change an app's options."""
        return await Flow.start(self._rest, flow.OPTIONS, entry_id)

    async def start_channel_flow(self, entry_id: str, **context: object) -> Flow:
        """Start to add a channel, or to reconfigure the one given as `subentry_id`."""
        return await Flow.start(self._rest, flow.SUBENTRY, [entry_id, "channel"], **context)

    async def start_share_flow(self, entry_id: str, **context: object) -> Flow:
        """Start to add a share, or to reconfigure the one given as `subentry_id`."""
        return await Flow.start(self._rest, flow.SUBENTRY, [entry_id, "share"], **context)

    async def add_app(
        self, app: dict[str, Any], authorization: str = "auth_none", **fields: object
    ) -> str:
        """Add an app through its flow and return the entry's id.

        `app` is the first form, `fields` that of the authorization. Raises FlowRefusedError.
        """
        steps = await self.start_config_flow()
        await steps.submit(**app)
        await steps.choose(authorization)
        if steps.result["type"] == "form":
            await steps.submit(**fields)
        entry_id: str = steps.created()["result"]["entry_id"]
        await steps.close_next()
        return entry_id

    async def add_channel(
        self,
        entry_id: str,
        channel: str,
        *,
        events: Sequence[str] = (),
        members: Sequence[str] = (),
    ) -> str:
        """Add a channel through its flow and return the subentry's id. Raises FlowRefusedError."""
        steps = await self.start_channel_flow(entry_id)
        await steps.submit(channel=channel, events=list(events), members=list(members))
        steps.created()
        subentries = await self.call("config_entries/subentries/list", entry_id=entry_id)
        subentry_id: str = next(
            it["subentry_id"] for it in subentries if it["unique_id"] == channel
        )
        return subentry_id

    async def remove_subentries(self, entry_id: str) -> None:
        """Remove all channels and shares of an app."""
        for subentry in await self.call("config_entries/subentries/list", entry_id=entry_id):
            await self.call(
                "config_entries/subentries/delete",
                entry_id=entry_id,
                subentry_id=subentry["subentry_id"],
            )

    @property
    def _open_socket(self) -> Socket:
        if self._socket is None:
            raise ConnectionError("Home Assistant is not started.")
        return self._socket

    async def _close_socket(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def _wait_listening(self) -> None:
        while not await self._answers():
            if not self._process.is_running:
                raise self._not_ready("ended before it was ready")
            await asyncio.sleep(_POLL)

    async def _answers(self) -> bool:
        try:
            await self.get("/manifest.json")
        except ClientConnectionError, RestError:
            return False
        return True

    async def _wait_running(self) -> None:
        async with self.events("homeassistant_started") as started:
            if (await self.get("/api/config"))["state"] != "RUNNING":
                await started.take(timeout=_READY_WITHIN)

    def _not_ready(self, what: str) -> NotReadyError:
        lines = self.log.splitlines()[-_LINES_SHOWN:]
        return NotReadyError("\n".join([f"Home Assistant {what}; its last lines:", *lines]))
