"""What was missed while there was no connection: Pusher replays nothing."""

from dataclasses import dataclass

from aiohttp import ClientSession

from custom_components.pusher_channels.client.channel import Channel
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.gaps import Gap
from custom_components.pusher_channels.client.messages import SubscriptionSucceeded
from tools.devserver import DevServer, frames

from .channel_helpers import HeldAuthorizer, client_notices, endpoint, refusal, subscribed
from .conftest import Clock, MakeClient, address, connect, settle, until


class SubscriptionTimes(list[float]):
    """When each channel was subscribed from now on, in the event loop's seconds."""

    def __init__(self, clock: Clock, *channels: Channel) -> None:
        super().__init__()
        for channel in channels:
            channel.listen(
                lambda notice: (
                    self.append(clock.time()) if isinstance(notice, SubscriptionSucceeded) else None
                )
            )


async def test_one_gap_for_all_channels_that_return_together(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    gaps = client_notices(client, Gap)
    await connect(client)
    a, b, presence = await subscribed(client, "a", "private-b", "presence-c")
    received: list[float] = []
    a.bind(lambda _event: received.append(clock.time()))
    clock.skip(40)
    await server.publish("a", "last", "")
    await until(lambda: received)
    assert client.last_received is not None
    clock.skip(20)
    server.abort_all()
    times = SubscriptionTimes(clock, a, b, presence)
    await until(lambda: gaps)
    assert len(times) == 3
    [gap] = gaps
    assert set(gap.channels) == {"a", "private-b", "presence-c"}
    assert received[0] - 2 < gap.since <= received[0]
    assert times[-1] <= gap.until <= clock.time()


async def test_no_gap_for_channels_that_were_never_subscribed_or_are_unsubscribed(
    client: PusherClient, server: DevServer
) -> None:
    gaps = client_notices(client, Gap)
    server.faults.unanswered_channels = {"pending"}
    await connect(client)
    await subscribed(client, "a", "left")
    client.subscribe("pending")
    server.faults.handshake_silent = True
    await server.close_all(4200)
    await until(lambda: client.state is ConnectionState.RECONNECTING)
    client.unsubscribe("left")
    client.subscribe("new")
    server.faults.reset()
    server.abort_all()
    await until(lambda: gaps)
    await subscribed(client, "pending", "new", "left")
    assert [gap.channels for gap in gaps] == [("a",)]


async def test_a_straggler_has_a_later_gap_of_its_own_from_the_same_moment(
    make_client: MakeClient, server: DevServer, session: ClientSession, clock: Clock
) -> None:
    client = await connect(make_client(authorizer=endpoint(server, session)))
    gaps = client_notices(client, Gap)
    a, straggler = await subscribed(client, "a", "private-b")
    server.faults.auth_status = 503
    await server.close_all(4200)
    await refusal(straggler)
    await until(lambda: gaps)
    assert gaps[0].channels == ("a",)

    server.faults.reset()
    clock.skip(2)
    times = SubscriptionTimes(clock, straggler)
    await until(lambda: len(gaps) == 2)
    assert gaps[1].channels == ("private-b",)
    assert gaps[1].since == gaps[0].since
    assert gaps[0].until <= times[0] <= gaps[1].until
    assert a.is_subscribed


async def test_the_gap_does_not_wait_for_an_unsubscribed_channel(
    make_client: MakeClient, server: DevServer
) -> None:
    authorizer = HeldAuthorizer(set())
    client = await connect(make_client(authorizer=authorizer))
    gaps = client_notices(client, Gap)
    a, _ = await subscribed(client, "a", "private-slow")
    authorizer.held = {"private-slow"}
    await server.close_all(4200)
    await until(lambda: a.is_subscribed and len(authorizer.asked) == 2)
    await settle()
    assert not gaps

    client.unsubscribe("private-slow")
    assert [gap.channels for gap in gaps] == [("a",)]


async def test_a_channel_that_is_unsubscribed_before_the_others_return_has_no_gap(
    make_client: MakeClient, server: DevServer
) -> None:
    authorizer = HeldAuthorizer(set())
    client = await connect(make_client(authorizer=authorizer))
    gaps = client_notices(client, Gap)
    a, slow = await subscribed(client, "a", "private-slow")
    authorizer.held = {"private-slow"}
    await server.close_all(4200)
    await until(lambda: a.is_subscribed and len(authorizer.asked) == 2)
    client.unsubscribe("a")
    authorizer.gate.set()
    await slow.wait_subscribed()
    assert [gap.channels for gap in gaps] == [("private-slow",)]


async def test_a_second_loss_before_all_returned_keeps_each_beginning(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    authorizer = HeldAuthorizer(set())
    client = await connect(make_client(authorizer=authorizer))
    gaps = client_notices(client, Gap)
    a, slow = await subscribed(client, "a", "private-slow")
    first_loss = clock.time()
    authorizer.held = {"private-slow"}
    await server.close_all(4200)
    await until(lambda: a.is_subscribed and len(authorizer.asked) == 2)
    clock.skip(40)
    server.connections[0].send(frames.pong())
    await settle()
    second_loss = clock.time()
    await server.close_all(4200)
    await until(lambda: len(authorizer.asked) == 3)
    assert [gap.channels for gap in gaps] == [("a",)]

    authorizer.gate.set()
    await slow.wait_subscribed()
    await until(lambda: len(gaps) == 2)
    assert set(gaps[1].channels) == {"a", "private-slow"}
    assert gaps[0].since == gaps[1].since <= first_loss + 1
    assert gaps[0].until < second_loss < gaps[1].until


async def subscribed_as_a_user(client: PusherClient) -> None:
    """Sign in, and subscribe a and the user's own channel."""
    client.sign_in()
    await connect(client)
    await subscribed(client, "a")
    await until(
        lambda: (
            len(client.channels) == 2 and all(it.is_subscribed for it in client.channels.values())
        )
    )


async def test_the_users_own_channel_has_a_gap_once_signed_in_again(
    client: PusherClient, server: DevServer
) -> None:
    gaps = client_notices(client, Gap)
    await subscribed_as_a_user(client)

    await server.close_all(4200)
    await until(lambda: sum(len(gap.channels) for gap in gaps) == 2)

    assert {channel for gap in gaps for channel in gap.channels} == {"a", "#server-to-user-me"}
    assert len({gap.since for gap in gaps}) == 1


async def test_a_sign_in_that_never_succeeds_holds_back_the_gap_of_no_channel(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    client = make_client(authorizer=endpoint(server, session))
    gaps = client_notices(client, Gap)
    await subscribed_as_a_user(client)

    server.faults.auth_status = 403
    await server.close_all(4200)
    await until(lambda: gaps)

    assert [gap.channels for gap in gaps] == [("a",)]


async def test_a_disconnect_on_purpose_leaves_a_gap_too(client: PusherClient, clock: Clock) -> None:
    gaps = client_notices(client, Gap)
    await connect(client)
    [channel] = await subscribed(client, "a")
    await client.disconnect()
    clock.skip(60)
    await connect(client)
    await channel.wait_subscribed()
    [gap] = gaps
    assert gap.channels == ("a",)
    assert gap.until - gap.since >= 60


async def test_a_channel_that_is_refused_does_not_hold_back_the_gap_of_others(
    client: PusherClient, server: DevServer
) -> None:
    gaps = client_notices(client, Gap)
    await connect(client)
    a, room = await subscribed(client, "a", "presence-room")
    server.faults.subscribe_answers = {
        "presence-room": frames.subscription_succeeded("presence-room")
    }
    await server.close_all(4200)
    await refusal(room)
    await until(lambda: gaps)
    assert [gap.channels for gap in gaps] == [("a",)]
    assert a.is_subscribed


@dataclass
class WallClock:
    """A wall clock; a suspend of the computer adds its seconds to `offset`."""

    clock: Clock
    offset: float = 0.0

    def __call__(self) -> float:
        return self.clock.time() + self.offset


async def client_with_gaps(
    make_client: MakeClient, wall_clock: WallClock
) -> tuple[PusherClient, list[Gap]]:
    """Subscribe to the channel `a`, and return the client and the list of its gaps."""
    client = await connect(make_client(wall_clock=wall_clock))
    gaps = client_notices(client, Gap)
    await subscribed(client, "a")
    return client, gaps


async def test_a_gap_over_a_suspend_of_the_computer_begins_before_it(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    """The event loop's clock stands still during a suspend, the wall clock does not."""
    wall = WallClock(clock)
    client, gaps = await client_with_gaps(make_client, wall)
    await clock.pass_by(60)
    last_received = client.last_received
    assert last_received is not None

    wall.offset += 3600
    server.abort_all()
    await until(lambda: gaps)

    [gap] = gaps
    assert last_received - 1.1 <= gap.since <= last_received
    assert gap.until - gap.since >= 3600


async def test_a_gap_after_a_suspend_begins_at_the_frames_received_after_it(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    wall = WallClock(clock)
    client, gaps = await client_with_gaps(make_client, wall)

    wall.offset += 3600
    await clock.pass_by(30)
    last_received = client.last_received
    assert last_received is not None
    server.abort_all()
    await until(lambda: gaps)

    assert last_received + 3600 - 1.1 <= gaps[0].since <= last_received + 3600


async def test_a_gap_begins_before_a_suspend_that_ended_the_connection(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    """The connection is dead after the suspend, which the client notices by a ping."""
    wall = WallClock(clock)
    client, gaps = await client_with_gaps(make_client, wall)
    await clock.pass_by(25)
    last_received = client.last_received
    assert last_received is not None

    wall.offset += 3600
    server.connections[0].silence()
    await clock.pass_by(60)
    await until(lambda: gaps)

    assert last_received - 1.1 <= gaps[0].since <= last_received
    assert gaps[0].until - gaps[0].since >= 3630


async def test_a_pending_gap_is_reported_by_the_next_client(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    first = await connect(make_client())
    await subscribed(first, "a", "b")
    lost_at = clock.time()
    await server.stop()
    await until(lambda: first.state is ConnectionState.RECONNECTING)
    since = dict(first.missed_since)
    assert set(since) == {"a", "b"}
    await first.disconnect()
    clock.skip(300)
    await server.start()

    second = make_client(at=address(server))
    gaps = client_notices(second, Gap)
    second.expect_gaps(since)
    await connect(second)
    await subscribed(second, "a", "b", "c")

    assert [sorted(gap.channels) for gap in gaps] == [["a", "b"]]
    assert gaps[0].since == min(since.values()) <= lost_at + 1
    assert gaps[0].until - gaps[0].since >= 300
    assert second.missed_since == {}
