"""Who may join: authorizers by app secret, by HTTP endpoint, by callable.

Reference: "Authorizing users" and "Authenticating users" of the Channels documentation.
"""

import logging
from asyncio import timeout
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from traceback import format_tb
from typing import Protocol

import aiohttp
import orjson
from yarl import URL

from .crypto import channel_signature, parse_key, shared_secret, user_signature
from .exceptions import AuthorizationError, InvalidUseError, is_transient
from .messages import Json, decode_data
from .names import ChannelKind, check_user_id
from .protocol import dump_json, redact_signatures

_LOGGER = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 64 * 1024
MAX_WORDS = 200
REQUEST_TIMEOUT = 10.0
SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class ChannelAuth:
    """A server's permission to join a channel; the shared secret opens an encrypted one."""

    auth: str = field(repr=False)
    channel_data: str | None = field(default=None, repr=False)
    shared_secret: bytes | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str | None:
        """Who we are on a presence channel."""
        data = decode_data(self.channel_data)
        user_id = data.get("user_id") if isinstance(data, dict) else None
        return None if user_id is None else str(user_id)

    def as_answer(self) -> dict[str, str]:
        """Return what an endpoint answers, as `parse_channel_answer` reads it."""
        answer = {"auth": self.auth}
        if self.channel_data is not None:
            answer["channel_data"] = self.channel_data
        if self.shared_secret is not None:
            answer["shared_secret"] = b64encode(self.shared_secret).decode()
        return answer


@dataclass(frozen=True, slots=True)
class UserAuth:
    """A server's word for who the connection's user is."""

    auth: str = field(repr=False)
    user_data: str = field(repr=False)
    user_id: str

    def as_answer(self) -> dict[str, str]:
        """Return what an endpoint answers, as `parse_user_answer` reads it."""
        return {"auth": self.auth, "user_data": self.user_data}


class Authorizer(Protocol):
    """Answers for one connection; asked anew each time, since a signature is for one socket id."""

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Return permission to join a channel; raise `AuthorizationError` when there is none."""

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Return who the user is; raise `AuthorizationError` when nobody says."""


async def ask[T](answer: Awaitable[T]) -> T:
    """Await an authorizer; whatever goes wrong in there is an `AuthorizationError` out here.

    Only the place is logged: what an exception says may be secret.
    """
    try:
        return await answer
    except AuthorizationError:
        raise
    except Exception as err:  # noqa: BLE001  # an authorizer is anybody's code
        _LOGGER.debug("The authorizer failed:\n%s", "".join(format_tb(err.__traceback__)))
        raise AuthorizationError(f"The authorizer failed ({type(err).__name__})") from None


