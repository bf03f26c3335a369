"""Channel kinds by name, and what the server knows of one channel."""

from dataclasses import dataclass, field
from typing import Self

from .connection import Connection

USER_PREFIX = "#server-to-user-"


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a channel, by the prefix of its name."""

    authorized: bool
    presence: bool
    encrypted: bool
    cache: bool

    @classmethod
    def of(cls, name: str, separator: str = "-") -> Self:
        """The kind of the channel called `name`; `separator` follows "private" and "presence"."""
        presence = name.startswith(f"presence{separator}")
        return cls(
            authorized=presence or name.startswith(f"private{separator}"),
            presence=presence,
            encrypted=name.startswith("private-encrypted-"),
            cache=name.startswith(
                ("cache-", "private-cache-", "private-encrypted-cache-", "presence-cache-")
            ),
        )

    @property
    def client_events(self) -> bool:
        """Whether clients may trigger events here."""
        return self.authorized and not self.encrypted


@dataclass(frozen=True, slots=True)
class Member:
    """A user on a presence channel; `data` is the user object, {"user_id": .., "user_info": ..}."""

    data: dict[str, object]

    @property
    def user_id(self) -> object:
        """The id as the user object has it: text, a number, or None if it has none."""
        return self.data.get("user_id")

    @property
    def key(self) -> str:
        """The id as text, which identifies a member."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True)
class CachedEvent:
    """The last event of a cache channel; `expires` is a loop time."""

    name: str
    data: object
    expires: float
    user_id: object = None


@dataclass(slots=True)
class Channel:
    """The subscribers of one channel, and its stored event."""

    name: str
    kind: Kind
    subscribers: dict[Connection, Member | None] = field(default_factory=dict)
    cached: CachedEvent | None = None

    @property
    def members(self) -> dict[str, Member]:
        """The members by id, one for each user however many connections."""
        return {member.key: member for member in self.subscribers.values() if member}

    def presence_data(self) -> dict[str, object]:
        """The members as subscription_succeeded lists them."""
        members = self.members
        infos = {
            key: member.data["user_info"]
            for key, member in members.items()
            if "user_info" in member.data
        }
        return {
            "ids": [member.user_id for member in members.values()],
            "hash": infos,
            "count": len(members),
        }

    def stored(self, now: float) -> CachedEvent | None:
        """The stored event, if it is younger than its time to live at loop time `now`."""
        return self.cached if self.cached and self.cached.expires > now else None

    def send(self, text: str, *, but: Connection | None = None) -> None:
        """Send a frame to every subscriber except `but`."""
        for connection in self.subscribers:
            if connection is not but:
                connection.send(text)
