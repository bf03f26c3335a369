"""The members of a presence channel."""

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.channel import (
    ChannelState,
    MemberUpdated,
    Unsubscribed,
)
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.messages import (
    FrameRejected,
    Json,
    Member,
    MemberAdded,
    MemberRemoved,
    SubscriptionSucceeded,
)
from custom_components.pusher_channels.client.presence import PresenceChannel
from tools.devserver import DevServer, frames

from .channel_helpers import (
    ROOM,
    all_handled,
    client_notices,
    endpoint,
    notices_of,
    presence,
    refusal,
    subscribe_room,
    subscribed,
)
from .conftest import APP, MakeClient, connect, until

ME = Member("me", {"name": "Me"})


def as_user(user_id: str, user_info: Json = None) -> SecretAuthorizer:
    """Return an authorizer for another user of the app."""
    return SecretAuthorizer(APP.key, APP.secret, User(user_id, user_info))


async def test_members_are_added_and_removed(make_client: MakeClient, client: PusherClient) -> None:
    room = await subscribe_room(client)
    assert (dict(room.members), room.me, room.count) == ({"me": ME}, ME, 1)
    reported = notices_of(room)

    guest = make_client(authorizer=as_user("guest", {"name": "Guest"}))
    their_room = await subscribe_room(guest)
    assert list(their_room.members) == ["me", "guest"]
    await until(lambda: reported)
    subscribing = Member("guest", {"name": "Guest"})
    assert reported.pop() == MemberAdded(ROOM, subscribing)
    assert (dict(room.members), room.me, room.count) == ({"me": ME, "guest": subscribing}, ME, 2)

    guest.unsubscribe(ROOM)
    await until(lambda: reported)
    assert reported.pop() == MemberRemoved(ROOM, "guest", {"name": "Guest"})
    assert (list(room.members), room.count) == (["me"], 1)


async def test_the_same_user_on_two_connections_is_one_member(
    make_client: MakeClient, client: PusherClient
) -> None:
    room = await subscribe_room(client)
    reported = notices_of(room)
    other = make_client()
    assert (await subscribe_room(other)).count == 1
    other.unsubscribe(ROOM)
    await other.disconnect()
    assert room.count == 1
    assert not reported


async def test_a_known_member_is_updated_and_the_removal_of_an_unknown_one_is_ignored(
    client: PusherClient, server: DevServer
) -> None:
    room = await subscribe_room(client)
    reported = notices_of(room)
    connection = server.connections[0]
    connection.send(frames.member_added(ROOM, {"user_id": "me", "user_info": {"name": "New"}}))
    connection.send(frames.member_removed(ROOM, "stranger"))
    connection.send(frames.member_added(ROOM, {"user_id": 7}))
    connection.send(frames.member_removed(ROOM, 7))
    await all_handled(client, connection)
    assert reported == [
        MemberUpdated(ROOM, Member("me", {"name": "New"})),
        MemberAdded(ROOM, Member("7")),
        MemberRemoved(ROOM, "7"),
    ]
    assert room.count == 1
    assert room.me == Member("me", {"name": "New"})


async def test_no_members_are_known_while_not_subscribed(
    client: PusherClient, server: DevServer
) -> None:
    early = client.subscribe("presence-early")
    assert isinstance(early, PresenceChannel)
    assert (dict(early.members), early.me, early.count) == ({}, None, 0)

    room = await subscribe_room(client)
    reported = notices_of(room)
    server.faults.unanswered_channels = {ROOM}
    await server.close_all(4200)
    await until(lambda: reported)
    assert reported == [Unsubscribed(ROOM)]
    assert (dict(room.members), room.me, room.count) == ({}, None, 0)

    await until(lambda: room.state is ChannelState.PENDING)
    server.connections[0].send(frames.member_added(ROOM, {"user_id": "early"}))
    await all_handled(client, server.connections[0])
    assert not room.members
    server.connections[0].send(presence(ROOM, {"ids": ["me"], "hash": {}, "count": 1}))
    await room.wait_subscribed()
    assert list(room.members) == ["me"]


