"""Builders of the frames a server sends, each returning the frame's text, in soketi's shapes."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType


def encode(value: object) -> str:
    """Return `value` as compact JSON, as JavaScript's JSON.stringify writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def decode_object(text: str | bytes) -> dict[str, object] | None:
    """Return the JSON object in `text`, or None where there is none."""
    try:
        value = json.loads(text)
    except ValueError, RecursionError:
        return None
    return value if isinstance(value, dict) else None


def established(socket_id: str, activity_timeout: float | str) -> str:
    """The first frame of a connection; `activity_timeout` in seconds."""
    data = encode({"socket_id": socket_id, "activity_timeout": activity_timeout})
    return encode({"event": "pusher:connection_established", "data": data})


def error(
    code: int | None, message: str, channel: str | None = None, *, as_text: bool = False
) -> str:
    """A pusher:error; `channel` only where the error is about one."""
    data = {"code": code, "message": message}
    return _frame("pusher:error", channel, encode(data) if as_text else data)


def ping() -> str:
    """The server's own ping, as Reverb sends it."""
    return encode({"event": "pusher:ping"})


def pong(fields: Mapping[str, object] = MappingProxyType({"data": {}})) -> str:
    """The answer to pusher:ping; `fields` is its data, if it has some."""
    return encode({"event": "pusher:pong", **fields})


def subscription_succeeded(
    channel: str,
    members: Mapping[str, object] | None = None,
    fields: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """The answer to a good subscribe; `members` is the presence data, for presence channels only.

    `fields` is the data of other channels, if it has some.
    """
    frame: dict[str, object] = {
        "event": "pusher_internal:subscription_succeeded",
        "channel": channel,
        **fields,
    }
    if members is not None:
        frame["data"] = encode({"presence": members})
    return encode(frame)


def subscription_error(
    channel: str, error: str, status: int = 401, type: str | None = "AuthError"
) -> str:
    """The answer to a refused subscribe."""
    data: dict[str, object] = {"type": type} if type else {}
    return _frame("pusher:subscription_error", channel, data | {"error": error, "status": status})


def event(channel: str, name: str, data: object, user_id: object = None) -> str:
    """An application event or, with `user_id`, a member's client event."""
    frame = {"event": name, "channel": channel, "data": data}
    return encode(frame if user_id is None else frame | {"user_id": user_id})


def cache_miss(channel: str) -> str:
    """Return the frame of a cache channel without a stored event."""
    return encode({"event": "pusher:cache_miss", "channel": channel})


def member_added(channel: str, member: Mapping[str, object]) -> str:
    """Return the frame of a user who was added to a presence channel."""
    return _frame("pusher_internal:member_added", channel, encode(member))


def member_removed(channel: str, user_id: object) -> str:
    """Return the frame of a user without connections on a presence channel any longer."""
    return _frame("pusher_internal:member_removed", channel, encode({"user_id": user_id}))


def subscription_count(channel: str, count: int) -> str:
    """Return the frame with the number of connections that are subscribed to the channel."""
    return _frame(
        "pusher_internal:subscription_count", channel, encode({"subscription_count": count})
    )


def signin_success(data: Mapping[str, object]) -> str:
    """The answer to a good pusher:signin, which echoes its data."""
    return _frame("pusher:signin_success", None, dict(data))


def watchlist(name: str, user_ids: Sequence[str]) -> str:
    """Return the frame of watched users who are "online" or "offline" now."""
    data = encode({"events": [{"name": name, "user_ids": list(user_ids)}]})
    return _frame("pusher_internal:watchlist_events", None, data)


def _frame(name: str, channel: str | None, data: object) -> str:
    place = {} if channel is None else {"channel": channel}
    return encode({"event": name, **place, "data": data})
