"""The signed HTTP API, for servers that send events and query channels."""

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

    def __init__(self, status: int, message: str, body: Answer | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": message, "code": status} if body is None else body


class HttpApi:
    """The endpoints below /apps/{app_id}, and the same below a path."""

    def __init__(self, state: State, path: str = "") -> None:
        self._state = state
        self._path = path

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        profile = self._state.profile
        actions: dict[tuple[str, str], Action] = {
            ("POST", "events"): self._events,
            ("GET", "channels"): self._channels,
            ("GET", "channels/{channel}"): self._channel,
            ("GET", "channels/{channel}/users"): self._users,
        }
        if profile.has_batch:
            actions["POST", "batch_events"] = self._batch
        if profile.has_terminate:
            actions["POST", "users/{user_id}/terminate_connections"] = self._terminate
        return [
            web.route(method, f"{prefix}/apps/{{app_id}}/{path}", self._signed(action))
            for prefix in {"", self._path}
            for (method, path), action in actions.items()
        ]

    def _signed(self, action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            await self._state.thawed.wait()
            try:
                answer = await action(await self._authorize(request), request)
            except ApiError as error:
                return web.json_response(error.body, status=error.status)
            is_event = request.method == "POST" and request.path.endswith("/events")
            status = self._state.profile.event_status if is_event else 200
            return web.json_response(answer, status=status)

        return handle

    async def _authorize(self, request: web.Request) -> Broker:
        if (status := self._state.faults.api_status) is not None:
            raise ApiError(status, "The fault api_status is set.")
        app_id = request.match_info["app_id"]
        broker = self._state.broker_by_id(app_id)
        if broker is None:
            raise ApiError(404, f"The app {app_id} could not be found.")
        profile, body = self._state.profile, await request.read()
        if profile.max_request_bytes is not None and len(body) > profile.max_request_bytes:
            raise ApiError(413, "Payload too large.")
        path = request.rel_url.raw_path
        if not profile.signs_path_prefix:
            path = path.removeprefix(self._path)
        if not broker.official.accepts_request(request.method, path, request.query, body):
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
        info = _requested_info(body.get("info"))
        if not info:
            return {}
        channels = [broker.channel(event.channel) for event in events]
        return {"channels": {channel.name: _attributes(channel, info) for channel in channels}}

    async def _batch(self, broker: Broker, request: web.Request) -> Answer:
        batch = (await _json_body(request)).get("batch")
        if not isinstance(batch, list) or not all(isinstance(item, dict) for item in batch):
            raise ApiError(400, "The received data is incorrect")
        if len(batch) > MAX_BATCH:
            raise ApiError(400, f"Cannot batch-send more than {MAX_BATCH} messages at once")
        events = [_event(broker, item, item.get("channel")) for item in batch]
        for event in events:
            broker.publish(event)
        info = [_requested_info(item.get("info")) for item in batch]
        if not any(info):
            return {"batch": {}} if self._state.profile.batch_answer_is_object else {}
        pairs = zip(events, info, strict=True)
        return {
            "batch": [_attributes(broker.channel(event.channel), names) for event, names in pairs]
        }

    async def _channels(self, broker: Broker, request: web.Request) -> Answer:
        prefix = request.query.get("filter_by_prefix", "")
        info = _requested_info(request.query.get("info"))
        if "user_count" in info and not prefix.startswith("presence-"):
            raise ApiError(400, "user_count may only be requested for presence channels")
        occupied = [channel for channel in broker.occupied() if channel.name.startswith(prefix)]
        return {"channels": {channel.name: _attributes(channel, info) for channel in occupied}}

    async def _channel(self, broker: Broker, request: web.Request) -> Answer:
        channel = self._known_channel(broker, request)
        info = _requested_info(request.query.get("info"))
        if self._state.profile.refuses_info_lists and channel.kind.presence and len(info) > 1:
            raise ApiError(401, "Invalid signature")
        if "user_count" in info and not channel.kind.presence:
            raise ApiError(400, "user_count may only be requested for presence channels")
        if "cache" in info and not channel.kind.cache:
            raise ApiError(400, "cache may only be requested for cache channels")
        return {"occupied": bool(channel.subscribers), **_attributes(channel, info)}

    async def _users(self, broker: Broker, request: web.Request) -> Answer:
        channel = self._known_channel(broker, request)
        if not channel.subscribers and not self._state.profile.knows_users_of_unoccupied:
            raise ApiError(404, "The channel is not occupied.", {})
        if not channel.kind.presence:
            raise ApiError(400, "The channel must be a presence channel.")
        return {"users": [{"id": user_id} for user_id in channel.members]}

    def _known_channel(self, broker: Broker, request: web.Request) -> Channel:
        channel = broker.channel(request.match_info["channel"])
        if not channel.subscribers and not self._state.profile.knows_unoccupied_channels:
            raise ApiError(404, f"Unknown channel `{channel.name}`.")
        return channel

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
    if not data and broker.profile.refuses_empty_data:
        raise ApiError(422, "No data", {"data": ["The data field is required."]})
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


def _requested_info(info: object) -> set[str]:
    return set(info.split(",")) if isinstance(info, str) else set()


def _attributes(channel: Channel, info: set[str]) -> Answer:
    answer: Answer = {}
    if "user_count" in info and channel.kind.presence:
        answer["user_count"] = len(channel.members)
    if "subscription_count" in info:
        answer["subscription_count"] = len(channel.subscribers)
    now = asyncio.get_running_loop().time()
    if "cache" in info and (stored := channel.stored(now)):
        answer["cache"] = {"data": stored.data, "ttl": int(stored.expires - now)}
    return answer