@dataclass(frozen=True, slots=True)
class User:
    """The user of this connection: what presence members see, and whom its watchlist names."""

    user_id: str
    user_info: Json = None
    watchlist: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the id; raises `InvalidUseError`."""
        check_user_id(self.user_id)


@dataclass(frozen=True, slots=True)
class SecretAuthorizer:
    """Signs with the app secret itself. Only for where the secret is at home, never on a phone."""

    app_key: str
    secret: str = field(repr=False)
    user: User
    master_key: bytes | None = field(default=None, repr=False)

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Sign for the channel; encrypted ones need the master key."""
        kind = ChannelKind.of(channel)
        key = None
        if kind.is_encrypted:
            if self.master_key is None:
                raise AuthorizationError("An encrypted channel needs the encryption master key")
            key = shared_secret(self.master_key, channel)
        data = self._channel_data() if kind.is_presence else None
        signed = channel_signature(self.secret, socket_id, channel, data)
        return ChannelAuth(f"{self.app_key}:{signed}", data, key)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Sign for the user."""
        user: dict[str, Json] = {"id": self.user.user_id}
        if self.user.user_info is not None:
            user["user_info"] = self.user.user_info
        if self.user.watchlist:
            user["watchlist"] = list(self.user.watchlist)
        data = dump_json(user)
        signed = user_signature(self.secret, socket_id, data)
        return UserAuth(f"{self.app_key}:{signed}", data, self.user.user_id)

    def _channel_data(self) -> str:
        member: dict[str, Json] = {"user_id": self.user.user_id}
        if self.user.user_info is not None:
            member["user_info"] = self.user.user_info
        return dump_json(member)


type Provider = Callable[[], Mapping[str, str]]


def _nothing() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class EndpointAuthorizer:
    """Asks an HTTP endpoint, as a web page's client would.

    Static `headers` and `params` go first, then what the providers return for that one request.
    A redirect is an error: its target would receive the headers. `proxy` is a URL.
    """

    session: aiohttp.ClientSession = field(repr=False)
    channel_url: str
    user_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers_provider: Provider = field(default=_nothing, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    params_provider: Provider = field(default=_nothing, repr=False)
    proxy: str | None = field(default=None, repr=False)

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Ask for the channel."""
        fields = {"socket_id": socket_id, "channel_name": channel}
        return parse_channel_answer(await self._ask(self.channel_url, fields), channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Ask for the user."""
        if self.user_url is None:
            raise AuthorizationError("No endpoint for user authentication is set")
        return parse_user_answer(await self._ask(self.user_url, {"socket_id": socket_id}))

    async def _ask(self, url: str, fields: dict[str, str]) -> Json:
        params = {**self.params, **self.params_provider()}
        headers = {**self.headers, **self.headers_provider()}
        try:
            async with (
                timeout(REQUEST_TIMEOUT),
                self.session.post(
                    url,
                    data={**fields, **params},
                    headers={"Accept": "application/json", **headers},
                    proxy=self.proxy,
                    allow_redirects=False,
                ) as response,
            ):
                status, body = response.status, await _read(response)
        except TimeoutError:
            raise AuthorizationError(
                "The endpoint did not answer in time", retryable=True
            ) from None
        except (aiohttp.ClientError, ValueError) as err:
            raise AuthorizationError(
                f"The endpoint could not be asked ({type(err).__name__})", retryable=True
            ) from None
        secrets = (*URL(url).query.values(), *headers.values(), *params.values())
        return _parse_body(status, body, secrets)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise AuthorizationError(
                f"The endpoint's answer has more than {MAX_ANSWER_BYTES} bytes", response.status
            )
    return bytes(body)


def _parse_body(status: int, body: bytes, secrets: Iterable[str]) -> Json:
    try:
        answer: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if status not in (200, 201):
        retryable = is_transient(status)
        raise AuthorizationError(_refusal(status, answer, secrets), status, retryable=retryable)
    if answer is None:
        raise AuthorizationError("The endpoint's answer is not JSON", status)
    return answer


def _refusal(status: int, answer: Json, secrets: Iterable[str]) -> str:
    """Return the endpoint's words, without what they quote of ours."""
    if isinstance(answer, dict):
        words = answer.get("message") or answer.get("error")
        if isinstance(words, str):
            for secret in (part for text in secrets for part in text.split()):
                if len(secret) >= SHORTEST_SECRET:
                    words = words.replace(secret, "[redacted]")
            return redact_signatures(words)[:MAX_WORDS]
    if 300 <= status < 400:
        return f"The endpoint answered with a redirect ({status}), which is not followed"
    return f"The endpoint answered {status}"


@dataclass(frozen=True, slots=True)
class CallbackAuthorizer:
    """Asks callables that return what an endpoint would: `auth`, `channel_data` and so on."""

    on_channel: Callable[[str, str], Awaitable[Json]]
    on_user: Callable[[str], Awaitable[Json]] | None = None

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Ask for the channel."""
        return parse_channel_answer(await self.on_channel(socket_id, channel), channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Ask for the user."""
        if self.on_user is None:
            raise AuthorizationError("Nothing answers for the user")
        return parse_user_answer(await self.on_user(socket_id))


def parse_channel_answer(answer: Json, channel: str) -> ChannelAuth:
    """Read an authorizer's answer; raises `AuthorizationError` naming the field that is wrong."""
    if not isinstance(answer, dict):
        raise AuthorizationError("The answer is not an object", 200)
    auth = answer.get("auth")
    if not isinstance(auth, str) or not auth:
        raise AuthorizationError("The answer has no auth", 200)
    kind = ChannelKind.of(channel)
    data = answer.get("channel_data")
    if data is not None and not isinstance(data, str):
        data = dump_json(data)
    if kind.is_presence and data is not None:
        _check_member(data)
    key = _parse_shared_secret(answer.get("shared_secret")) if kind.is_encrypted else None
    return ChannelAuth(auth, data, key)


def _check_member(channel_data: str) -> None:
    member = decode_data(channel_data)
    user_id = member.get("user_id") if isinstance(member, dict) else None
    if isinstance(user_id, bool) or not isinstance(user_id, str | int) or user_id == "":
        raise AuthorizationError("The answer's channel_data has no user_id", 200)


def _parse_shared_secret(text: Json) -> bytes:
    if text is None:
        raise AuthorizationError("The answer has no shared_secret", 200)
    try:
        return parse_key(str(text))
    except ValueError:
        raise AuthorizationError(
            "The answer's shared_secret is not the base64 of 32 bytes", 200
        ) from None


def parse_user_answer(answer: Json) -> UserAuth:
    """Read a user authorizer's answer; raises `AuthorizationError` naming the field."""
    if not isinstance(answer, dict):
        raise AuthorizationError("The answer is not an object", 200)
    auth, data = answer.get("auth"), answer.get("user_data")
    if not isinstance(auth, str) or not auth:
        raise AuthorizationError("The answer has no auth", 200)
    if not isinstance(data, str):
        raise AuthorizationError("The answer has no user_data", 200)
    user = decode_data(data)
    user_id = user.get("id") if isinstance(user, dict) else None
    if isinstance(user_id, bool) or not isinstance(user_id, str | int):
        raise AuthorizationError("The answer's user_data has no id", 200)
    try:
        check_user_id(str(user_id))
    except InvalidUseError as err:
        raise AuthorizationError(str(err), 200) from None
    return UserAuth(auth, data, str(user_id))
