"""The signed server API.

See https://pusher.com/docs/channels/library_auth_reference/rest-api/
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from .crypto import encrypt, shared_secret, signature
from .exceptions import InvalidUseError, Misuse, RequestError, RequestFailure
from .fields import identities, integer_or_none
from .messages import Json, writable
from .names import (
    USER_CHANNEL_PREFIX,
    ChannelKind,
    check_channel_name,
    check_event_name,
    check_user_id,
    is_socket_id,
    is_unicode,
)
from .protocol import check_data_size, dump_json
from .redaction import url_secrets
from .requests import BodyTooLongError, Response, send_request
from .server import Server

MAX_CHANNELS: Final = 100
MAX_BATCH: Final = 10
MAX_RESPONSE_BYTES: Final = 1024 * 1024
INVALID_APP_STATUSES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND,
)
COUNTS: Final = frozenset({"user_count", "subscription_count"})
PATH_SAFE: Final = "=@,;"

type ChannelInfo = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """One event of a batch; text is sent as it is, other data as JSON."""

    channel: str
    event: str
    data: Json


@dataclass(slots=True)
class HttpApi:
    """The server API of one app.

    Every method raises `InvalidUseError` before it sends what the protocol does not allow, and
    `RequestError` when the server refuses or does not answer within 10 s. `headers` are sent with
    each request, `proxy` is a URL. `now` returns the seconds since 1970; servers accept a difference
    of 600 s.
    """

    session: aiohttp.ClientSession = field(repr=False)
    server: Server
    app_id: str
    app_key: str
    secret: str = field(repr=False)
    master_key: bytes | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    now: Callable[[], float] = field(default=time.time, repr=False)
    _signed_prefix: str = field(default="", init=False, repr=False)

    async def trigger(
        self,
        channels: str | Sequence[str],
        event: str,
        data: Json,
        *,
        socket_id: str | None = None,
        info: Sequence[str] = (),
    ) -> Mapping[str, ChannelInfo]:
        """Send an event to one channel, or to up to 100; an encrypted channel must be the only one.

        Text is sent as it is, other data as JSON, at most 10 240 bytes. The connection `socket_id`
        does not receive the event. Return the counts in `info` (`user_count`,
        `subscription_count`) by channel.
        """
        names = [channels] if isinstance(channels, str) else [*channels]
        if not 1 <= len(names) <= MAX_CHANNELS:
            message = f"An event goes to 1 to {MAX_CHANNELS} channels"
            raise InvalidUseError(Misuse.TOO_MANY_CHANNELS, message)
        for channel in names:
            check_channel_name(channel)
        if len(names) > 1 and any(ChannelKind.of(name).is_encrypted for name in names):
            message = "An encrypted channel must be the only channel of an event"
            raise InvalidUseError(Misuse.ENCRYPTED_ALONE, message)
        body: dict[str, Json] = self._event(names[0], event, data) | {"channels": [*names]}
        if socket_id is not None:
            if not is_socket_id(socket_id):
                raise InvalidUseError(Misuse.DATA_TYPE, "The socket_id is not valid")
            body["socket_id"] = socket_id
        if info:
            body["info"] = _joined(info)
        answer = await self._request(HTTPMethod.POST, "events", body=body)
        return _channel_infos(answer)

    async def trigger_batch(self, events: Sequence[BatchEvent]) -> None:
        """Send 1 to 10 events, each to one channel."""
        if not 1 <= len(events) <= MAX_BATCH:
            raise InvalidUseError(Misuse.TOO_MANY_EVENTS, f"A batch has 1 to {MAX_BATCH} events")
        batch: list[Json] = []
        for event in events:
            check_channel_name(event.channel)
            body = self._event(event.channel, event.event, event.data)
            batch.append(body | {"channel": event.channel})
        await self._request(HTTPMethod.POST, "batch_events", body={"batch": batch})

    async def send_to_user(self, user_id: str, event: str, data: Json) -> None:
        """Send an event to all connections of a signed-in user."""
        check_user_id(user_id)
        channel = f"{USER_CHANNEL_PREFIX}{user_id}"
        body = self._event(channel, event, data) | {"channels": [channel]}
        await self._request(HTTPMethod.POST, "events", body=body)

    async def terminate_user_connections(self, user_id: str) -> None:
        """Close all connections of a signed-in user with code 4009."""
        check_user_id(user_id)
        path = f"users/{quote(user_id, PATH_SAFE)}/terminate_connections"
        await self._request(HTTPMethod.POST, path, body={})

    async def channels(
        self, *, prefix: str = "", info: Sequence[str] = ()
    ) -> Mapping[str, ChannelInfo]:
        """Return the occupied channels with `info` (`user_count` needs a presence prefix)."""
        if not is_unicode(prefix):
            raise InvalidUseError(
                Misuse.CHANNEL_NAME, "A prefix has only characters of a channel name"
            )
        query = {"filter_by_prefix": prefix, "info": _joined(info)}
        return _channel_infos(await self._request(HTTPMethod.GET, "channels", query=query))

    async def channel(self, name: str, *, info: Sequence[str] = ()) -> ChannelInfo:
        """Return whether a channel is occupied, and its `info` (`user_count`, `cache`, ...)."""
        check_channel_name(name)
        path, query = f"channels/{quote(name, PATH_SAFE)}", {"info": _joined(info)}
        try:
            answer = await self._request(HTTPMethod.GET, path, query=query)
        except RequestError as err:
            return {"occupied": await self._is_occupied(name, err)}
        return _channel_info(answer)

    async def users(self, channel: str) -> list[str]:
        """Return the user ids on a presence channel; none if it is not occupied."""
        check_channel_name(channel)
        path = f"channels/{quote(channel, PATH_SAFE)}/users"
        try:
            return _user_ids(await self._request(HTTPMethod.GET, path))
        except RequestError as err:
            if await self._is_occupied(channel, err):
                raise
            return []

    async def check_app_id(self) -> None:
        """Raise `RequestError` with `INVALID_APP_ID` if the server does not know the app id.

        Valid only with a secret that is known to be right: servers report both with status 401. A
        server API at another address looks like an unknown app too.
        """
        try:
            await self.channels()
        except RequestError as err:
            if err.failure is RequestFailure.CLOCK_SKEW or err.status not in INVALID_APP_STATUSES:
                raise
            failure = RequestFailure.INVALID_APP_ID
            raise RequestError(failure, err.message, err.status) from None

    async def _is_occupied(self, channel: str, err: RequestError) -> bool:
        """Return whether the list has a channel for which the server answered 404.

        Some servers answer 404 for every channel that is not occupied. Raises `err` otherwise.
        """
        if err.status != HTTPStatus.NOT_FOUND:
            raise err
        return channel in await self.channels(prefix=channel)

    def _event(self, channel: str, event: str, data: Json) -> dict[str, Json]:
        """Return name and data in the format of the API, encrypted for encrypted channels."""
        check_event_name(event)
        text = data if isinstance(data, str) else dump_json(data)
        check_data_size(text)
        if ChannelKind.of(channel).is_encrypted:
            if self.master_key is None:
                message = "An encrypted channel needs the encryption master key"
                raise InvalidUseError(Misuse.MASTER_KEY_MISSING, message)
            text = dump_json({**encrypt(shared_secret(self.master_key, channel), text)})
        return {"name": event, "data": text}

    async def _request(
        self,
        method: HTTPMethod,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> Json:
        """Send a request; where the server has a path, sign without it, then with it.

        The official libraries and most servers sign without the path, soketi's `pathPrefix` with
        it. A request with a wrong signature has no effect, so that it can be sent again.
        """
        payload = None if body is None else orjson.dumps(body)
        path = f"/apps/{quote(self.app_id, PATH_SAFE)}/{path}"
        query = {key: value for key, value in (query or {}).items() if value}
        prefix = self._signed_prefix
        try:
            return await self._send(method, prefix, path, query, payload)
        except RequestError as err:
            if err.failure is not RequestFailure.REFUSED or err.status != HTTPStatus.UNAUTHORIZED:
                raise
            other = "" if prefix else self.server.prefix
            if other == prefix:
                raise
            try:
                answer = await self._send(method, other, path, query, payload)
            except RequestError:
                raise err from None
            self._signed_prefix = other
            return answer

    async def _send(
        self,
        method: HTTPMethod,
        signed_prefix: str,
        path: str,
        query: Mapping[str, str],
        payload: bytes | None,
    ) -> Json:
        signed = self._sign(method, f"{signed_prefix}{path}", query, payload)
        url = URL(f"{self.server.api_url}{path}?{urlencode(signed)}", encoded=True)
        try:
            response = await send_request(
                self.session,
                method,
                url,
                headers={**self.headers, "Content-Type": "application/json"},
                data=payload,
                proxy=self.proxy,
                max_bytes=MAX_RESPONSE_BYTES,
            )
        except TimeoutError:
            message = "The server did not answer in time"
            raise RequestError(RequestFailure.NO_RESPONSE, message) from None
        except BodyTooLongError:
            message = f"The server's answer has more than {MAX_RESPONSE_BYTES} bytes"
            raise RequestError(RequestFailure.INVALID_RESPONSE, message) from None
        except (aiohttp.ClientError, OSError, ValueError) as err:
            message = f"The request to the server failed ({type(err).__name__})"
            raise RequestError(RequestFailure.NO_RESPONSE, message) from None
        secrets = [self.secret, *self.headers.values(), *url_secrets(self.proxy or "")]
        return _check(response, method, secrets)

    def _sign(
        self, method: HTTPMethod, path: str, query: Mapping[str, str], payload: bytes | None
    ) -> dict[str, str]:
        """Return the query with its signature, in the order in which it was signed."""
        signed = {
            **query,
            "auth_key": self.app_key,
            "auth_timestamp": str(int(self.now())),
            "auth_version": "1.0",
        }
        if payload:
            signed["body_md5"] = hashlib.md5(payload, usedforsecurity=False).hexdigest()
        ordered = dict(sorted(signed.items()))
        text = "&".join(f"{key}={value}" for key, value in ordered.items())
        ordered["auth_signature"] = signature(self.secret, f"{method}\n{path}\n{text}")
        return ordered


def _joined(info: Sequence[str]) -> str:
    """Return the names of what is asked for as one field; raises `InvalidUseError`."""
    text = ",".join(info)
    if not is_unicode(text):
        raise InvalidUseError(Misuse.DATA_TYPE, "The info has characters that cannot be sent")
    return text


def _check(response: Response, method: HTTPMethod, secrets: list[str]) -> Json:
    """Return the JSON value of a success; raises `RequestError` for anything else.

    soketi reports errors with status 200. A success without JSON is valid unless the request was a GET.
    """
    # More levels than can be written are text, and so no answer.
    answer, status = writable(response.json, None), response.status
    is_success = 200 <= status < 300
    if isinstance(answer, dict) and answer.get("error"):
        code = integer_or_none(answer.get("code"))
        status = code if is_success and code is not None else status
    elif is_success:
        if answer is None and method is HTTPMethod.GET:
            message = "The server's answer is not JSON"
            raise RequestError(RequestFailure.INVALID_RESPONSE, message, status)
        return answer
    reason = response.reason("The server", secrets)
    raise RequestError(_failure(response, status, reason), reason, status)


def _failure(response: Response, status: int, reason: str) -> RequestFailure:
    if status == HTTPStatus.UNAUTHORIZED and "timestamp" in reason.lower():
        return RequestFailure.CLOCK_SKEW
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RequestFailure.TOO_LARGE
    return RequestFailure.INVALID_RESPONSE if response.is_html else RequestFailure.REFUSED


def _channel_infos(answer: Json) -> Mapping[str, ChannelInfo]:
    channels = answer.get("channels") if isinstance(answer, dict) else None
    if not isinstance(channels, dict):
        return {}
    return {name: _channel_info(info) for name, info in channels.items()}


def _channel_info(answer: Json) -> ChannelInfo:
    """Return what a server knows of a channel, without counts that are no numbers from 0 to 2^53."""
    info = dict(answer) if isinstance(answer, dict) else {}
    for name in COUNTS & info.keys():
        count = integer_or_none(info.pop(name))
        if count is not None:
            info[name] = count
    return info


def _user_ids(answer: Json) -> list[str]:
    """Return the user ids of a list, or of an object: a scaled Reverb merges lists into one."""
    users = answer.get("users") if isinstance(answer, dict) else None
    if isinstance(users, dict):
        users = list(users.values())
    entries = users if isinstance(users, list) else []
    return identities(entry.get("id") for entry in entries if isinstance(entry, dict))
