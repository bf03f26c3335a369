"""The signed HTTP API, for servers that publish and ask."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from pusher.util import validate_channel, validate_socket_id

from .broker import Broker
from .channel import Channel
from .official import Event
from .session import MAX_EVENT_NAME
from .state import State

MAX_CHANNELS = 100
MAX_BATCH = 10

type Answer = dict[str, object]
type Action = Callable[[Broker, web.Request], Awaitable[Answer]]


class ApiError(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class HttpApi:
    """The endpoints below /apps/{app_id}."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        base = "/apps/{app_id}"
        return [
            web.post(f"{base}/events", self._signed(self._events)),
            web.post(f"{base}/batch_events", self._signed(self._batch)),
            web.get(f"{base}/channels", self._signed(self._channels)),
            web.get(f"{base}/channels/{{channel}}", self._signed(self._channel)),
            web.get(f"{base}/channels/{{channel}}/users", self._signed(self._users)),
            web.post(
                f"{base}/users/{{user_id}}/terminate_connections", self._signed(self._terminate)
            ),
        ]

    def _signed(self, action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            await self._state.thawed.wait()
            try:
                return web.json_response(await action(await self._authorize(request), request))
            except ApiError as error:
                answer = {"error": error.message, "code": error.status}
                return web.json_response(answer, status=error.status)

        return handle

    async def _authorize(self, request: web.Request) -> Broker:
        if (status := self._state.faults.api_status) is not None:
            raise ApiError(status, "The server was told to answer so.")
        app_id = request.match_info["app_id"]
        broker = self._state.broker_by_id(app_id)
        if broker is None:
            raise ApiError(404, f"The app {app_id} could not be found.")
        path = request.rel_url.raw_path
        if not broker.official.accepts_request(
            request.method, path, request.query, await request.read()
        ):
            raise ApiError(401, "The secret authentication failed")
        if not broker.app.enabled:
            raise ApiError(403, "The app is not enabled.")
        return broker

    async def _events(self, broker: Broker, request: web.Request) -> Answer:
        body = await _json_body(request)
        names = body.get("channels", [body.get("channel")])
        if not isinstance(names, list) or len(names) > MAX_CHANNELS:
            raise ApiError(400, f"Cannot broadcast to more than {MAX_CHANNELS} channels at once")
        events = [_event(broker, body, name) for name in names]
        for event in events:
            broker.publish(event)
        wanted = _wanted(body.get("info"))
        if not wanted:
            return {}
        channels = [broker.channel(event.channel) for event in events]
        return {"channels": {channel.name: _attributes(channel, wanted) for channel in channels}}

    async def _batch(self, broker: Broker, request: web.Request) -> Answer:
        batch = (await _json_body(request)).get("batch")
        if not isinstance(batch, list) or not all(isinstance(item, dict) for item in batch):
            raise ApiError(400, "The received data is incorrect")
        if len(batch) > MAX_BATCH:
            raise ApiError(400, f"Cannot batch-send more than {MAX_BATCH} messages at once")
        events = [_event(broker, item, item.get("channel")) for item in batch]
        for event in events:
            broker.publish(event)
        wanted = [_wanted(item.get("info")) for item in batch]
        if not any(wanted):
            return {}
        pairs = zip(events, wanted, strict=True)
        return {
            "batch": [_attributes(broker.channel(event.channel), names) for event, names in pairs]
        }

    async def _channels(self, broker: Broker, request: web.Request) -> Answer:
        prefix = request.query.get("filter_by_prefix", "")
        wanted = _wanted(request.query.get("info"))
        if "user_count" in wanted and not prefix.startswith("presence-"):
            raise ApiError(400, "user_count may only be requested for presence channels")
        occupied = [channel for channel in broker.occupied() if channel.name.startswith(prefix)]
        return {"channels": {channel.name: _attributes(channel, wanted) for channel in occupied}}

    async def _channel(self, broker: Broker, request: web.Request) -> Answer:
        channel = broker.channel(request.match_info["channel"])
        wanted = _wanted(request.query.get("info"))
        if "user_count" in wanted and not channel.kind.presence:
            raise ApiError(400, "user_count may only be requested for presence channels")
        if "cache" in wanted and not channel.kind.cache:
            raise ApiError(400, "cache may only be requested for cache channels")
        return {"occupied": bool(channel.subscribers), **_attributes(channel, wanted)}

    async def _users(self, broker: Broker, request: web.Request) -> Answer:
        channel = broker.channel(request.match_info["channel"])
        if not channel.kind.presence:
            raise ApiError(400, "The channel must be a presence channel.")
        return {"users": [{"id": user_id} for user_id in channel.members]}

    async def _terminate(self, broker: Broker, request: web.Request) -> Answer:
        broker.terminate(request.match_info["user_id"])
        return {}


async def _json_body(request: web.Request) -> dict[str, object]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, "The received data is incorrect")
    return body


def _event(broker: Broker, fields: dict[str, object], channel: object) -> Event:
    name, data, socket_id = fields.get("name"), fields.get("data"), fields.get("socket_id")
    if (
        not isinstance(name, str)
        or not name
        or not isinstance(data, str)
        or not isinstance(channel, str)
    ):
        raise ApiError(400, "The received data is incorrect")
    if len(name) > MAX_EVENT_NAME:
        raise ApiError(400, f"Event name is too long. Maximum allowed size is {MAX_EVENT_NAME}.")
    if len(data.encode()) > broker.app.max_event_bytes:
        raise ApiError(
            413, f"The event data should be less than {broker.app.max_event_bytes / 1024:g} KB."
        )
    try:
        validate_channel(channel)
        return Event(
            channel, name, data, None if socket_id is None else validate_socket_id(socket_id)
        )
    except (TypeError, ValueError) as error:
        raise ApiError(400, str(error)) from error


def _wanted(info: object) -> set[str]:
    return set(info.split(",")) if isinstance(info, str) else set()


def _attributes(channel: Channel, wanted: set[str]) -> Answer:
    answer: Answer = {}
    if "user_count" in wanted and channel.kind.presence:
        answer["user_count"] = len(channel.members)
    if "subscription_count" in wanted:
        answer["subscription_count"] = len(channel.subscribers)
    now = asyncio.get_running_loop().time()
    if "cache" in wanted and (stored := channel.stored(now)):
        answer["cache"] = {"data": stored.data, "ttl": int(stored.expires - now)}
    return answer
