"""The answers of authorizers, and their formats as responses of endpoints.

See https://pusher.com/docs/channels/server_api/authorizing-users/
"""

from base64 import b64encode
from dataclasses import dataclass, field

from .crypto import parse_key
from .exceptions import AuthorizationError, InvalidUseError
from .messages import Json, decode_data
from .names import ChannelKind, check_user_id, is_unicode
from .protocol import dump_json


@dataclass(frozen=True, slots=True)
class ChannelAuth:
    """The authorization of a channel; encrypted channels come with their shared secret."""

    auth: str = field(repr=False)
    channel_data: str | None = field(default=None, repr=False)
    shared_secret: bytes | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str | None:
        """The user id of this connection on a presence channel."""
        data = decode_data(self.channel_data)
        user_id = data.get("user_id") if isinstance(data, dict) else None
        return None if user_id is None else str(user_id)

    def as_response(self) -> dict[str, str]:
        """Return the response of an authorization endpoint."""
        response = {"auth": self.auth}
        if self.channel_data is not None:
            response["channel_data"] = self.channel_data
        if self.shared_secret is not None:
            response["shared_secret"] = b64encode(self.shared_secret).decode()
        return response


@dataclass(frozen=True, slots=True)
class UserAuth:
    """The authentication of the connection's user."""

    auth: str = field(repr=False)
    user_data: str = field(repr=False)
    user_id: str

    def as_response(self) -> dict[str, str]:
        """Return the response of a user authentication endpoint."""
        return {"auth": self.auth, "user_data": self.user_data}


def parse_channel_answer(answer: Json, channel: str) -> ChannelAuth:
    """Read an authorizer's answer; raises `AuthorizationError` naming the field that is wrong."""
    if not isinstance(answer, dict):
        raise AuthorizationError("The answer is not an object", 200)
    auth = answer.get("auth")
    if not isinstance(auth, str) or not auth:
        raise AuthorizationError("The answer has no auth", 200)
    _check_text(auth, "auth")
    kind = ChannelKind.of(channel)
    data = answer.get("channel_data")
    if data is not None:
        data = _as_text(data, "channel_data")
    if kind.is_presence and data is not None:
        _check_member(data)
    key = _parse_shared_secret(answer.get("shared_secret")) if kind.is_encrypted else None
    return ChannelAuth(auth, data, key)


def _as_text(value: Json, field: str) -> str:
    """Return a field as text, objects as JSON; raises `AuthorizationError`."""
    try:
        text = value if isinstance(value, str) else dump_json(value)
    except InvalidUseError:
        raise AuthorizationError(f"The answer's {field} is not valid JSON", 200) from None
    _check_text(text, field)
    return text


def _check_text(text: str, field: str) -> None:
    """Raise `AuthorizationError` if a text cannot be sent: scripts can return lone surrogates."""
    if not is_unicode(text):
        raise AuthorizationError(f"The answer's {field} has characters that are not valid", 200)


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
    _check_text(auth, "auth")
    _check_text(data, "user_data")
    user = decode_data(data)
    user_id = user.get("id") if isinstance(user, dict) else None
    if isinstance(user_id, bool) or not isinstance(user_id, str | int):
        raise AuthorizationError("The answer's user_data has no id", 200)
    try:
        check_user_id(str(user_id))
    except InvalidUseError as err:
        raise AuthorizationError(str(err), 200) from None
    return UserAuth(auth, data, str(user_id))
