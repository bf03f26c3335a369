"""A presence channel: who is here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import override

from .auth import ChannelAuth
from .channel import Channel, MemberUpdated
from .messages import (
    Member,
    MemberAdded,
    MemberRemoved,
    RefusalType,
    SubscriptionRefused,
    SubscriptionSucceeded,
)
from .routes import Routes


class PresenceChannel(Channel):
    """A channel that knows its members, while it is joined.

    `count` is Pusher's and includes this connection's own member.
    """

    __slots__ = ("_members", "_my_id", "count")

    def __init__(self, name: str, everywhere: Routes) -> None:
        """Start with nobody known."""
        super().__init__(name, everywhere)
        self._members: dict[str, Member] = {}
        self._my_id: str | None = None
        self.count = 0

    @property
    def members(self) -> Mapping[str, Member]:
        """The members by user id, in the order in which they came; empty while not joined."""
        return MappingProxyType(self._members)

    @property
    def me(self) -> Member | None:
        """Our own member; None while not joined."""
        return None if self._my_id is None else self._members.get(self._my_id)

    @override
    def authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        self._my_id = auth.user_id or user_id

    @override
    def subscribed(self, message: SubscriptionSucceeded) -> None:
        if message.members is None:
            words = "The server let us in without telling who is there"
            self.failed(SubscriptionRefused(self.name, RefusalType.PROTOCOL_ERROR, words, 0))
            return
        self._members = {member.user_id: member for member in message.members}
        self.count = len(self._members) if message.count is None else message.count
        super().subscribed(message)

    @override
    def unsubscribed(self) -> None:
        self._members = {}
        self._my_id = None
        self.count = 0
        super().unsubscribed()

    @override
    def member_added(self, message: MemberAdded) -> None:
        known = message.member.user_id in self._members
        self._members[message.member.user_id] = message.member
        if known:
            self.tell(MemberUpdated(self.name, message.member))
        else:
            self.count += 1
            self.tell(message)

    @override
    def member_removed(self, message: MemberRemoved) -> None:
        member = self._members.pop(message.user_id, None)
        if member is not None:
            self.count -= 1
            self.tell(MemberRemoved(self.name, member.user_id, member.user_info))
