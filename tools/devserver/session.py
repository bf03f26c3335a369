"""What the server does with each frame of one client."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from pusher.util import channel_name_re, server_to_user_channel_re

from . import frames
from .broker import Broker
from .channel import USER_PREFIX, Member
from .connection import Connection
from .faults import Faults
from .profile import OnSilence, Refusal

MAX_EVENT_NAME = 200
MAX_WATCHLIST = 100


class RateLimit:
    """Counts what happens within a second; no limit with None."""

    def __init__(self, per_second: int | None) -> None:
        self._times: deque[float] = deque(maxlen=per_second)

    def is_exceeded(self) -> bool:
        """Count once more, unless the second is full."""
        now, times = asyncio.get_running_loop().time(), self._times
        if times.maxlen is None:
            return False
        if len(times) == times.maxlen and now - times[0] < 1:
            return True
        times.append(now)
        return False


class Session:
    """The rules of protocol 7 for one established connection."""

    def __init__(self, connection: Connection, broker: Broker, faults: Faults) -> None:
        self._connection = connection
        self._broker = broker
        self._faults = faults
        self._app = broker.app
        self._profile = broker.profile
        self._client_events = RateLimit(self._app.client_events_per_second)
        self._messages = RateLimit(self._app.messages_per_second)
        self._deadline = self._start_deadline()
        self._silence: asyncio.TimerHandle | None = None
        self._await_message()
        self.has_refused = False
        self._handlers: dict[str, Callable[[dict[str, object]], None]] = {
            "pusher:ping": self._ping,
            "pusher:subscribe": self._subscribe,
            "pusher:unsubscribe": self._unsubscribe,
            "pusher:signin": self._sign_in,
        }

    def handle(self, frame: dict[str, object] | None) -> None:
        """Act on one frame; None is a message that was no JSON object."""
        self._await_message()
        event = frame.get("event") if frame else None
        if self._messages.is_exceeded():
            self._reject_rate()
        elif frame is None or not isinstance(event, str):
            self._malformed()
        elif event.startswith("client-"):
            self._client_event(event, frame)
        elif handler := self._handlers.get(event):
            handler(frame)

    def end(self) -> None:
        """Stop the timers."""
        for timer in (self._deadline, self._silence):
            if timer:
                timer.cancel()

    def _start_deadline(self) -> asyncio.TimerHandle | None:
        if self._app.authorization_timeout is None:
            return None
        message = "Connection not authorized within timeout."
        loop = asyncio.get_running_loop()
        return loop.call_later(
            self._app.authorization_timeout, self._broker.refuse, self._connection, 4009, message
        )

    def _await_message(self) -> None:
        """Restart the timer of a silent client."""
        if self._silence:
            self._silence.cancel()
        act = {OnSilence.PING: self._ping_client, OnSilence.CLOSE: self._close_silent}
        if handler := act.get(self._profile.on_silence):
            loop = asyncio.get_running_loop()
            self._silence = loop.call_later(self._profile.silence_after, handler)

    def _ping_client(self) -> None:
        self._connection.send(frames.ping())
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(self._profile.answer_within, self._prune)

    def _prune(self) -> None:
        self._connection.send(self._profile.error(4201, "Pong reply not received in time"))
        self._connection.end_without_close_frame()

    def _close_silent(self) -> None:
        self._connection.start_close(1000)

    def _reject_rate(self) -> None:
        self._connection.send(self._profile.error(4301, "Rate limit exceeded"))
        if self._app.ends_over_rate:
            self._connection.end_without_close_frame()

    def _malformed(self) -> None:
        self._connection.send(self._profile.error(4200, "Invalid message format"))

    def _ping(self, frame: dict[str, object]) -> None:
        if not self._faults.ignore_pings:
            self._connection.send(frames.pong(self._profile.pong))

    def _unsubscribe(self, frame: dict[str, object]) -> None:
        data = frame.get("data")
        if isinstance(data, dict) and isinstance(name := data.get("channel"), str):
            self._broker.unsubscribe(self._connection, name)
        else:
            self._malformed()

    def _subscribe(self, frame: dict[str, object]) -> None:
        data = frame.get("data")
        if not isinstance(data, dict) or not isinstance(name := data.get("channel"), str):
            self._malformed()
        elif self._faults.leaves_unanswered(name):
            return
        elif answer := self._faults.subscribe_answer(name):
            self._connection.send(answer)
        else:
            self._answer_subscribe(name, data)

    def _answer_subscribe(self, name: str, data: Mapping[str, object]) -> None:
        refusal = self._name_refusal(name) or self._auth_refusal(name, data)
        kind, member = self._broker.kind_of(name), None
        if not refusal and kind.presence:
            member = self._member(data)
            refusal = self._member_refusal(name, member, data)
        if refusal:
            self.has_refused = True
            self._connection.send(refusal)
            return
        if kind.authorized and self._deadline:
            self._deadline.cancel()
        if self._profile.refuses_twice and name in self._connection.channels:
            self._connection.send(
                self._profile.error(None, f"Existing subscription to channel {name}")
            )
            return
        self._broker.subscribe(self._connection, name, member)

    def _name_refusal(self, name: str) -> str | None:
        limit = self._app.max_channel_name
        if len(name) > limit:
            message = f"The channel name is longer than the allowed {limit} characters."
            return frames.subscription_error(name, message, 4009, "LimitReached")
        if not channel_name_re.match(name) and not server_to_user_channel_re.match(name):
            message = (
                "The channel name is not allowed. Read channel conventions: "
                "https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions"
            )
            return frames.subscription_error(name, message, 4009, None)
        return None

    def _auth_refusal(self, name: str, data: Mapping[str, object]) -> str | None:
        if name.startswith(USER_PREFIX):
            if name == f"{USER_PREFIX}{self._connection.user_id}":
                return None
            return self._profile.refusal(Refusal.NO_AUTH, name, signed=name, key="", signature="")
        if not self._broker.kind_of(name).authorized:
            return None
        parts = [self._connection.socket_id, name]
        if data.get("channel_data"):
            parts.append(str(data["channel_data"]))
        signed, auth = ":".join(parts), data.get("auth")
        if self._broker.official.accepts(signed, auth):
            return None
        key, _, signature = str(auth or "").partition(":")
        refusal = (
            Refusal.NO_AUTH
            if not auth
            else Refusal.WRONG_SIGNATURE
            if key == self._app.key
            else Refusal.WRONG_KEY
        )
        return self._profile.refusal(refusal, name, signed=signed, key=key, signature=signature)

    def _member(self, data: Mapping[str, object]) -> Member | None:
        user = self._connection.user
        channel_data = data.get("channel_data")
        if not channel_data and user:
            info = {"user_info": user["user_info"]} if "user_info" in user else {}
            return Member({"user_id": user["id"], **info})
        member = frames.decode_object(str(channel_data))
        if member is None or (self._profile.needs_user_id and not member.get("user_id")):
            return None
        return Member(member)

    def _member_refusal(
        self, name: str, member: Member | None, data: Mapping[str, object]
    ) -> str | None:
        if member is None:
            reason = (
                Refusal.INVALID_CHANNEL_DATA
                if data.get("channel_data")
                else Refusal.NO_CHANNEL_DATA
            )
            return self._profile.refusal(reason, name, signed=name, key="", signature="")
        if len(frames.encode(member.data.get("user_info")).encode()) > self._app.max_member_bytes:
            message = f"The maximum size for a channel member is {self._app.max_member_bytes / 1024:g} KB."
            return frames.subscription_error(name, message, 4301, "LimitReached")
        members = self._broker.channel(name).members
        if member.key not in members and len(members) >= self._app.max_members:
            message = "The maximum members per presence channel limit was reached"
            return frames.subscription_error(name, message, 4100, "LimitReached")
        return None

    def _sign_in(self, frame: dict[str, object]) -> None:
        data = frame.get("data")
        if not isinstance(data, dict) or not self._profile.has_sign_in:
            self._malformed()
            return
        user_data = str(data.get("user_data"))
        if not self._broker.official.accepts(
            f"{self._connection.socket_id}::user::{user_data}", data.get("auth")
        ):
            self._broker.refuse(self._connection, 4009, "Connection not authorized.")
            return
        user = frames.decode_object(user_data)
        if not user or not user.get("id"):
            self._broker.refuse(
                self._connection, 4009, 'The returned user data must contain the "id" field.'
            )
            return
        if self._deadline:
            self._deadline.cancel()
        self._connection.send(frames.signin_success(data))
        self._broker.sign_in(self._connection, user, self._watchlist(user))

    def _watchlist(self, user: Mapping[str, object]) -> list[str]:
        watchlist = user.get("watchlist")
        watched = [str(user_id) for user_id in watchlist] if isinstance(watchlist, list) else []
        if len(watched) > MAX_WATCHLIST:
            self._connection.send(
                self._profile.error(4302, f"The watchlist is longer than {MAX_WATCHLIST} users.")
            )
        return watched[:MAX_WATCHLIST]

    def _client_event(self, event: str, frame: dict[str, object]) -> None:
        name, data = str(frame.get("channel")), frame.get("data")
        if self._profile.client_events_need_structure:
            if not isinstance(data, dict | list):
                self._malformed()
                return
            data = data or []
        refusal = self._client_event_refusal(event, name, data)
        if refusal:
            self._connection.send(self._profile.error(4301, refusal, name))
        elif name in self._connection.channels:
            self._relay(event, name, data)

    def _relay(self, event: str, name: str, data: object) -> None:
        if self._profile.limits_client_events and self._client_events.is_exceeded():
            message = "The rate limit for sending client events exceeded the quota."
            self._connection.send(self._profile.error(4301, message, name))
            return
        channel = self._broker.channel(name)
        member = channel.subscribers[self._connection]
        user_id = member.user_id if member else None
        channel.send(frames.event(name, event, data, user_id), but=self._connection)
        if self._profile.caches_client_events:
            self._broker.store(name, event, data, user_id)

    def _client_event_refusal(self, event: str, name: str, data: object) -> str | None:
        if not self._app.client_events:
            return "The app does not have client messaging enabled."
        if not self._broker.kind_of(name).client_events:
            return "Client events are for private and presence channels."
        if len(event) > MAX_EVENT_NAME:
            return f"Event name is too long. Maximum allowed size is {MAX_EVENT_NAME}."
        if len(frames.encode(data).encode()) > self._app.max_event_bytes:
            return f"The event data should be less than {self._app.max_event_bytes / 1024:g} KB."
        return None
