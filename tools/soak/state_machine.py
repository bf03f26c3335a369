"""The steps of client and server, in any order, and the invariants after each of them."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import override

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custom_components.pusher_channels.client.channel import ChannelState
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.presence import PresenceChannel
from tools.devserver import Connection, Faults, frames

from .clock import settle
from .simulation import (
    CHANNELS,
    GUESTS,
    LOBBY,
    REFUSALS,
    RETURNS_WITHIN,
    ROOM,
    USER_CHANNEL,
    Simulation,
)

CODES = (1000, 1001, 1002, 1011, 4001, 4100, 4200, 4201, 4300)
JUNK: tuple[str | bytes, ...] = (
    "", "{", "[]", b"binary", '{"event":7}', '{"event":"pusher:subscription_error"}',
    frames.member_added("presence-nowhere", {"user_id": "ada"}), frames.subscription_succeeded("nowhere"),
    frames.event("nowhere", "shipped", "{}"), frames.error(4301, "Too many client events"),
)  # fmt: skip
"""What a client has to skip; nothing that misleads it about a channel it is on."""

names = st.sampled_from(CHANNELS)
guests = st.integers(0, len(GUESTS) - 1)
pauses = st.sampled_from((0.0, 10.0))
ways = st.sampled_from(("hold", "freeze", "silence", "stop"))
rooms = st.sampled_from((LOBBY, ROOM))


class ClientStateMachine(RuleBasedStateMachine):
    """The steps of a client, its guests and its server, and the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation()
        self.server = self.simulation.server
        self.client = self.simulation.client
        self.faults = self.server.faults

    @override
    def teardown(self) -> None:
        try:
            self.mend()
        finally:
            self.simulation.close()

    # The client's side

    @rule(some=st.sets(names, min_size=1))
    def subscribe(self, some: set[str]) -> None:
        self.each(sorted(some), self.simulation.subscribe)

    @rule(name=names)
    def unsubscribe(self, name: str) -> None:
        self.let(lambda: self.simulation.unsubscribe(name))

    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        if subscribed := sorted(self.simulation.subscribed):
            self.simulation.add_listener(data.draw(st.sampled_from(subscribed)))

    @rule(name=names)
    def stop_listening(self, name: str) -> None:
        if listeners := self.simulation.listeners[name]:
            self.simulation.remove_listener(name, listeners[0])

    @rule()
    def trigger(self) -> None:
        room = self.client.channels.get(ROOM)
        is_open = self.simulation.connection is not None and room is not None and room.is_subscribed
        number = self.simulation.do(self.simulation.trigger())
        assert not is_open or self.simulation.comes(lambda: self.simulation.received[number])

    @rule()
    def sign_in(self) -> None:
        self.simulation.signs_in = True
        self.let(self.client.sign_in)

    @rule()
    def disconnect_or_connect(self) -> None:
        if self.client.state is ConnectionState.DISCONNECTED:
            self.let(self.client.connect)
        else:
            self.simulation.do(self.client.disconnect())

    @rule(seconds=st.sampled_from((0.5, 1.0, 6.0, 11.0, 29.0, 45.0, 200.0)))
    def pass_by(self, seconds: float) -> None:
        self.simulation.do(self.simulation.clock.pass_by(seconds))

    # The others' side

    @rule(name=names, count=st.integers(1, 3))
    def publish(self, name: str, count: int) -> None:
        for _ in range(count):
            self.simulation.do(self.simulation.publish(name))

    @rule(name=names)
    def publish_and_cut(self, name: str) -> None:
        self.simulation.loop.run_until_complete(self.simulation.publish(name))
        self.cut(reset=False, seconds=0)

    @rule(guest=guests, room=rooms, times=st.integers(1, 3))
    def guest_subscribes_or_leaves(self, guest: int, room: str, times: int) -> None:
        client = self.simulation.guests[guest]
        for _ in range(times):
            move = client.unsubscribe if room in client.channels else client.subscribe
            self.each([room], move)

    @rule(guest=guests, room=rooms)
    def guest_triggers(self, guest: int, room: str) -> None:
        self.simulation.do(self.simulation.trigger_by(self.simulation.guests[guest], room))

    # The server's side

    @rule(code=st.sampled_from(CODES), seconds=pauses)
    def close(self, code: int, seconds: float) -> None:
        self.each(self.server.connections, lambda it: it.start_close(code, "Going"))
        self.pass_by(seconds)

    @rule(reset=st.booleans(), seconds=pauses)
    def cut(self, *, reset: bool, seconds: float) -> None:
        self.let(lambda: self.simulation.cut(self.server.connections, reset=reset))
        self.pass_by(seconds)

    @rule(way=ways)
    def stop_answering(self, way: str) -> None:
        match way:
            case "freeze" if self.simulation.is_up:
                self.simulation.is_frozen = True
                self.let(self.server.freeze)
            case "hold":
                self.simulation.is_frozen = True
                self.each(self.server.connections, Connection.freeze)
            case "silence":
                self.simulation.silenced.update(self.server.connections)
                self.let(self.server.silence_all)
            case "stop" if self.simulation.is_up:
                self.simulation.is_up = self.simulation.is_frozen = False
                self.simulation.do(self.server.stop())

    @rule(
        way=ways,
        name=names,
        comes=st.booleans(),
        seconds=st.sampled_from((1.0, 11.0, 45.0)),
    )
    def stop_answering_for_a_while(
        self, *, way: str, name: str, comes: bool, seconds: float
    ) -> None:
        """Subscribe or unsubscribe a channel while the server does not answer."""
        while name in self.simulation.subscribed and comes:
            self.unsubscribe(name)
        self.stop_answering(way)
        if comes:
            self.subscribe({name})
        else:
            self.unsubscribe(name)
        self.pass_by(seconds)
        self.recover()

    @rule(seconds=pauses)
    def wait_for_recovery(self, seconds: float) -> None:
        self.recover()
        self.pass_by(seconds)

    def recover(self) -> None:
        """Undo what lasts, and let all connect."""
        self.faults.reset()
        if not self.simulation.is_up:
            self.simulation.is_up = True
            self.simulation.do(self.server.start())
        self.simulation.is_frozen = False
        self.let(self.server.thaw)
        self.let(lambda: self.simulation.cut(self.simulation.silenced))
        self.each((self.client, *self.simulation.guests), PusherClient.connect)

    @rule(frame=st.sampled_from(JUNK))
    def send_invalid_frames(self, frame: str | bytes) -> None:
        self.each(self.server.connections, lambda it: it.send(frame))

    @rule(
        faults=st.sampled_from(
            (
                Faults(drop_events=2),
                Faults(wrong_signatures=3),
                Faults(auth_status=403),
                Faults(auth_status=503),
                Faults(unanswered_channels={"*"}),
                Faults(unanswered_channels={LOBBY, ROOM}),
                Faults(upgrade_status=503),
                Faults(handshake_silent=True),
                Faults(handshake_close=4200),
            )
        )
    )
    def misbehave(self, faults: Faults) -> None:
        for fault in fields(faults):
            setattr(self.faults, fault.name, getattr(faults, fault.name))

    # What must be so

    @rule()
    def mend(self) -> None:
        """Undo every fault: everything must work again by itself, except what was refused."""
        self.recover()
        self.simulation.do(self._returned(but_refused=True))
        if not self._is_consistent_with_server(but_refused=False):
            self.close(4200, 0)
            self.simulation.do(self._returned(but_refused=False))
        simulation = self.simulation
        numbers = [
            simulation.do(simulation.publish(name))
            for name in simulation.subscribed
            for _ in range(2)
        ]
        assert simulation.comes(
            lambda: all(simulation.ledger.was_received(number) for number in numbers)
        )
        account = self.simulation.ledger.close()
        assert not account.broken, account.broken
        if self.simulation.signs_in:
            self._check_user()
        self._check_sent()

    async def _returned(self, *, but_refused: bool) -> None:
        clock = self.simulation.clock
        end = clock.time() + RETURNS_WITHIN
        await settle()
        while not self._is_consistent_with_server(but_refused=but_refused):
            assert clock.time() < end, self._describe()
            await clock.pass_by(2)

    def _is_consistent_with_server(self, *, but_refused: bool) -> bool:
        connection = self.simulation.connection
        if self.client.state is not ConnectionState.CONNECTED or connection is None:
            return False
        subscribed = self.client.channels.values()
        refused = [it for it in subscribed if it.error is not None and it.error.status in REFUSALS]
        missing = [it for it in subscribed if not it.is_subscribed and it not in refused]
        is_signed_in = connection.user_id == self.client.user.user_id == "me"
        if but_refused:
            return not missing
        return not missing and not refused and (is_signed_in or not self.simulation.signs_in)

    def _check_user(self) -> None:
        """What is sent to the user is received once."""
        self.simulation.for_user.clear()
        self.simulation.do(self.server.publish(USER_CHANNEL, "greeted", ""))
        assert self.simulation.comes(lambda: self.simulation.for_user)
        assert [event.name for event in self.simulation.for_user] == ["greeted"]

    def _check_sent(self) -> None:
        """A client event was sent at most once, and never when its sender got an error."""
        assert all(task.done() for task in self.simulation.sending.values())
        assert all(times == 1 for times in self.simulation.received.values())
        assert not self.simulation.received.keys() - self.simulation.sending.keys()

    @invariant()
    def is_consistent(self) -> None:
        is_connected = self.client.state is ConnectionState.CONNECTED
        assert (self.client.socket_id is not None) == is_connected
        assert self.simulation.subscribed.keys() == (+self.simulation.users).keys()
        states = {channel.state for channel in self.client.channels.values()}
        assert is_connected or states <= {ChannelState.UNSUBSCRIBED}, self._describe()
        assert self.simulation.errors.lines == []
        for listeners in self.simulation.listeners.values():
            assert all(listener.received == listener.due for listener in listeners)

    @invariant()
    def both_sides_agree(self) -> None:
        """While frames pass in both directions, client and server agree on the subscribed channels."""
        connection = self.simulation.connection
        if connection is None:
            return
        assert self.simulation.comes(lambda: self._agree(connection)), self._describe()

    def _agree(self, connection: Connection) -> bool:
        channels = self.client.channels
        subscribed = {name for name, it in channels.items() if it.is_subscribed}
        lobby = channels.get(LOBBY)
        if not isinstance(lobby, PresenceChannel) or not lobby.is_subscribed:
            return connection.channels == subscribed
        there = self.server.members(LOBBY).keys()
        here = lobby.members.keys()
        return connection.channels == subscribed and here == there and lobby.count == len(there)

    def let(self, move: Callable[[], object]) -> None:
        """Run a step that needs the running event loop."""

        async def act() -> None:
            move()

        self.simulation.do(act())

    def each[T](self, items: Iterable[T], move: Callable[[T], object]) -> None:
        """Run a step with each of the items."""

        async def act() -> None:
            for item in items:
                move(item)

        self.simulation.do(act())

    def _describe(self) -> str:
        connection = self.simulation.connection
        return (
            f"{self.client.state} {self.client.last_error!r} {[*self.client.channels.values()]} "
            f"user {self.client.user.user_id}; server: {connection and connection.channels}"
        )
