"""Channel kinds and the rules for names (reference: "Channel naming conventions")."""

import re
from enum import StrEnum

from .exceptions import InvalidUseError, Misuse

MAX_CHANNEL_NAME = 164
MAX_EVENT_NAME = 200
MAX_USER_ID = 128
USER_CHANNEL_PREFIX = "#server-to-user-"
CLIENT_EVENT_PREFIX = "client-"

_NAME = re.compile(r"[A-Za-z0-9_\-=@,.;]+")
_SOCKET_ID = re.compile(r"[0-9]+\.[0-9]+")


class ChannelKind(StrEnum):
    """What a channel's prefix makes of it; each value is the prefix without its last dash."""

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
        """Return the kind of the channel with this name: its longest known prefix decides."""
        if channel.startswith(USER_CHANNEL_PREFIX):
            return cls.USER
        return next((kind for kind in _PREFIXED if channel.startswith(f"{kind}-")), cls.PUBLIC)

    @property
    def needs_authorization(self) -> bool:
        """Whether the server wants a signature before it lets anyone join."""
        return self.startswith(("private", "presence"))

    @property
    def is_presence(self) -> bool:
        """Whether the channel knows its members."""
        return self.startswith("presence")

    @property
    def is_encrypted(self) -> bool:
        """Whether payloads are sealed end to end."""
        return self.startswith("private-encrypted")

    @property
    def is_cache(self) -> bool:
        """Whether the server hands the last event to whoever joins."""
        return self.endswith("cache")

    @property
    def takes_client_events(self) -> bool:
        """Whether members may send events to each other."""
        return self.needs_authorization and not self.is_encrypted


_PREFIXED = tuple(
    kind for kind in ChannelKind if kind not in (ChannelKind.PUBLIC, ChannelKind.USER)
)


def is_channel_name(name: str) -> bool:
    """Tell whether a channel may be called that: 1 to 164 letters, digits or _-=@,.; in all."""
    return len(name) <= MAX_CHANNEL_NAME and _NAME.fullmatch(name) is not None


def is_user_id(name: str) -> bool:
    """Tell whether a user may be called that: 1 to 128 characters, no # in front."""
    return 0 < len(name) <= MAX_USER_ID and not name.startswith("#")


def is_socket_id(text: str) -> bool:
    """Tell whether a connection may be called that: what we sign must mean nothing else."""
    return _SOCKET_ID.fullmatch(text) is not None


def check_channel_name(name: str) -> None:
    """Raise `InvalidUseError` unless a channel may be called that."""
    if not is_channel_name(name):
        raise InvalidUseError(
            Misuse.CHANNEL_NAME,
            f"A channel name has 1 to {MAX_CHANNEL_NAME} letters, digits or _ - = @ , . ;",
        )


def check_event_name(name: str) -> None:
    """Raise `InvalidUseError` unless an event may be called that: 1 to 200 characters."""
    if not 0 < len(name) <= MAX_EVENT_NAME:
        raise InvalidUseError(
            Misuse.EVENT_NAME, f"An event name has 1 to {MAX_EVENT_NAME} characters"
        )


def check_user_id(user_id: str) -> None:
    """Raise `InvalidUseError` unless a user may be called that."""
    if not is_user_id(user_id):
        raise InvalidUseError(
            Misuse.USER_ID, f"A user id has 1 to {MAX_USER_ID} characters and no # in front"
        )
