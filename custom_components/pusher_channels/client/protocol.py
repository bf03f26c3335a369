"""The Pusher protocol 7 without I/O: frames to typed messages and back.

Reference: https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/
The frames of soketi, Reverb, pusher-fake, Poxa, slanger and Sockudo differ from it in small ways;
all of them are accepted.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

import orjson

from .exceptions import InvalidUseError, Misuse, ProtocolError
from .fields import identities, identity, integer, integer_or_none, number
from .limits import (
    MAX_EVENT_DATA_BYTES,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RECEIVED_NAME_CHARS,
)
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
    identity_or_none,
    writable,
)
from .names import is_socket_id, is_unicode
from .redaction import MAX_ERROR_CHARS, redact, redact_signatures

PROTOCOL_VERSION: Final = 7
MAX_DATA_BYTES: Final = 10 * 1024
SHOWN_NAME_CHARS: Final = 60


def decode(frame: bytes | str, secrets: Sequence[str] = ()) -> Message:
    """Read one frame; the secrets are redacted in the server's error messages.

    Raises `ProtocolError` if it is not JSON, lacks a required field, or has a field out of range.
    """
    size = len(frame)
    try:
        fields = orjson.loads(frame)
        name = fields["event"]
        if not name.startswith("pusher"):
            if name in _ONLINE_STATES and fields.get("channel") is None:
                return _sockudo_watchlist_event(fields)
            return _event(fields, size)
    except orjson.JSONDecodeError:
        raise ProtocolError("The frame is not JSON") from None
    except TypeError, KeyError, AttributeError:
        raise ProtocolError("The frame names no event") from None
    if size > MAX_MEMBER_BYTES and name in _SMALL_FRAMES:
        raise ProtocolError(f"The frame {name} has more than {MAX_MEMBER_BYTES} bytes")
    try:
        if secrets and name in _ERROR_FRAMES:
            fields["data"] = _redacted(_data(fields.get("data")), secrets)
        return _decode_internal(name, fields, size)
    except TypeError, KeyError, ValueError, AttributeError:
        raise ProtocolError(
            f"The frame {shown_name(name)} lacks a field, or has one that is not valid"
        ) from None


def shown_name(name: str) -> str:
    """Return a name that a server sent, short and safe for a log."""
    return redact_signatures(name)[:SHOWN_NAME_CHARS]


def _event(fields: dict[str, Json], size: int) -> Event:
    if not isinstance(fields.get("channel"), str | None):
        raise TypeError
    if len(str(fields["event"])) > MAX_RECEIVED_NAME_CHARS:
        raise ProtocolError(
            f"The name of an event has more than {MAX_RECEIVED_NAME_CHARS} characters"
        )
    if size > MAX_EVENT_DATA_BYTES:
        data = fields.get("data")
        # The rest of a frame is short, so its size is near enough for data that is not text.
        if (len(data.encode()) if isinstance(data, str) else size) > MAX_EVENT_DATA_BYTES:
            name = shown_name(str(fields["event"]))
            raise ProtocolError(f"The data of the event {name} is larger than 1 MB")
    return Event.of(cast("Frame", fields))


def _decode_internal(name: str, fields: dict[str, Json], size: int) -> Message:
    if reader := _READERS.get(name):
        return reader(fields)
    if name.startswith("pusher_internal:"):
        return Unknown(name)
    return _event(fields, size)


def _data(raw: Json) -> Json:
    return writable(decode_data(raw), raw)


def _redacted(value: Json, secrets: Sequence[str]) -> Json:
    """Return the data of an error without secrets in its texts; other objects become text."""
    if isinstance(value, dict):
        return {
            key: inner if isinstance(inner, int | None) else redact(str(inner), secrets)
            for key, inner in value.items()
        }
    return value if value is None else redact(str(value), secrets)


def _object(value: Json) -> dict[str, Json]:
    """Return the object in a field that may be encoded twice."""
    decoded = _data(value)
    if not isinstance(decoded, dict):
        raise TypeError
    return decoded


def _items(value: Json) -> list[Json]:
    """Return a list, also one that a scaled Reverb has merged into an object; none for all else."""
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _user_infos(value: Json) -> dict[str, Json]:
    """Return the user info of members by id: PHP writes users 0, 1, 2 and so on as a list."""
    if isinstance(value, dict):
        return value
    return {str(user_id): info for user_id, info in enumerate(_items(value)[:MAX_MEMBERS])}


def _member(user_id: str, info: Json) -> Member:
    """Return a member, without its information if that is larger than 64 KB."""
    return Member(user_id, info if len(orjson.dumps(info)) <= MAX_MEMBER_BYTES else None)


def _established(fields: dict[str, Json]) -> Established:
    data = _object(fields.get("data"))
    timeout = number(data["activity_timeout"])
    if timeout == 0:
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
    message = str(data.get("message") or "The server reported an error")[:MAX_ERROR_CHARS]
    return ErrorReceived(
        integer_or_none(code),
        redact_signatures(message),
        channel if isinstance(channel, str) else None,
        message,
    )


def _subscription_succeeded(fields: dict[str, Json]) -> SubscriptionSucceeded:
    channel = _text(fields["channel"])
    data = _data(fields.get("data"))
    presence = data.get("presence") if isinstance(data, dict) else None
    if not isinstance(presence, dict):
        return SubscriptionSucceeded(channel)
    infos = _user_infos(presence.get("hash"))
    listed: list[Json] = _items(presence.get("ids")) or [*infos]
    kept = listed[:MAX_MEMBERS]
    valid = dict.fromkeys(identities(kept))
    members = tuple(_member(user_id, infos.get(user_id)) for user_id in valid)
    invalid = len(kept) - len(members)
    count = presence.get("count")
    if count is None or invalid:
        return SubscriptionSucceeded(channel, members, len(listed) - invalid)
    return SubscriptionSucceeded(channel, members, max(integer(count), len(listed)))


def _subscription_error(fields: dict[str, Json]) -> SubscriptionRefused:
    data = _data(fields.get("data"))
    if not isinstance(data, dict):
        data = {"error": data}
    return SubscriptionRefused(
        _text(fields["channel"]),
        redact_signatures(data.get("type") or RefusalType.AUTH_ERROR),
        redact_signatures(data.get("error") or "The server refused the subscription"),
        integer_or_none(data.get("status")) or 0,
    )


def _member_added(fields: dict[str, Json]) -> MemberAdded:
    data = _object(fields["data"])
    member = Member(identity(data["user_id"]), data.get("user_info"))
    return MemberAdded(_text(fields["channel"]), member)


def _member_removed(fields: dict[str, Json]) -> MemberRemoved:
    data = _object(fields["data"])
    return MemberRemoved(_text(fields["channel"]), identity(data["user_id"]))


def _subscription_count(fields: dict[str, Json]) -> SubscriptionCount:
    data = _object(fields["data"])
    return SubscriptionCount(_text(fields["channel"]), integer(data["subscription_count"]))


def _signin_success(fields: dict[str, Json]) -> SigninSuccess:
    data = _data(fields.get("data"))
    user = _data(data.get("user_data")) if isinstance(data, dict) else None
    return SigninSuccess(identity_or_none(user.get("id")) if isinstance(user, dict) else None)


def _watchlist_events(fields: dict[str, Json]) -> WatchlistEvents:
    changes: list[tuple[str, bool]] = []
    for event in map(_data, _items(_object(fields["data"])["events"])):
        if isinstance(event, dict):
            changes += _online_changes(event.get("name"), event)
    return WatchlistEvents(tuple(changes))


def _sockudo_watchlist_event(fields: dict[str, Json]) -> WatchlistEvents:
    """Read the frame of Sockudo, which has one event and no channel."""
    data = _data(fields.get("data"))
    return WatchlistEvents(tuple(_online_changes(fields["event"], data)))


def _online_changes(name: Json, event: Json) -> list[tuple[str, bool]]:
    if not isinstance(event, dict) or name not in _ONLINE_STATES:
        return []
    ids = identities(_items(event.get("user_ids"))[:MAX_MEMBERS])
    return [(user_id, name == "online") for user_id in ids]


_ONLINE_STATES: Final = ("online", "offline")

_PING: Final = Ping()
_PONG: Final = Pong()

_ERROR_FRAMES: Final = frozenset(
    {"pusher:error", "pusher:subscription_error", "pusher_internal:subscription_error"}
)

_SMALL_FRAMES: Final = _ERROR_FRAMES | {
    "pusher_internal:member_added",
    "pusher_internal:member_removed",
}

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
    """Subscribe to a channel."""
    data = {"channel": channel, "auth": auth, "channel_data": channel_data}
    return _encode(
        "pusher:subscribe", {key: value for key, value in data.items() if value is not None}
    )


def unsubscribe_frame(channel: str) -> str:
    """Unsubscribe from a channel; no server answers."""
    return _encode("pusher:unsubscribe", {"channel": channel})


def signin_frame(auth: str, user_data: str) -> str:
    """Sign the connection's user in."""
    return _encode("pusher:signin", {"auth": auth, "user_data": user_data})


def client_event_frame(channel: str, event: str, data: Json) -> str:
    """Send an event to the other members of a channel.

    Raises `InvalidUseError` if the data is not a JSON value or has more than 10 KB.
    """
    check_data_size(dump_json(data))
    return orjson.dumps({"event": event, "channel": channel, "data": data}).decode()


def dump_json(data: Json) -> str:
    """Return the data as JSON text; raises `InvalidUseError` if it is not a JSON value."""
    try:
        return orjson.dumps(data).decode()
    except TypeError, ValueError:
        raise InvalidUseError(Misuse.DATA_TYPE, "The data cannot be written as JSON") from None


def check_data_size(text: str) -> None:
    """Raise `InvalidUseError` if an event's data has more than 10 KB (10 240 bytes of UTF-8)."""
    if not is_unicode(text):
        raise InvalidUseError(Misuse.DATA_TYPE, "The data cannot be written as JSON")
    if len(text.encode()) > MAX_DATA_BYTES:
        raise InvalidUseError(
            Misuse.DATA_SIZE, f"An event carries at most {MAX_DATA_BYTES} bytes of data"
        )
