"""The Pusher protocol 7, sans I/O: frames to typed messages and back.

Facts: pusher.com's "Channels WebSocket protocol", and the frames that soketi, Reverb, pusher-fake
and Sockudo really send, which differ from it in small ways. All of them are understood here.
"""

import re
from collections.abc import Callable
from typing import Final, cast

import orjson

from .exceptions import InvalidUseError, Misuse, ProtocolError
from .messages import (
    ErrorReceived,
    Established,
    Event,
    Frame,
    Json,
    Member,
    MemberAdded,
    MemberRemoved,
    Message,
    Ping,
    Pong,
    RefusalType,
    SigninSuccess,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unknown,
    WatchlistEvents,
    decode_data,
    writable,
)
from .names import is_socket_id, is_unicode

PROTOCOL_VERSION: Final = 7
MAX_DATA_BYTES: Final = 10 * 1024
MAX_WORDS: Final = 300


def decode(frame: bytes | str) -> Message:
    """Read one frame.

    Raises `ProtocolError` when it is not JSON, or lacks what its event must carry.
    """
    try:
        fields = orjson.loads(frame)
        name = fields["event"]
        if not name.startswith("pusher"):
            return _event(fields)
    except orjson.JSONDecodeError:
        raise ProtocolError("The frame is not JSON") from None
    except TypeError, KeyError, AttributeError:
        raise ProtocolError("The frame names no event") from None
    try:
        return _decode_internal(name, fields)
    except TypeError, KeyError, ValueError, AttributeError:
        shown = redact_signatures(name)[:60]
        raise ProtocolError(f"The frame {shown} lacks what it must carry") from None


def _event(fields: dict[str, Json]) -> Event:
    if not isinstance(fields.get("channel"), str | None):
        raise TypeError
    return Event(cast("Frame", fields))


def _decode_internal(name: str, fields: dict[str, Json]) -> Message:
    if reader := _READERS.get(name):
        return reader(fields)
    if name.startswith("pusher_internal:"):
        return Unknown(name)
    return _event(fields)


def _data(raw: Json) -> Json:
    return writable(decode_data(raw), raw)


def _object(value: Json) -> dict[str, Json]:
    """Return the object in a field that may be encoded twice."""
    decoded = _data(value)
    if not isinstance(decoded, dict):
        raise TypeError
    return decoded


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _identity(value: Json) -> str:
    """Return a user id as text: servers also send numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise TypeError
    return str(value)


def _integer(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    return int(value)


_SIGNATURE = re.compile(r"[0-9a-fA-F]{40,}")
_NO_TEXT = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def redact_signatures(value: Json) -> str:
    """Return a server's words in one line of at most 300 characters, without signatures."""
    return _SIGNATURE.sub("[redacted]", _NO_TEXT.sub(" ", str(value)))[:MAX_WORDS]


def _established(fields: dict[str, Json]) -> Established:
    data = _object(fields.get("data"))
    timeout = data["activity_timeout"]
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise ValueError
    socket_id = _text(data["socket_id"])
    if not is_socket_id(socket_id):
        raise ValueError
    return Established(socket_id, timeout)


def _server_error(fields: dict[str, Json]) -> ErrorReceived:
    data = _data(fields.get("data"))
    channel = fields.get("channel")
    if not isinstance(data, dict):
        data = {"message": data}
    code = data.get("code")
    return ErrorReceived(
        None if code is None else _integer(code),
        redact_signatures(data.get("message") or "The server reported an error"),
        None if channel is None else _text(channel),
    )


def _subscription_succeeded(fields: dict[str, Json]) -> SubscriptionSucceeded:
    channel = _text(fields["channel"])
    data = _data(fields.get("data"))
    presence = data.get("presence") if isinstance(data, dict) else None
    if not isinstance(presence, dict):
        return SubscriptionSucceeded(channel)
    infos = presence.get("hash")
    if not isinstance(infos, dict):
        infos = {}
    ids = presence.get("ids")
    order = [_identity(user_id) for user_id in ids] if isinstance(ids, list) else list(infos)
    members = tuple(Member(user_id, infos.get(user_id)) for user_id in order)
    count = presence.get("count")
    return SubscriptionSucceeded(
        channel, members, len(members) if count is None else _integer(count)
    )


