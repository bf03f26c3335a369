"""The moves of client and server, in any order; and what must be so after each of them."""

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
from .world import CHANNELS, GUESTS, LOBBY, REFUSALS, RETURNS_WITHIN, ROOM, USER_CHANNEL, World

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


class Machine(RuleBasedStateMachine):
    """One life of a client."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.server = self.world.server
        self.client = self.world.client
        self.faults = self.server.faults

    @override
    def teardown(self) -> None:
        try:
            self.mend()
        finally:
            self.world.close()

    # The client's side

    @rule(some=st.sets(names, min_size=1))
    def subscribe(self, some: set[str]) -> None:
        self.each(sorted(some), self.world.subscribe)

    @rule(name=names)
    def unsubscribe(self, name: str) -> None:
        self.let(lambda: self.world.unsubscribe(name))

    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        if wanted := sorted(self.world.wanted):
            self.world.add_ear(data.draw(st.sampled_from(wanted)))

    @rule(name=names)
    def listen_no_more(self, name: str) -> None:
        if ears := self.world.ears[name]:
            self.world.remove_ear(name, ears[0])

    @rule()
    def trigger(self) -> None:
        room = self.client.channels.get(ROOM)
        is_open = self.world.connection is not None and room is not None and room.is_subscribed
        number = self.world.do(self.world.trigger())
        assert not is_open or self.world.comes(lambda: self.world.received[number])

    @rule()
    def sign_in(self) -> None:
        self.world.signs_in = True
        self.let(self.client.sign_in)

    @rule()
    def disconnect_or_connect(self) -> None:
        if self.client.state is ConnectionState.DISCONNECTED:
            self.let(self.client.connect)
        else:
            self.world.do(self.client.disconnect())

    @rule(seconds=st.sampled_from((0.5, 1.0, 6.0, 11.0, 29.0, 45.0, 200.0)))
    def pass_by(self, seconds: float) -> None:
        self.world.do(self.world.clock.pass_by(seconds))

    # The others' side

    @rule(name=names, count=st.integers(1, 3))
    def publish(self, name: str, count: int) -> None:
        for _ in range(count):
            self.world.do(self.world.publish(name))

    @rule(name=names)
    def publish_and_cut(self, name: str) -> None:
        self.world.loop.run_until_complete(self.world.publish(name))
        self.cut(reset=False, seconds=0)

    @rule(guest=guests, room=rooms, times=st.integers(1, 3))
    def guest_comes_or_goes(self, guest: int, room: str, times: int) -> None:
        client = self.world.guests[guest]
        for _ in range(times):
            move = client.unsubscribe if room in client.channels else client.subscribe
            self.each([room], move)

    @rule(guest=guests, room=rooms)
    def guest_triggers(self, guest: int, room: str) -> None:
        self.world.do(self.world.trigger_by(self.world.guests[guest], room))

    # The server's side

    @rule(code=st.sampled_from(CODES), seconds=pauses)
    def close(self, code: int, seconds: float) -> None:
        self.each(self.server.connections, lambda it: it.start_close(code, "Going"))
        self.pass_by(seconds)

    @rule(reset=st.booleans(), seconds=pauses)
    def cut(self, *, reset: bool, seconds: float) -> None:
        self.let(lambda: self.world.cut(self.server.connections, reset=reset))
        self.pass_by(seconds)

    @rule(way=ways)
    def stop_answering(self, way: str) -> None:
        match way:
            case "freeze" if self.world.is_up:
                self.world.is_frozen = True
                self.let(self.server.freeze)
            case "hold":
                self.world.is_frozen = True
                self.each(self.server.connections, Connection.freeze)
            case "silence":
                self.world.silenced.update(self.server.connections)
                self.let(self.server.silence_all)
            case "stop" if self.world.is_up:
                self.world.is_up = self.world.is_frozen = False
                self.world.do(self.server.stop())

    @rule(
        way=ways,
        name=names,
        comes=st.booleans(),
        seconds=st.sampled_from((1.0, 11.0, 45.0)),
    )
    def stop_answering_for_a_while(
        self, *, way: str, name: str, comes: bool, seconds: float
    ) -> None:
        """Let the client come to a channel or leave it while nobody answers."""
        while name in self.world.wanted and comes:
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
        if not self.world.is_up:
            self.world.is_up = True
            self.world.do(self.server.start())
        self.world.is_frozen = False
        self.let(self.server.thaw)
        self.let(lambda: self.world.cut(self.world.silenced))
        self.each((self.client, *self.world.guests), PusherClient.connect)

    @rule(frame=st.sampled_from(JUNK))
    def babble(self, frame: str | bytes) -> None:
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
        """Undo every fault: all must be well again by itself, but for what was refused."""
        self.recover()
        self.world.do(self._returned(but_refused=True))
        if not self._is_well(but_refused=False):
            self.close(4200, 0)
            self.world.do(self._returned(but_refused=False))
        world = self.world
        numbers = [world.do(world.publish(name)) for name in world.wanted for _ in range(2)]
        assert world.comes(lambda: all(world.ledger.was_heard(number) for number in numbers))
        account = self.world.ledger.close()
        assert not account.broken, account.broken
        if self.world.signs_in:
            self._check_user()
        self._check_sent()

    async def _returned(self, *, but_refused: bool) -> None:
        clock = self.world.clock
        end = clock.time() + RETURNS_WITHIN
        await settle()
        while not self._is_well(but_refused=but_refused):
            assert clock.time() < end, self._tell()
            await clock.pass_by(2)

    def _is_well(self, *, but_refused: bool) -> bool:
        connection = self.world.connection
        if self.client.state is not ConnectionState.CONNECTED or connection is None:
            return False
        wanted = self.client.channels.values()
        refused = [it for it in wanted if it.error is not None and it.error.status in REFUSALS]
        missing = [it for it in wanted if not it.is_subscribed and it not in refused]
        is_signed_in = connection.user_id == self.client.user.user_id == "me"
        if but_refused:
            return not missing
        return not missing and not refused and (is_signed_in or not self.world.signs_in)

    def _check_user(self) -> None:
        """What is sent to the user is heard once."""
        self.world.for_user.clear()
        self.world.do(self.server.publish(USER_CHANNEL, "greeted", ""))
        assert self.world.comes(lambda: self.world.for_user)
        assert [event.name for event in self.world.for_user] == ["greeted"]

    def _check_sent(self) -> None:
        """A client event went out at most once, and never when its sender was told otherwise."""
        assert all(task.done() for task in self.world.sending.values())
        assert all(times == 1 for times in self.world.received.values())
        assert not self.world.received.keys() - self.world.sending.keys()

    @invariant()
    def is_consistent(self) -> None:
        is_connected = self.client.state is ConnectionState.CONNECTED
        assert (self.client.socket_id is not None) == is_connected
        assert self.world.wanted.keys() == (+self.world.users).keys()
        states = {channel.state for channel in self.client.channels.values()}
        assert is_connected or states <= {ChannelState.UNSUBSCRIBED}, self._tell()
        assert self.world.errors.lines == []
        for ears in self.world.ears.values():
            assert all(ear.heard == ear.due for ear in ears)

    @invariant()
    def both_sides_agree(self) -> None:
        """While frames pass both ways, what the client takes for joined is what the server does."""
        connection = self.world.connection
        if connection is None:
            return
        assert self.world.comes(lambda: self._agree(connection)), self._tell()

    def _agree(self, connection: Connection) -> bool:
        channels = self.client.channels
        joined = {name for name, it in channels.items() if it.is_subscribed}
        lobby = channels.get(LOBBY)
        if not isinstance(lobby, PresenceChannel) or not lobby.is_subscribed:
            return connection.channels == joined
        there = self.server.members(LOBBY).keys()
        here = lobby.members.keys()
        return connection.channels == joined and here == there and lobby.count == len(there)

    def let(self, move: Callable[[], object]) -> None:
        """Make a move that needs the running event loop."""

        async def act() -> None:
            move()

        self.world.do(act())

    def each[T](self, items: Iterable[T], move: Callable[[T], object]) -> None:
        """Make a move with each of the items."""

        async def act() -> None:
            for item in items:
                move(item)

        self.world.do(act())

    def _tell(self) -> str:
        connection = self.world.connection
        return (
            f"{self.client.state} {self.client.last_error!r} {[*self.client.channels.values()]} "
            f"user {self.client.user.user_id}; server: {connection and connection.channels}"
        )
