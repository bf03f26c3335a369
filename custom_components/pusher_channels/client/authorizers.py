"""Authorizers: by app secret, by HTTP endpoint and by callback.

See https://pusher.com/docs/channels/server_api/authorizing-users/
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPMethod
from traceback import format_tb
from typing import Final, Protocol

import aiohttp

from .auth_answers import ChannelAuth, UserAuth, parse_channel_answer, parse_user_answer
from .crypto import channel_signature, shared_secret, user_signature
from .exceptions import AuthorizationError, is_transient
from .messages import Json
from .names import ChannelKind, check_user_id
from .protocol import dump_json
from .redaction import url_secrets
from .requests import BodyTooLongError, Response, send_request

_LOGGER = logging.getLogger(__name__)

MAX_RESPONSE_BYTES: Final = 64 * 1024


class Authorizer(Protocol):
    """Authorizes channels and the user; a signature is valid for one socket id only."""

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Return the authorization of a channel; raises `AuthorizationError`."""

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Return the authentication of the user; raises `AuthorizationError`."""


async def ask[T](answer: Awaitable[T]) -> T:
    """Await an authorizer and convert its exceptions to `AuthorizationError`.

    Only the traceback is logged: the text of an exception may contain secrets.
    """
    try:
        return await answer
    except AuthorizationError:
        raise
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The authorizer waited for something that another task has cancelled.
        raise AuthorizationError("The authorizer was cancelled", retryable=True) from None
    except Exception as err:  # noqa: BLE001  # an authorizer may be foreign code
        _LOGGER.debug("The authorizer failed:\n%s", "".join(format_tb(err.__traceback__)))
        raise AuthorizationError(f"The authorizer failed ({type(err).__name__})") from None


@dataclass(frozen=True, slots=True)
class User:
    """The user of this connection, as members of presence channels see it.

    An empty `user_info` is replaced by `{"name": user_id}`: Laravel Reverb and Echo fail without
    it. `watchlist` has the ids of the users that are reported online or offline. Raises
    `InvalidUseError` for an invalid user id.
    """

    user_id: str
    user_info: Json = None
    watchlist: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_user_id(self.user_id)

    @property
    def visible_info(self) -> Json:
        """The user info that is sent; never empty."""
        return self.user_info or {"name": self.user_id}


@dataclass(frozen=True, slots=True)
class SecretAuthorizer:
    """Sign with the app secret. For trusted environments only.

    Encrypted channels need the `master_key` of 32 bytes, see `parse_master_key`.
    """

    app_key: str
    secret: str = field(repr=False)
    user: User
    master_key: bytes | None = field(default=None, repr=False)

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Sign a subscription; encrypted channels need the master key."""
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
        """Sign the user's data."""
        user: dict[str, Json] = {"id": self.user.user_id, "user_info": self.user.visible_info}
        if self.user.watchlist:
            user["watchlist"] = list(self.user.watchlist)
        data = dump_json(user)
        signed = user_signature(self.secret, socket_id, data)
        return UserAuth(f"{self.app_key}:{signed}", data, self.user.user_id)

    def _channel_data(self) -> str:
        return dump_json({"user_id": self.user.user_id, "user_info": self.user.visible_info})


type Provider = Callable[[], Mapping[str, str]]


def _no_values() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class EndpointAuthorizer:
    """Ask an HTTP endpoint, as the official clients do.

    `channel_url` authorizes channels, `user_url` authenticates the user. The providers are called
    for each request. They raise `AuthorizationError` with `retryable` while a value is not
    available yet. Redirects are refused, because their target would receive the headers; cookies
    are neither sent nor kept. `proxy` is a URL.
    """

    session: aiohttp.ClientSession = field(repr=False)
    channel_url: str
    user_url: str | None = None
    headers_provider: Provider = field(default=_no_values, repr=False)
    params_provider: Provider = field(default=_no_values, repr=False)
    proxy: str | None = field(default=None, repr=False)

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Request the authorization of a channel."""
        fields = {"socket_id": socket_id, "channel_name": channel}
        return parse_channel_answer(await self._request(self.channel_url, fields), channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Request the authentication of the user."""
        if self.user_url is None:
            raise AuthorizationError("No endpoint for user authentication is set")
        return parse_user_answer(await self._request(self.user_url, {"socket_id": socket_id}))

    async def _request(self, url: str, fields: dict[str, str]) -> Json:
        params, headers = self.params_provider(), self.headers_provider()
        try:
            response = await send_request(
                self.session,
                HTTPMethod.POST,
                url,
                headers={"Accept": "application/json", **headers},
                data={**fields, **params},
                proxy=self.proxy,
                max_bytes=MAX_RESPONSE_BYTES,
            )
        except TimeoutError:
            raise AuthorizationError(
                "The endpoint did not answer in time", retryable=True
            ) from None
        except BodyTooLongError:
            raise AuthorizationError(
                f"The endpoint's answer has more than {MAX_RESPONSE_BYTES} bytes", 200
            ) from None
        except (aiohttp.ClientError, OSError, ValueError) as err:
            raise AuthorizationError(
                f"The request to the endpoint failed ({type(err).__name__})", retryable=True
            ) from None
        secrets = [*headers.values(), *params.values()]
        secrets += [*url_secrets(url), *url_secrets(self.proxy or "")]
        return _check(response, secrets)


def _check(response: Response, secrets: list[str]) -> Json:
    """Return the JSON value of a success; raises `AuthorizationError` for anything else."""
    status, answer = response.status, response.json
    if 300 <= status < 400:
        message = f"The endpoint answered with a redirect ({status}), which is not followed"
        raise AuthorizationError(message, status)
    if status not in (200, 201):
        reason = f"The endpoint answered {status}"
        if answer is not None:
            reason = response.reason("The endpoint", secrets)
        raise AuthorizationError(reason, status, retryable=is_transient(status))
    if answer is None:
        raise AuthorizationError("The endpoint's answer is not JSON", status)
    return answer


@dataclass(frozen=True, slots=True)
class CallbackAuthorizer:
    """Ask callbacks that return the response of an endpoint (`auth`, `channel_data`, ...).

    `on_channel` gets the socket id and the name of the channel, `on_user` the socket id. An
    `AuthorizationError` refuses.
    """

    on_channel: Callable[[str, str], Awaitable[Json]]
    on_user: Callable[[str], Awaitable[Json]] | None = None

    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        """Call `on_channel`."""
        return parse_channel_answer(await self.on_channel(socket_id, channel), channel)

    async def authorize_user(self, socket_id: str) -> UserAuth:
        """Call `on_user`."""
        if self.on_user is None:
            raise AuthorizationError("No callback for user authentication is set")
        return parse_user_answer(await self.on_user(socket_id))