def _subscription_error(fields: dict[str, Json]) -> SubscriptionRefused:
    data = _data(fields.get("data"))
    if not isinstance(data, dict):
        data = {}
    return SubscriptionRefused(
        _text(fields["channel"]),
        redact_signatures(data.get("type") or RefusalType.AUTH_ERROR),
        redact_signatures(data.get("error") or "The server refused the subscription"),
        _integer(data.get("status") or 0),
    )


def _member_added(fields: dict[str, Json]) -> MemberAdded:
    data = _object(fields["data"])
    member = Member(_identity(data["user_id"]), data.get("user_info"))
    return MemberAdded(_text(fields["channel"]), member)


def _member_removed(fields: dict[str, Json]) -> MemberRemoved:
    data = _object(fields["data"])
    return MemberRemoved(_text(fields["channel"]), _identity(data["user_id"]))


def _subscription_count(fields: dict[str, Json]) -> SubscriptionCount:
    data = _object(fields["data"])
    return SubscriptionCount(_text(fields["channel"]), _integer(data["subscription_count"]))


def _signin_success(fields: dict[str, Json]) -> SigninSuccess:
    user = _data(_object(fields.get("data") or {}).get("user_data"))
    user_id = user.get("id") if isinstance(user, dict) else None
    return SigninSuccess(None if user_id is None else _identity(user_id))


def _watchlist_events(fields: dict[str, Json]) -> WatchlistEvents:
    events = _object(fields["data"])["events"]
    if not isinstance(events, list):
        raise TypeError
    changes: list[tuple[str, bool]] = []
    for event in events:
        entry = _object(event)
        ids = entry.get("user_ids")
        if entry.get("name") in ("online", "offline") and isinstance(ids, list):
            changes.extend((_identity(user_id), entry["name"] == "online") for user_id in ids)
    return WatchlistEvents(tuple(changes))


_PING: Final = Ping()
_PONG: Final = Pong()

_READERS: Final[dict[str, Callable[[dict[str, Json]], Message]]] = {
    "pusher:connection_established": _established,
    "pusher:error": _server_error,
    "pusher:ping": lambda _fields: _PING,
    "pusher:pong": lambda _fields: _PONG,
    "pusher_internal:subscription_succeeded": _subscription_succeeded,
    "pusher:subscription_error": _subscription_error,
    "pusher_internal:subscription_error": _subscription_error,
    "pusher_internal:member_added": _member_added,
    "pusher_internal:member_removed": _member_removed,
    "pusher_internal:subscription_count": _subscription_count,
    "pusher:signin_success": _signin_success,
    "pusher_internal:watchlist_events": _watchlist_events,
}


def _encode(event: str, data: dict[str, str]) -> str:
    return orjson.dumps({"event": event, "data": data}).decode()


PING_FRAME: Final = _encode("pusher:ping", {})
PONG_FRAME: Final = _encode("pusher:pong", {})


def subscribe_frame(channel: str, auth: str | None = None, channel_data: str | None = None) -> str:
    """Ask to join a channel."""
    data = {"channel": channel, "auth": auth, "channel_data": channel_data}
    return _encode(
        "pusher:subscribe", {key: value for key, value in data.items() if value is not None}
    )


def unsubscribe_frame(channel: str) -> str:
    """Leave a channel; no server answers."""
    return _encode("pusher:unsubscribe", {"channel": channel})


def signin_frame(auth: str, user_data: str) -> str:
    """Sign the connection's user in."""
    return _encode("pusher:signin", {"auth": auth, "user_data": user_data})


def client_event_frame(channel: str, event: str, data: Json) -> str:
    """Send an event to the other members of a channel.

    Raises `InvalidUseError` when the data is no JSON value or has more than 10 KB.
    """
    check_data_size(dump_json(data))
    return orjson.dumps({"event": event, "channel": channel, "data": data}).decode()


def dump_json(data: Json) -> str:
    """Return the data as JSON text; raises `InvalidUseError` when JSON cannot hold it."""
    try:
        return orjson.dumps(data).decode()
    except TypeError, ValueError:
        raise InvalidUseError(Misuse.DATA_TYPE, "The data cannot be written as JSON") from None


def check_data_size(text: str) -> None:
    """Raise `InvalidUseError` when an event's data has more than 10 KB (10 240 bytes of UTF-8)."""
    if not is_unicode(text):
        raise InvalidUseError(Misuse.DATA_TYPE, "The data cannot be written as JSON")
    if len(text.encode()) > MAX_DATA_BYTES:
        raise InvalidUseError(
            Misuse.DATA_SIZE, f"An event carries at most {MAX_DATA_BYTES} bytes of data"
        )
