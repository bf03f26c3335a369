"""A presence channel and its members."""

from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import override

from .auth_answers import ChannelAuth
from .channel import Channel, MemberUpdated
from .dispatch import ChannelDispatcher
from .limits import MAX_MEMBERS
from .messages import (
    Member,
    MemberAdded,
    MemberRemoved,
    RefusalType,
    SubscriptionRefused,
    SubscriptionSucceeded,
)

MAX_MISSED = 100


class PresenceChannel(Channel):
    """A channel with members, which are known while it is subscribed.

    `count` is the server's and includes this connection's own member.
    """

    __slots__ = ("_earlier", "_members", "_my_id", "count")

    def __init__(self, name: str, dispatcher: ChannelDispatcher) -> None:
        super().__init__(name, dispatcher)
        self._members: dict[str, Member] = {}
        self._earlier: dict[str, Member] | None = None
        self._my_id: str | None = None
        self.count = 0

    @property
    def members(self) -> Mapping[str, Member]:
        """Members by user id, in order of arrival (at most 10 000); empty while not subscribed."""
        return MappingProxyType(self._members)

    @property
    def me(self) -> Member | None:
        """The member of this connection; None while not subscribed."""
        return None if self._my_id is None else self._members.get(self._my_id)

    @override
    def _on_authorized(self, auth: ChannelAuth, user_id: str | None) -> None:
        self._my_id = auth.user_id or user_id

    @override
    def _on_subscribed(self, message: SubscriptionSucceeded) -> None:
        if message.members is None:
            reason = "The server accepted the subscription without a list of members"
            self._on_failed(SubscriptionRefused(self.name, RefusalType.PROTOCOL_ERROR, reason, 0))
            return
        self._members = {member.user_id: member for member in message.members}
        self.count = len(message.members) if message.count is None else message.count
        earlier, self._earlier = self._earlier, None
        missed = [] if earlier is None else [*islice(self._missed(earlier), MAX_MISSED)]
        super()._on_subscribed(message)
        for notice in missed:
            self._notify(notice)

    @override
    def _on_unsubscribed(self) -> None:
        if self.is_subscribed:
            self._earlier = self._members
            if self._my_id is not None:
                self._earlier.pop(self._my_id, None)
        self._members = {}
        self._my_id = None
        self.count = 0
        super()._on_unsubscribed()

    @override
    def _on_member_added(self, message: MemberAdded) -> None:
        user_id = message.member.user_id
        known = user_id in self._members
        if known or len(self._members) < MAX_MEMBERS:
            self._members[user_id] = message.member
        if known:
            self._notify(MemberUpdated(self.name, message.member))
        else:
            self.count += 1
            self._notify(message)

    @override
    def _on_member_removed(self, message: MemberRemoved) -> None:
        # Reverb resends from its cache that an earlier connection of this member was removed.
        if message.user_id == self._my_id:
            return
        member = self._members.pop(message.user_id, None)
        if member is not None:
            self.count -= 1
            self._notify(MemberRemoved(self.name, member.user_id, member.user_info))
        elif self.count > len(self._members):
            self.count -= 1

    def _missed(self, earlier: Mapping[str, Member]) -> Iterator[MemberAdded | MemberRemoved]:
        """Yield the members that were added or removed while the connection was away."""
        present = dict(self._members)
        for user_id, member in earlier.items():
            if user_id not in present:
                yield MemberRemoved(self.name, user_id, member.user_info, missed=True)
        for user_id, member in present.items():
            if user_id not in earlier and user_id != self._my_id:
                yield MemberAdded(self.name, member, missed=True)