@pytest.mark.parametrize(
    ("data", "members", "count"),
    [
        pytest.param(
            {"ids": [10, "me"], "hash": {"10": {"n": 1}, "me": {"n": 2}}, "count": 2},
            (Member("10", {"n": 1}), Member("me", {"n": 2})),
            2,
            id="soketi sends numbers as they are",
        ),
        pytest.param(
            {"hash": {"10": {"n": 1}, "me": {"n": 2}}, "count": 2},
            (Member("10", {"n": 1}), Member("me", {"n": 2})),
            2,
            id="pusher-fake sends no ids",
        ),
        pytest.param(
            {"ids": ["me"], "hash": [], "count": 1},
            (Member("me"),),
            1,
            id="Reverb sends an empty hash as a list",
        ),
        pytest.param(
            {"ids": ["me", "x"], "hash": {"me": None}},
            (Member("me"), Member("x")),
            2,
            id="no count",
        ),
        pytest.param({"ids": ["me"], "hash": {}, "count": 150}, (Member("me"),), 150, id="long"),
        pytest.param(
            {"ids": ["me", "x"], "hash": {}, "count": 0},
            (Member("me"), Member("x")),
            2,
            id="a count below the list",
        ),
        pytest.param(
            {"ids": ["me", 7.0, 1.5], "hash": {"7": {"n": 7}, "1.5": {"n": 1}}, "count": 3.0},
            (Member("me"), Member("7", {"n": 7}), Member("1.5", {"n": 1})),
            3,
            id="numbers with a fraction",
        ),
        pytest.param(
            {"ids": [0, 1, "me"], "hash": [{"n": 0}, {"n": 1}], "count": 3},
            (Member("0", {"n": 0}), Member("1", {"n": 1}), Member("me")),
            3,
            id="PHP writes the hash of users 0 and 1 as a list",
        ),
    ],
)
async def test_each_servers_list_of_members_is_understood(
    client: PusherClient, server: DevServer, data: Json, members: tuple[Member, ...], count: int
) -> None:
    server.faults.subscribe_answers = {ROOM: presence(ROOM, data)}
    channel = client.subscribe(ROOM)
    reported = notices_of(channel)
    room = await subscribe_room(client)
    assert tuple(room.members.values()) == members
    assert room.count == count
    assert reported == [SubscriptionSucceeded(ROOM, members, count)]
    assert room.me == room.members["me"]


@pytest.mark.parametrize(
    "answer",
    [
        frames.subscription_succeeded(ROOM),
        presence(ROOM, None),
        frames.error(None, f"Existing subscription to channel {ROOM}"),
    ],
)
async def test_a_success_without_members_is_an_error_and_no_crash(
    client: PusherClient, server: DevServer, answer: str
) -> None:
    server.faults.subscribe_answers = {ROOM: answer}
    await connect(client)
    error = await refusal(client.subscribe(ROOM))
    assert (error.type, error.status) == ("ProtocolError", 0)
    await subscribed(client, "public")


async def test_a_number_as_user_id_works_and_equals_its_text(
    make_client: MakeClient, server: DevServer, session: ClientSession
) -> None:
    server.auth.member = {"user_id": 10, "user_info": {"name": "Ten"}}
    room = await subscribe_room(make_client(authorizer=endpoint(server, session)))
    assert room.me == Member("10", {"name": "Ten"})
    reported = notices_of(room)
    server.connections[0].send(frames.member_added(ROOM, {"user_id": "10"}))
    await until(lambda: reported)
    assert reported == [MemberUpdated(ROOM, Member("10"))]


