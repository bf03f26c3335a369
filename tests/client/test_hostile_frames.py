"""Frames that no server should send: each is refused with a typed error, and the client stays connected."""

import pytest
from aiohttp import WSMsgType

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.exceptions import ProtocolError
from custom_components.pusher_channels.client.messages import (
    Event,
    Member,
    SubscriptionSucceeded,
)
from custom_components.pusher_channels.client.protocol import decode
from tools.devserver import DevServer, frames

from .conftest import connect, until
from .record import Record

DEEP = 10_000
NOT_JSON = [
    b"",
    b"\x00",
    b"this is not json",
    b'{"event":"e"',
    b'{"event":"\xff\xfe"}',
    b'{"event":"e","data":"\xc3("}',
    b'{"event":"\\ud800"}',
    b'{"event":"e","data":NaN}',
    b"[" * DEEP + b"]" * DEEP,
    b'{"event":' * DEEP + b"1" + b"}" * DEEP,
    b'{"event":"e","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
]
WITHOUT_EVENT = [
    b"null",
    b"1",
    b'"event"',
    b"[]",
    b"[1]",
    b"{}",
    b'{"event":null}',
    b'{"event":1}',
    b'{"event":["pusher:ping"]}',
    b'{"event":{}}',
    b'{"event":"e","channel":1}',
    b'{"event":"e","channel":{"a":1}}',
]
WRONG_SHAPES = {
    "pusher:connection_established": [
        "",
        '"data":null',
        '"data":"x"',
        '"data":[]',
        '"data":{}',
        '"data":{"socket_id":"1.2"}',
        '"data":{"activity_timeout":120}',
        '"data":{"socket_id":1.2,"activity_timeout":120}',
        '"data":{"socket_id":"1.2:private-x","activity_timeout":120}',
        '"data":{"socket_id":"1.2","activity_timeout":0}',
        '"data":{"socket_id":"1.2","activity_timeout":-1}',
        '"data":{"socket_id":"1.2","activity_timeout":true}',
        '"data":{"socket_id":"1.2","activity_timeout":null}',
        '"data":{"socket_id":"1.2","activity_timeout":"soon"}',
        '"data":{"socket_id":"1.2","activity_timeout":"nan"}',
        '"data":{"socket_id":"1.2","activity_timeout":"0"}',
        f'"data":{{"socket_id":"{"1" * 41}.2","activity_timeout":120}}',
    ],
    "pusher_internal:subscription_succeeded": [
        "",
        '"channel":1',
        '"channel":"presence-a","data":{"presence":{"ids":[],"count":"x"}}',
        '"channel":"presence-a","data":{"presence":{"ids":[],"count":[]}}',
        '"channel":"presence-a","data":{"presence":{"ids":[],"count":-1}}',
        '"channel":"presence-a","data":{"presence":{"ids":[],"count":9007199254740993}}',
        '"channel":"presence-a","data":{"presence":{"ids":[],"count":"99999999999999999999"}}',
    ],
    "pusher:subscription_error": ["", '"channel":1'],
    "pusher_internal:subscription_error": ["", '"channel":null'],
    "pusher_internal:member_added": [
        '"channel":"presence-a"',
        '"channel":"presence-a","data":"x"',
        '"channel":"presence-a","data":{}',
        '"channel":"presence-a","data":{"user_id":null}',
        '"channel":"presence-a","data":{"user_id":[]}',
        '"channel":"presence-a","data":{"user_id":true}',
        f'"channel":"presence-a","data":{{"user_id":"{"u" * 201}"}}',
        '"data":{"user_id":"a"}',
    ],
    "pusher_internal:member_removed": [
        '"channel":"presence-a"',
        '"channel":"presence-a","data":[]',
        '"channel":"presence-a","data":{"user_id":{}}',
        f'"channel":"presence-a","data":{{"user_id":"{"u" * 201}"}}',
        '"channel":[],"data":{"user_id":"a"}',
    ],
    "pusher_internal:subscription_count": [
        '"channel":"c"',
        '"channel":"c","data":7',
        '"channel":"c","data":{}',
        '"channel":"c","data":{"subscription_count":null}',
        '"channel":"c","data":{"subscription_count":"many"}',
        '"channel":"c","data":{"subscription_count":1.5}',
        '"channel":"c","data":{"subscription_count":18446744073709551616}',
        '"data":{"subscription_count":1}',
    ],
    "pusher_internal:watchlist_events": [
        "",
        '"data":[]',
        '"data":{}',
    ],
}


