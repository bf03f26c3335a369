"""The protocol's frames as typed values."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from types import EllipsisType
from typing import Final, Required, Self, TypedDict, override

from orjson import JSONDecodeError, JSONEncodeError, dumps, loads

from .close_codes import CloseCode
from .limits import MAX_RECEIVED_ID_CHARS

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None


# orjson reads 1024 levels but writes only some 254 of them; what is around the data takes some.
LEVELS_AROUND: Final = 55
# Shorter text has no room for more levels than can be written.
SHORTEST_DEEP_TEXT: Final = 400


def decode_data(raw: Json) -> Json:
    """Undo the protocol's double encoding: JSON where the text is JSON, else the same value."""
    try:
        decoded: Json = loads(raw)  # type: ignore[arg-type]  # raises for all but text
    except JSONDecodeError:
        return raw
    return decoded


def writable(decoded: Json, raw: Json) -> Json:
    """Return decoded data, or its text if the nesting exceeds orjson's limit (about 200 levels)."""
    if isinstance(raw, str):
        return decoded if len(raw) <= SHORTEST_DEEP_TEXT or _can_be_written(decoded) else raw
    return json.dumps(decoded) if decoded and not _can_be_written(decoded) else decoded


def _can_be_written(value: Json) -> bool:
    for _ in range(LEVELS_AROUND):
        value = [value]
    try:
        dumps(value)
    except JSONEncodeError:
        return False
    return True


LARGEST_PLAIN: Final = 1e21
"""JavaScript writes whole numbers up to here without a fraction and an exponent."""


def identity_or_none(value: Json) -> str | None:
    """Return a user id as text, servers also send numbers; None for all else and beyond 200 characters."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_PLAIN
    text = str(int(value) if is_whole else value)
    return text if 0 < len(text) <= MAX_RECEIVED_ID_CHARS else None


class Frame(TypedDict, total=False):
    """The outer object of a frame."""

    event: Required[str]
    channel: str
    data: Json
    user_id: Json


class Event:
    """One event of a channel.

    `data` is decoded from `raw` on first access: JSON where the text is JSON, else the text.
    `cached` marks an event that a cache channel resent on subscription.
    """

    # No dataclass, and the rest stays in the frame: an event is made for each frame, and most
    # listeners read few of its fields.
    __slots__ = ("_data", "_frame", "channel", "name")
    cached = False

    def __init__(self, channel: str | None, name: str, frame: Frame) -> None:
        """Wrap a decoded frame, with the channel and the name that it has."""
        self.channel = channel
        self.name = name
        self._frame = frame
        self._data: Json | EllipsisType = ...

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """Return the event of a decoded frame."""
        return cls(frame.get("channel"), frame["event"], frame)

    @property
    def raw(self) -> Json:
        """The `data` field of the frame, not decoded."""
        return self._frame.get("data")

    @property
    def user_id(self) -> str | None:
        """The sender of a client event on a presence channel."""
        user_id = self._frame.get("user_id")
        return None if user_id is None else identity_or_none(user_id)

    @property
    def data(self) -> Json:
        """The decoded payload."""
        data = self._data
        if data is ...:
            # Not by `decode_data`: most listeners read the data, and a call costs 1 % of a flood.
            raw = self._frame.get("data")
            try:
                data = loads(raw)  # type: ignore[arg-type]  # raises for all but text
            except JSONDecodeError:
                data = raw
            self._data = data
        return data

    def writable(self) -> Json:
        """Return `data`, as text if the nesting exceeds what JSON writers accept."""
        return writable(self.data, self._frame.get("data"))

    def with_data(self, data: Json) -> Self:
        """Return the same event with other data."""
        return type(self)(self.channel, self.name, {**self._frame, "data": data})

    def from_cache(self) -> CachedEvent:
        """Return the same event marked as cached."""
        return CachedEvent.of(self._frame)

    @override
    def __repr__(self) -> str:
        """Return channel and name; the data may be secret."""
        return f"Event(channel={self.channel!r}, name={self.name!r})"


class CachedEvent(Event):
    """An event that a cache channel resent on subscription."""

    __slots__ = ()
    cached = True


@dataclass(frozen=True, slots=True)
class Established:
    """The server accepted the connection; `activity_timeout` is in seconds."""

    socket_id: str
    activity_timeout: float


@dataclass(frozen=True, slots=True)
class ErrorReceived:
    """A `pusher:error`: before `Established` it ends the attempt, later the connection stays.

    `raw_message` is for finding channel names in it; it may contain signatures.
    """

    code: int | None
    message: str
    channel: str | None = None
    raw_message: str = field(default="", repr=False, compare=False)

    @property
    def refusal_status(self) -> int | None:
        """The status of a refused request if the code can be that of one, 401 unless it is HTTP's.

        Servers send no code, 0, 4009 or a status of HTTP.
        """
        if self.code in (None, 0, CloseCode.UNAUTHORIZED):
            return 401
        return self.code if self.code is not None and 400 <= self.code < 500 else None

    @property
    def is_about_client_events(self) -> bool:
        """Whether the text is about client events: servers send no code for that, or 4301."""
        text = self.message.lower()
        return "client event" in text or "client messag" in text


@dataclass(frozen=True, slots=True)
class FrameRejected:
    """A received frame is not valid or too large; it was skipped."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The server asks for a pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to our ping."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a presence channel; ids are strings even where a server sends numbers."""

    user_id: str
    user_info: Json = None


@dataclass(frozen=True, slots=True)
class SubscriptionSucceeded:
    """A channel is subscribed; `members` and `count` are None unless the server sent members."""

    channel: str
    members: tuple[Member, ...] | None = None
    count: int | None = None


class RefusalType(StrEnum):
    """Why a channel could not be subscribed; servers may send other types."""

    AUTH_ERROR = "AuthError"
    LIMIT_REACHED = "LimitReached"
    TIMEOUT = "Timeout"
    CONNECTION_LOST = "ConnectionLost"
    PROTOCOL_ERROR = "ProtocolError"
    TOO_LARGE = "TooLarge"


@dataclass(frozen=True, slots=True)
class SubscriptionRefused:
    """A channel could not be subscribed.

    `type` is a `RefusalType`, or the server's own. `status` is HTTP's or the server's own, 0 if
    there was no answer. `is_retried` is true when the client retries by itself.
    """

    channel: str
    type: str
    error: str
    status: int
    is_retried: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class MemberAdded:
    """A member subscribed to a presence channel.

    `missed`: while the connection was away, found by comparing the member lists.
    """

    channel: str
    member: Member
    missed: bool = False


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """A member unsubscribed; servers send the id only, so the information is the last known one.

    `missed`: while the connection was away, found by comparing the member lists.
    """

    channel: str
    user_id: str
    user_info: Json = None
    missed: bool = False


@dataclass(frozen=True, slots=True)
class SubscriptionCount:
    """The number of connections that are subscribed to the channel."""

    channel: str
    count: int


@dataclass(frozen=True, slots=True)
class SigninSuccess:
    """The server accepted our sign-in; the id is None if its answer has none."""

    user_id: str | None


@dataclass(frozen=True, slots=True)
class WatchlistEvents:
    """Watched users that are online (True) or offline (False) now, in order."""

    changes: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An internal event that this client does not know."""

    name: str


type Message = (
    Event
    | Established
    | ErrorReceived
    | FrameRejected
    | Ping
    | Pong
    | SubscriptionSucceeded
    | SubscriptionRefused
    | MemberAdded
    | MemberRemoved
    | SubscriptionCount
    | SigninSuccess
    | WatchlistEvents
    | Unknown
)
