"""The signed server API (reference: "Channels HTTP API")."""

import hashlib
import time
from asyncio import timeout
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import Final
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from .crypto import seal, shared_secret, signature
from .exceptions import InvalidUseError, Misuse, RequestError
from .messages import Json
from .names import (
    USER_CHANNEL_PREFIX,
    ChannelKind,
    check_channel_name,
    check_event_name,
    check_user_id,
)
from .protocol import check_data_size, dump_json, redact_signatures
from .server import Server

MAX_CHANNELS: Final = 100
MAX_BATCH: Final = 10
REQUEST_TIMEOUT: Final = 10.0
PATH_SAFE: Final = "=@,;"

type ChannelInfo = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """One event of a batch; data that is text goes as it is, anything else as JSON."""

    channel: str
    event: str
    data: Json


@dataclass(frozen=True, slots=True)
class HttpApi:
    """One app's server API.

    Every method raises `InvalidUseError` for what the protocol does not allow, before anything is sent,
    and `RequestError` when the server refuses or does not answer within 10 seconds. `now` returns
    the seconds since 1970; the server accepts 600 s of difference. `proxy` is a URL.
    """

    session: aiohttp.ClientSession = field(repr=False)
    server: Server
    app_id: str
    app_key: str
    secret: str = field(repr=False)
    master_key: bytes | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    now: Callable[[], float] = field(default=time.time, repr=False)

    async def trigger(
        self,
        channels: Sequence[str],
        event: str,
        data: Json,
        *,
        socket_id: str | None = None,
        info: Sequence[str] = (),
    ) -> Mapping[str, ChannelInfo]:
        """Publish to 1 to 100 channels; an encrypted one must be alone.

        `socket_id` is a connection that shall not get the event. Return what `info` (`user_count`,
        `subscription_count`) asks for, by channel.
        """
        if not 1 <= len(channels) <= MAX_CHANNELS:
            words = f"An event goes to 1 to {MAX_CHANNELS} channels"
            raise InvalidUseError(Misuse.TOO_MANY_CHANNELS, words)
        for channel in channels:
            check_channel_name(channel)
        if len(channels) > 1 and any(ChannelKind.of(channel).is_encrypted for channel in channels):
            words = "An event for an encrypted channel goes to that channel alone"
            raise InvalidUseError(Misuse.ENCRYPTED_ALONE, words)
        body: dict[str, Json] = self._event(channels[0], event, data) | {"channels": list(channels)}
        if socket_id is not None:
            body["socket_id"] = socket_id
        if info:
            body["info"] = ",".join(info)
        answer = await self._request(HTTPMethod.POST, "events", body=body)
        return _channel_infos(answer)

    async def trigger_batch(self, events: Sequence[BatchEvent]) -> None:
        """Publish 1 to 10 events, each to one channel."""
        if not 1 <= len(events) <= MAX_BATCH:
            raise InvalidUseError(Misuse.TOO_MANY_EVENTS, f"A batch has 1 to {MAX_BATCH} events")
        batch: list[Json] = []
        for event in events:
            check_channel_name(event.channel)
            body = self._event(event.channel, event.event, event.data)
            batch.append(body | {"channel": event.channel})
        await self._request(HTTPMethod.POST, "batch_events", body={"batch": batch})

    async def send_to_user(self, user_id: str, event: str, data: Json) -> None:
        """Publish to all connections on which the user is signed in."""
        check_user_id(user_id)
        channel = f"{USER_CHANNEL_PREFIX}{user_id}"
        body = self._event(channel, event, data) | {"channels": [channel]}
        await self._request(HTTPMethod.POST, "events", body=body)

    async def terminate_user_connections(self, user_id: str) -> None:
        """Close all connections on which the user is signed in, with code 4009."""
        check_user_id(user_id)
        path = f"users/{quote(user_id, PATH_SAFE)}/terminate_connections"
        await self._request(HTTPMethod.POST, path, body={})

    async def channels(
        self, *, prefix: str = "", info: Sequence[str] = ()
    ) -> Mapping[str, ChannelInfo]:
        """Return the occupied channels, with `info` (`user_count` only with a presence prefix)."""
        query = {"filter_by_prefix": prefix, "info": ",".join(info)}
        return _channel_infos(await self._request(HTTPMethod.GET, "channels", query=query))

    async def channel(self, name: str, *, info: Sequence[str] = ()) -> ChannelInfo:
        """Return whether a channel is occupied, and its `info` (`user_count`, `cache` and so on)."""
        check_channel_name(name)
        path = f"channels/{quote(name, PATH_SAFE)}"
        answer = await self._request(HTTPMethod.GET, path, query={"info": ",".join(info)})
        return answer if isinstance(answer, dict) else {}

    async def users(self, channel: str) -> list[str]:
        """Return the user ids on a presence channel."""
        check_channel_name(channel)
        answer = await self._request(HTTPMethod.GET, f"channels/{quote(channel, PATH_SAFE)}/users")
        users = answer.get("users") if isinstance(answer, dict) else None
        entries = users if isinstance(users, list) else []
        return [str(user["id"]) for user in entries if isinstance(user, dict) and "id" in user]

    def _event(self, channel: str, event: str, data: Json) -> dict[str, Json]:
        """Return name and data as the API wants them, sealed where the channel is encrypted."""
        check_event_name(event)
        text = data if isinstance(data, str) else dump_json(data)
        check_data_size(text)
        if ChannelKind.of(channel).is_encrypted:
            if self.master_key is None:
                words = "An encrypted channel needs the encryption master key"
                raise InvalidUseError(Misuse.MASTER_KEY_MISSING, words)
            text = dump_json({**seal(shared_secret(self.master_key, channel), text)})
        return {"name": event, "data": text}

    async def _request(
        self,
        method: HTTPMethod,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> Json:
        payload = b"" if body is None else orjson.dumps(body)
        path = f"/apps/{quote(self.app_id, PATH_SAFE)}/{path}"
        signed = self._sign(method, path, query or {}, payload)
        url = f"{self.server.api_url}{path}?{urlencode(signed)}"
        try:
            async with (
                timeout(REQUEST_TIMEOUT),
                self.session.request(
                    method,
                    URL(url, encoded=True),
                    data=payload or None,
                    headers={"Content-Type": "application/json"},
                    proxy=self.proxy,
                    allow_redirects=False,
                ) as response,
            ):
                status, text = response.status, await response.text(errors="replace")
        except TimeoutError:
            raise RequestError("The server did not answer in time") from None
        except (aiohttp.ClientError, ValueError) as err:
            words = f"The server could not be asked ({type(err).__name__})"
            raise RequestError(words) from None
        return _parse_answer(status, text)

    def _sign(
        self, method: HTTPMethod, path: str, query: Mapping[str, str], payload: bytes
    ) -> dict[str, str]:
        """Return the query with its signature, in the order in which it was signed."""
        signed = {key: value for key, value in query.items() if value} | {
            "auth_key": self.app_key,
            "auth_timestamp": str(int(self.now())),
            "auth_version": "1.0",
        }
        if payload:
            signed["body_md5"] = hashlib.md5(payload, usedforsecurity=False).hexdigest()
        ordered = dict(sorted(signed.items()))
        text = "&".join(f"{key}={value}" for key, value in ordered.items())
        prefixed = f"{self.server.path}{path}"
        ordered["auth_signature"] = signature(self.secret, f"{method}\n{prefixed}\n{text}")
        return ordered


def _parse_answer(status: int, text: str) -> Json:
    """Return the answer, or raise `RequestError`; soketi reports errors with status 200."""
    try:
        answer: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict) and "error" in answer:
        code = answer.get("code")
        status = code if status == 200 and isinstance(code, int) else status
        raise RequestError(_words(answer["error"]), status)
    if status != 200:
        raise RequestError(_words(text) or f"The server answered {status}", status)
    if answer is None:
        raise RequestError("The server's answer is not JSON", status)
    return answer


def _words(value: Json) -> str:
    return redact_signatures(value).strip()


def _channel_infos(answer: Json) -> Mapping[str, ChannelInfo]:
    channels = answer.get("channels") if isinstance(answer, dict) else None
    if not isinstance(channels, dict):
        return {}
    return {name: info if isinstance(info, dict) else {} for name, info in channels.items()}