@pytest.mark.parametrize("frame", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^The frame is not JSON$"):
        decode(frame)


@pytest.mark.parametrize("frame", WITHOUT_EVENT)
def test_what_names_no_event_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^The frame names no event$"):
        decode(frame)


@pytest.mark.parametrize(
    ("name", "rest"), [(name, rest) for name, rests in WRONG_SHAPES.items() for rest in rests]
)
def test_a_known_event_of_a_wrong_shape_is_refused_by_name(name: str, rest: str) -> None:
    with pytest.raises(
        ProtocolError, match=rf"^The frame {name} lacks a field, or has one that is not valid$"
    ):
        decode(f'{{"event":"{name}"{"," if rest else ""}{rest}}}')


def test_a_refusal_repeats_no_more_than_the_start_of_a_long_name() -> None:
    with pytest.raises(ProtocolError, match=r"^The frame pusher:x{53} lacks"):
        decode(f'{{"event":"pusher:{"x" * 1000}","channel":1}}')


@pytest.mark.parametrize("name", ["", "pusher:"])
def test_an_event_with_a_long_name_is_refused(name: str) -> None:
    name = name.ljust(64 * 1024, "x")
    assert decode(f'{{"event":"{name}","channel":"orders"}}')
    with pytest.raises(
        ProtocolError, match=r"^The name of an event has more than 65536 characters$"
    ):
        decode(f'{{"event":"{name}x","channel":"orders"}}')


@pytest.mark.parametrize("user_id", ["{}", "[1]", "true", '""', f'"{"u" * 201}"'])
def test_an_event_has_no_user_that_is_no_user_id(user_id: str) -> None:
    event = decode(f'{{"event":"client-a","channel":"presence-a","user_id":{user_id}}}')
    assert isinstance(event, Event)
    assert event.user_id is None


def test_a_list_of_members_has_no_long_ids_and_no_large_user_info() -> None:
    large = "x" * 64 * 1024
    data = {
        "ids": ["a", "b", large],
        "hash": {"a": {"name": "Ada"}, "b": {"name": large}, large: {}},
        "count": 3,
    }
    assert decode(frames.subscription_succeeded("presence-a", data)) == (
        SubscriptionSucceeded("presence-a", (Member("a", {"name": "Ada"}), Member("b")), 2)
    )


class ClientUnderTest:
    """A client's channel, and the notices about it."""

    def __init__(self, client: PusherClient, server: DevServer) -> None:
        self.client = client
        self.server = server
        self.record = Record(client)
        self.events: list[Event] = []
        client.bind(self.events.append)

    @property
    def rejected(self) -> list[str]:
        return self.record.rejected

    async def still_works(self) -> None:
        """Check that the next good event arrives."""
        await self.server.publish("orders", "good", {"id": 1})
        await until(lambda: self.events)
        assert [event.name for event in self.events] == ["good"]


@pytest.fixture
async def client_under_test(client: PusherClient, server: DevServer) -> ClientUnderTest:
    client_under_test = ClientUnderTest(client, server)
    client.subscribe("orders")
    await connect(client)
    await server.wait_subscribed("orders")
    return client_under_test


async def test_broken_frames_are_reported_and_the_connection_stays(
    client_under_test: ClientUnderTest,
) -> None:
    socket_id = client_under_test.client.socket_id
    broken = [frame for frame in NOT_JSON if b"\xff" not in frame and b"\xc3" not in frame]
    for frame in broken + WITHOUT_EVENT:
        await client_under_test.server.send_raw(frame.decode())

    await client_under_test.still_works()

    assert client_under_test.rejected == ["The frame is not JSON"] * len(broken) + [
        "The frame names no event"
    ] * len(WITHOUT_EVENT)
    assert client_under_test.client.socket_id == socket_id


async def test_wrong_shapes_are_reported_and_the_connection_stays(
    client_under_test: ClientUnderTest,
) -> None:
    shapes = [(name, rest) for name, rests in WRONG_SHAPES.items() for rest in rests]
    for name, rest in shapes:
        await client_under_test.server.send_raw(f'{{"event":"{name}"{"," if rest else ""}{rest}}}')

    await client_under_test.still_works()

    assert client_under_test.rejected == [
        f"The frame {name} lacks a field, or has one that is not valid" for name, _ in shapes
    ]
    assert len(client_under_test.server.attempts) == 1


async def test_text_that_is_no_utf_8_is_reported_and_the_connection_stays(
    client_under_test: ClientUnderTest,
) -> None:
    socket = client_under_test.server.connections[0]._websocket
    await socket.send_frame(b'{"event":"x","channel":"orders","data":"\xff"}', WSMsgType.TEXT)

    await client_under_test.still_works()

    assert client_under_test.rejected == ["The frame is not JSON"]


async def test_a_binary_frame_is_reported_and_skipped(client_under_test: ClientUnderTest) -> None:
    await client_under_test.server.send_raw(b'{"event":"x","channel":"orders"}')

    await client_under_test.still_works()

    assert client_under_test.rejected == ["The frame is binary"]


async def test_unknown_channels_events_and_welcomes_are_passed_over(
    client_under_test: ClientUnderTest,
) -> None:
    for frame in (
        '{"event":"x","channel":"not-subscribed"}',
        '{"event":"x"}',
        '{"event":"pusher_internal:new","channel":"orders"}',
        '{"event":"pusher_internal:member_added","channel":"orders","data":{"user_id":"a"}}',
        '{"event":"pusher_internal:subscription_count","channel":"x","data":{"subscription_count":1}}',
        '{"event":"pusher:connection_established","data":{"socket_id":"6.6","activity_timeout":1}}',
    ):
        await client_under_test.server.send_raw(frame)

    await client_under_test.still_works()

    assert client_under_test.rejected == []
    assert client_under_test.client.socket_id == client_under_test.server.connections[0].socket_id


async def test_an_event_nested_too_deeply_for_the_parser_is_delivered_as_text(
    client_under_test: ClientUnderTest,
) -> None:
    await client_under_test.server.send_raw(
        '{"event":"deep","channel":"orders","data":"' + "[" * DEEP + "]" * DEEP + '"}'
    )
    await until(lambda: client_under_test.events)

    assert client_under_test.events[0].data == "[" * DEEP + "]" * DEEP


@pytest.mark.parametrize("data", ["x" * 2**20, "é" * 2**19, {"x": "x" * 1_000_000}])
async def test_an_event_with_1_mb_of_data_is_dispatched(
    client_under_test: ClientUnderTest, data: object
) -> None:
    await client_under_test.server.send_raw(frames.event("orders", "big", data))
    await until(lambda: client_under_test.events)

    assert client_under_test.events[0].raw == data


@pytest.mark.parametrize("data", ["x" * 2**20 + "x", "é" * 2**20, {"x": "x" * 2**20}])
async def test_an_event_with_more_data_is_rejected(
    client_under_test: ClientUnderTest, data: object
) -> None:
    await client_under_test.server.send_raw(frames.event("orders", "big\n", data))

    await client_under_test.still_works()

    assert client_under_test.rejected == ["The data of the event big  is larger than 1 MB"]


@pytest.mark.parametrize("frame", ["x" * 17_000_000, bytes(17_000_000)], ids=["text", "binary"])
async def test_a_frame_over_16_mb_ends_the_connection_and_the_next_one_works(
    frame: str | bytes, client_under_test: ClientUnderTest
) -> None:
    await client_under_test.server.send_raw(frame)
    await until(lambda: client_under_test.client.state is ConnectionState.RECONNECTING)
    assert client_under_test.client.last_error is not None
    assert client_under_test.client.last_error.code == 1009

    await client_under_test.server.wait_attempts(2)
    await until(lambda: client_under_test.client.channels["orders"].is_subscribed)
    await client_under_test.still_works()