@pytest.mark.parametrize(
    "data",
    [
        {"ids": [None, "", True, {}, "bob"], "hash": {"bob": {"name": "Bob"}}, "count": 5},
        {"hash": {"": None, "bob": {"name": "Bob"}}},
    ],
)
async def test_members_without_an_id_are_left_out(
    client: PusherClient, server: DevServer, data: Json
) -> None:
    """The soketi server lists a guest that was authorized without a user_id."""
    server.faults.subscribe_answers = {ROOM: presence(ROOM, data)}

    room = await subscribe_room(client)

    assert dict(room.members) == {"bob": Member("bob", {"name": "Bob"})}
    assert room.count == 1


async def test_no_frame_removes_the_own_member(client: PusherClient, server: DevServer) -> None:
    """Reverb resends from its cache that the earlier connection was removed."""
    room = await subscribe_room(client)
    notices = notices_of(room)

    server.connections[0].send(frames.member_removed(ROOM, "me"))
    await all_handled(client, server.connections[0])

    assert (dict(room.members), room.count, notices) == ({"me": ME}, 1, [])


async def test_changes_of_members_during_an_outage_are_reported_as_missed(
    make_client: MakeClient, client: PusherClient, server: DevServer
) -> None:
    stays, goes, comes = (make_client(authorizer=as_user(name)) for name in ("ann", "bob", "cat"))
    await subscribe_room(stays)
    await subscribe_room(goes)
    await connect(comes)
    room = await subscribe_room(client)
    first_list = notices_of(room)
    server.faults.upgrade_status = 503
    server.connection(client.socket_id or "").abort()
    await until(lambda: client.state is ConnectionState.RECONNECTING)
    assert room.count == 0

    await goes.disconnect()
    await subscribed(comes, ROOM)
    server.faults.reset()
    await until(lambda: room.is_subscribed)

    missed = [notice for notice in first_list if isinstance(notice, MemberAdded | MemberRemoved)]
    assert missed == [
        MemberRemoved(ROOM, "bob", {"name": "bob"}, missed=True),
        MemberAdded(ROOM, Member("cat", {"name": "cat"}), missed=True),
    ]
    assert isinstance(first_list[-3], SubscriptionSucceeded)
    assert room.count == 3


async def test_at_most_100_missed_members_are_reported(
    client: PusherClient, server: DevServer
) -> None:
    room = await subscribe_room(client)
    notices = notices_of(room)
    ids: list[Json] = ["me", *(f"user-{number}" for number in range(300))]
    server.faults.subscribe_answers = {ROOM: presence(ROOM, {"ids": ids, "hash": {}, "count": 301})}

    await server.close_all(4200)
    await until(lambda: room.is_subscribed)

    missed = [notice for notice in notices if isinstance(notice, MemberAdded) and notice.missed]
    assert len(missed) == 100
    assert len(room.members) == 301


async def test_the_number_of_kept_members_is_bounded(
    client: PusherClient, server: DevServer
) -> None:
    ids: list[Json] = ["me", *range(20_000)]
    answer = presence(ROOM, {"ids": ids, "hash": {}, "count": len(ids)})
    server.faults.subscribe_answers = {ROOM: answer}
    notices = notices_of(client.subscribe(ROOM))
    room = await subscribe_room(client)
    assert notices == [SubscriptionSucceeded(ROOM, tuple(room.members.values()), 20_001)]
    assert len(room.members) == 10_000

    server.connections[0].send(frames.member_added(ROOM, {"user_id": "late"}))
    server.connections[0].send(frames.member_removed(ROOM, 19_999))
    server.connections[0].send(frames.member_removed(ROOM, 5))
    await all_handled(client, server.connections[0])

    assert (len(room.members), room.count) == (9_999, 20_000)


async def test_a_member_with_too_much_information_is_rejected(
    client: PusherClient, server: DevServer
) -> None:
    room = await subscribe_room(client)
    rejected = client_notices(client, FrameRejected)

    server.connections[0].send(
        frames.member_added(ROOM, {"user_id": "bob", "user_info": "x" * 70_000})
    )
    await all_handled(client, server.connections[0])

    assert rejected == [
        FrameRejected("The frame pusher_internal:member_added has more than 65536 bytes")
    ]
    assert list(room.members) == ["me"]
