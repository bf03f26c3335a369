"""How a share sends: by the server API, or as client events where that is the only way."""

import asyncio
from asyncio import timeout
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import orjson

from ..client import (
    CLIENT_EVENT_PREFIX,
    ChannelKind,
    HttpApi,
    InvalidUseError,
    Misuse,
    PusherClient,
    PusherError,
    RequestError,
    RequestFailure,
    SubscriptionError,
    is_transient,
)
from .share_payload import Budget

# 10 client events a second is the limit of a connection.
_SECONDS_BETWEEN_CLIENT_EVENTS: Final = 0.11
_SECONDS_TO_SUBSCRIBE: Final = 10.0
_LONGEST_SOCKET_ID: Final = 48


class Failure(StrEnum):
    """What kept a message from being sent: it may pass, needs less data, or stays."""

    TRANSIENT = "transient"
    TOO_LARGE = "too_large"
    REFUSED = "refused"


class Route(Protocol):
    """A way to send the messages of one share."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent at this moment, as far as is known."""

    def budget(self, limit: int) -> Budget:
        """Return what a message may have when the finished request has at most `limit` bytes."""

    async def send(self, text: str) -> None:
        """Send the data of one message, given as JSON; raises `PusherError` or `TimeoutError`."""


class ClientEventPace:
    """Spaces the client events of one connection."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._earliest = 0.0

    async def wait(self) -> None:
        """Wait until another client event may be sent."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(max(0.0, self._earliest - loop.time()))
            self._earliest = loop.time() + _SECONDS_BETWEEN_CLIENT_EVENTS


@dataclass(frozen=True, slots=True)
class ServerRoute:
    """Sends by the server API; this connection does not get the events back."""

    api: HttpApi
    client: PusherClient
    channel: str
    event: str

    @property
    def is_open(self) -> bool:
        """The server API needs no connection."""
        return True

    def budget(self, limit: int) -> Budget:
        """Return what a message may have."""
        return request_budget(self.channel, self.event, limit)

    async def send(self, text: str) -> None:
        """Send one message."""
        socket_id = self.client.socket_id
        if socket_id is not None and len(socket_id) > _LONGEST_SOCKET_ID:
            socket_id = None
        await self.api.trigger(self.channel, self.event, text, socket_id=socket_id)


@dataclass(frozen=True, slots=True)
class ClientRoute:
    """Sends client events to the other members of a channel that the share is subscribed to."""

    client: PusherClient
    pace: ClientEventPace
    channel: str
    event: str

    @property
    def is_open(self) -> bool:
        """Client events need the subscription."""
        channel = self.client.channels.get(self.channel)
        return channel is not None and channel.is_subscribed

    def budget(self, limit: int) -> Budget:
        """Return what a message may have."""
        return Budget.of_client_event(self.channel, self._name, limit=limit)

    async def send(self, text: str) -> None:
        """Send one message when it is its turn."""
        await self.pace.wait()
        async with timeout(_SECONDS_TO_SUBSCRIBE):
            await self.client.trigger(self.channel, self._name, orjson.loads(text))

    @property
    def _name(self) -> str:
        return f"{CLIENT_EVENT_PREFIX}{self.event}"


def request_budget(channel: str, event: str, limit: int) -> Budget:
    """Return what a message may have that is sent by the server API."""
    return Budget.of_request(
        channel,
        event,
        encrypted=ChannelKind.of(channel).is_encrypted,
        socket_id="0" * _LONGEST_SOCKET_ID,
        limit=limit,
    )


def make_route(
    client: PusherClient, api: HttpApi | None, pace: ClientEventPace, channel: str, event: str
) -> Route:
    """Return the server API where there is one, else client events."""
    if api is not None:
        return ServerRoute(api, client, channel, event)
    return ClientRoute(client, pace, channel, event)


def failure_of(err: PusherError | TimeoutError) -> Failure:
    """Return what may help after an error."""
    match err:
        case (
            RequestError(failure=RequestFailure.TOO_LARGE)
            | InvalidUseError(misuse=Misuse.DATA_SIZE)
        ):
            return Failure.TOO_LARGE
        case RequestError(failure=RequestFailure.NO_RESPONSE):
            return Failure.TRANSIENT
        case RequestError(status=status) if is_transient(status):
            return Failure.TRANSIENT
        case InvalidUseError(misuse=Misuse.NOT_CONNECTED | Misuse.NOT_SUBSCRIBED):
            return Failure.TRANSIENT
        case SubscriptionError() | TimeoutError():
            return Failure.TRANSIENT
        case _:
            return Failure.REFUSED
