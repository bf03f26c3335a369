"""One app at work: its connections, channels and users."""

import asyncio
from collections.abc import Iterable

from . import frames
from .app import App
from .channel import CachedEvent, Channel, Kind, Member
from .connection import Connection
from .faults import Faults
from .journal import Journal, Published
from .official import Event, Official
from .profile import Farewell, Profile


class Broker:
    """Delivers events from publishers to subscribers. The caller has checked that it is allowed."""

    def __init__(self, app: App, profile: Profile, faults: Faults, journal: Journal) -> None:
        self.app = app
        self.profile = profile
        self.official = Official(app)
        self.connections: dict[str, Connection] = {}
        self._channels: dict[str, Channel] = {}
        self._faults = faults
        self._journal = journal

    @property
    def full(self) -> bool:
        """Whether the app has as many connections as it may."""
        return (
            self.app.max_connections is not None
            and len(self.connections) >= self.app.max_connections
        )

    def channel(self, name: str) -> Channel:
        """The channel, without subscribers if it is not occupied."""
        return self._channels.get(name) or Channel(name, self.kind_of(name))

    def kind_of(self, name: str) -> Kind:
        """The kind of the channel called `name`, as this server reads names."""
        return Kind.of(name, self.profile.kind_separator)

    def occupied(self) -> list[Channel]:
        """The channels with subscribers."""
        return [channel for channel in self._channels.values() if channel.subscribers]

    def connect(self, connection: Connection) -> None:
        """Count the connection in."""
        self.connections[connection.socket_id] = connection
        self._journal.changed()

    def disconnect(self, connection: Connection) -> None:
        """Count the connection out, from everywhere."""
        del self.connections[connection.socket_id]
        for name in list(connection.channels):
            self.unsubscribe(connection, name)
        self.sign_out(connection)
        self._journal.changed()

    def subscribe(self, connection: Connection, name: str, member: Member | None) -> None:
        """Subscribe a connection; notify the others of a new member, then send the stored event."""
        channel = self._channels.setdefault(name, self.channel(name))
        is_new = member is not None and member.key not in channel.members
        if member and is_new and self._is_complete(member):
            channel.send(frames.member_added(name, member.data))
        channel.subscribers[connection] = member
        connection.channels.add(name)
        if not all(map(self._is_complete, channel.members.values())):
            connection.send(self.profile.error(4200, "Invalid message format"))
            return
        connection.send(
            frames.subscription_succeeded(name, channel.presence_data())
            if member
            else frames.subscription_succeeded(name, fields=self.profile.succeeded)
        )
        if self._caches(channel):
            self._send_stored(connection, channel)
        self._send_count(channel)
        self._journal.changed()

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Unsubscribe a connection; notify the others if it was a member's last one."""
        channel = self.channel(name)
        if connection not in channel.subscribers:
            return
        connection.channels.remove(name)
        member = channel.subscribers.pop(connection)
        if member and member.key not in channel.members:
            channel.send(frames.member_removed(name, member.user_id))
            if self.profile.caches_member_removed:
                data = frames.encode({"user_id": member.user_id})
                self.store(name, "pusher_internal:member_removed", data)
        self._send_count(channel)
        if not channel.subscribers and not channel.cached:
            del self._channels[name]
        self._journal.changed()

    def publish(self, event: Event) -> None:
        """Send an event to its channel, and store it if that is a cache channel."""
        dropped = self._faults.take_dropped_event()
        if not dropped:
            channel = self.channel(event.channel)
            self.store(event.channel, event.name, event.data)
            sender = self.connections.get(event.socket_id) if event.socket_id else None
            channel.send(frames.event(event.channel, event.name, event.data), but=sender)
        published = Published(
            self.app.key, event.channel, event.name, event.data, event.socket_id, dropped
        )
        self._journal.add_published(published)

    def sign_in(
        self, connection: Connection, user: dict[str, object], watchlist: Iterable[str]
    ) -> None:
        """Sign the connection in; notify it and the user's watchers of who is online."""
        self.sign_out(connection)
        new = not self.user_connections(str(user["id"]))
        connection.user, connection.watchlist = user, frozenset(watchlist)
        online = sorted(
            user_id for user_id in connection.watchlist if self.user_connections(user_id)
        )
        if online:
            connection.send(frames.watchlist("online", online))
        if new:
            self._notify_watchers("online", str(user["id"]), but=connection)
        self._journal.changed()

    def sign_out(self, connection: Connection) -> None:
        """Sign the connection out; notify watchers if it was the user's last one."""
        user_id = connection.user_id
        connection.user, connection.watchlist = None, frozenset()
        if user_id is not None and not self.user_connections(user_id):
            self._notify_watchers("offline", user_id)

    def user_connections(self, user_id: str) -> list[Connection]:
        """The connections that are signed in as the user."""
        return [
            connection for connection in self.connections.values() if connection.user_id == user_id
        ]

    def terminate(self, user_id: str) -> None:
        """Close all connections of a user with 4009."""
        for connection in self.user_connections(user_id):
            self.refuse(connection, 4009, "You got disconnected by the app.")

    def refuse(self, connection: Connection, code: int, message: str) -> None:
        """Send the reason, and close the connection."""
        refuse(connection, self.profile, code, message)

    def store(self, name: str, event: str, data: object, user_id: object = None) -> None:
        """Keep the event as the latest one of a cache channel."""
        channel = self.channel(name)
        if self._caches(channel):
            expires = asyncio.get_running_loop().time() + self.app.cache_ttl
            self._channels.setdefault(name, channel).cached = CachedEvent(
                event, data, expires, user_id
            )

    def _is_complete(self, member: Member) -> bool:
        return "user_info" in member.data or not self.profile.needs_user_info

    def _caches(self, channel: Channel) -> bool:
        return channel.kind.cache and (
            self.profile.has_encrypted_cache or not channel.kind.encrypted
        )

    def _send_stored(self, connection: Connection, channel: Channel) -> None:
        stored = channel.stored(asyncio.get_running_loop().time())
        if stored:
            connection.send(frames.event(channel.name, stored.name, stored.data, stored.user_id))
        else:
            connection.send(frames.cache_miss(channel.name))

    def _send_count(self, channel: Channel) -> None:
        if self.app.subscription_count and not channel.kind.presence:
            channel.send(frames.subscription_count(channel.name, len(channel.subscribers)))

    def _notify_watchers(self, name: str, user_id: str, *, but: Connection | None = None) -> None:
        for connection in self.connections.values():
            if user_id in connection.watchlist and connection is not but:
                connection.send(frames.watchlist(name, [user_id]))


def refuse(connection: Connection, profile: Profile, code: int, message: str) -> None:
    """Send the reason of a refusal, and close as this kind of server does."""
    if profile.farewell is not Farewell.CLOSE:
        connection.send(profile.error(code, message))
    if profile.farewell is Farewell.ERROR_AND_CUT:
        connection.end_without_close_frame()
    else:
        connection.start_close(code, message)
