"""Channel kinds, and the rules for names.

See https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions
"""

import re
from collections.abc import Collection
from enum import StrEnum
from fnmatch import fnmatchcase

from .exceptions import InvalidUseError, Misuse

MAX_CHANNEL_NAME = 164
MAX_EVENT_NAME = 200
MAX_USER_ID = 128
USER_CHANNEL_PREFIX = "#server-to-user-"
CLIENT_EVENT_PREFIX = "client-"

_NAME = re.compile(r"[A-Za-z0-9_\-=@,.;]+")
_SOCKET_ID = re.compile(r"[0-9]{1,40}\.[0-9]{1,40}")


class ChannelKind(StrEnum):
    """The kind of a channel; each value is its prefix without the last dash."""

    ENCRYPTED_CACHE = "private-encrypted-cache"
    ENCRYPTED = "private-encrypted"
    PRIVATE_CACHE = "private-cache"
    PRIVATE = "private"
    PRESENCE_CACHE = "presence-cache"
    PRESENCE = "presence"
    CACHE = "cache"
    PUBLIC = "public"
    USER = "user"

    @classmethod
    def of(cls, channel: str) -> ChannelKind:
        """Return the kind of a channel by the longest prefix of its name."""
        if channel.startswith(USER_CHANNEL_PREFIX):
            return cls.USER
        return next((kind for kind in _PREFIXED if channel.startswith(f"{kind}-")), cls.PUBLIC)

    @property
    def needs_authorization(self) -> bool:
        """Whether a subscription needs a signature."""
        return self.startswith(("private", "presence"))

    @property
    def is_presence(self) -> bool:
        """Whether the channel has a list of members."""
        return self.startswith("presence")

    @property
    def is_encrypted(self) -> bool:
        """Whether payloads are encrypted end to end."""
        return self.startswith("private-encrypted")

    @property
    def is_cache(self) -> bool:
        """Whether the server sends the latest event to new subscribers."""
        return self.endswith("cache")

    @property
    def takes_client_events(self) -> bool:
        """Whether the channel accepts client events."""
        return self.needs_authorization and not self.is_encrypted


_PREFIXED = tuple(
    kind for kind in ChannelKind if kind not in (ChannelKind.PUBLIC, ChannelKind.USER)
)


def is_unicode(text: str) -> bool:
    """Return whether a text can be sent: a lone surrogate has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_channel_name(name: str) -> bool:
    """Return whether this is a valid channel name: 1 to 164 letters, digits or `_-=@,.;`."""
    return len(name) <= MAX_CHANNEL_NAME and _NAME.fullmatch(name) is not None


def is_user_id(name: str) -> bool:
    """Return whether this is a valid user id: 1 to 128 characters, no # at the start."""
    return 0 < len(name) <= MAX_USER_ID and not name.startswith("#") and is_unicode(name)


def is_socket_id(text: str) -> bool:
    """Return whether this is a valid socket id; anything else must not be signed."""
    return _SOCKET_ID.fullmatch(text) is not None


def check_channel_name(name: str) -> None:
    """Raise `InvalidUseError` for an invalid channel name."""
    if not is_channel_name(name):
        raise InvalidUseError(
            Misuse.CHANNEL_NAME,
            f"A channel name has 1 to {MAX_CHANNEL_NAME} letters, digits or _ - = @ , . ;",
        )


def check_event_name(name: str) -> None:
    """Raise `InvalidUseError` for an invalid event name (valid: 1 to 200 characters)."""
    if not 0 < len(name) <= MAX_EVENT_NAME or not is_unicode(name):
        raise InvalidUseError(
            Misuse.EVENT_NAME, f"An event name has 1 to {MAX_EVENT_NAME} characters"
        )


def name_matches(name: str, patterns: Collection[str]) -> bool:
    """Return whether a name is one of the patterns or matches a glob; without patterns each does."""
    return (
        not patterns or name in patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def check_user_id(user_id: str) -> None:
    """Raise `InvalidUseError` for an invalid user id."""
    if not is_user_id(user_id):
        raise InvalidUseError(
            Misuse.USER_ID, f"A user id has 1 to {MAX_USER_ID} characters and no # at the start"
        )
