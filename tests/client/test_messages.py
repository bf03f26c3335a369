"""The frames of real servers are decoded; every frame of the vectors is here."""

import json
from typing import Any

import pytest

from custom_components.pusher_channels.client.exceptions import ProtocolError
from custom_components.pusher_channels.client.messages import (
    ErrorReceived,
    Established,
    Event,
    Json,
    Member,
    MemberAdded,
    MemberRemoved,
    Message,
    Ping,
    Pong,
    SigninSuccess,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unknown,
    WatchlistEvents,
)
from custom_components.pusher_channels.client.protocol import decode

from .vectors import VECTORS

CHANNEL = "presence-a"
UNAUTHORIZED = SubscriptionRefused("private-a", "AuthError", "The connection is unauthorized.", 401)
REFUSED = SubscriptionRefused("private-a", "AuthError", "The server refused the subscription", 0)
BAD_NAME = (
    "The channel name is not allowed. Read channel conventions: "
    "https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions"
)
TOO_FAST = ErrorReceived(
    4301, "The rate limit for sending client events exceeded the quota.", "private-a"
)
TEN, TWO = Member("10", {"n": 1}), Member("two", {"n": 2})

SAID: dict[str, list[object]] = {
    "soketi_1.6.1_captured_2026-11-24": [
        ErrorReceived(4001, "App key nokey does not exist."),
        Pong(),
        Pong(),
        SubscriptionSucceeded("pub"),
        UNAUTHORIZED,
        UNAUTHORIZED,
        SubscriptionSucceeded("private-a"),
        SubscriptionSucceeded("presence-a", (TEN,), 1),
        SubscriptionSucceeded("presence-b", (Member("u"),), 1),
        SubscriptionSucceeded("cache-n"),
        ("cache-n", "pusher:cache_miss", None, None),
        SubscriptionRefused("bad name!", "AuthError", BAD_NAME, 4009),
        SubscriptionSucceeded("private-a"),
        SubscriptionSucceeded("presence-a", (TEN, TWO), 2),
        MemberAdded("presence-a", TWO),
        ("private-a", "client-o", {"a": 1}, None),
        ("private-a", "client-s", {"a": 1}, None),
        ("presence-a", "client-p", "str", "10"),
        *[TOO_FAST] * 5,
        ErrorReceived(4301, "The event data should be less than 10 KB.", "private-a"),
        ErrorReceived(4009, "Connection not authorized."),
        SubscriptionSucceeded("#server-to-user-me"),
        SubscriptionSucceeded("#server-to-user-other"),
    ],
    "pusher-fake_captured_2026-11-24": [
        Established("74.0", 120),
        Established("76.0", 120),
        Pong(),
        SubscriptionSucceeded("pub"),
        REFUSED,
        REFUSED,
        SubscriptionSucceeded("private-a"),
        SubscriptionSucceeded("presence-a", (TEN,), 1),
        SubscriptionSucceeded("cache-n"),
        ("cache-n", "pusher:cache_miss", None, None),
        SubscriptionSucceeded("bad name!"),
        SubscriptionSucceeded("presence-a", (TEN, TWO), 2),
        SubscriptionSucceeded("private-a"),
        MemberAdded("presence-a", TWO),
        ("private-a", "client-s", '{"a":1}', None),
        ("presence-a", "client-p", "str", None),
        SubscriptionSucceeded("#server-to-user-other"),
        "The frame is not JSON",
    ],
    "pusher_com_from_docs_and_issues": [
        Established("123.456", 120),
        ErrorReceived(
            4001, "App key X not in this cluster. Did you forget to specify the cluster?"
        ),
        ErrorReceived(None, "Existing subscription to channel ls.message.44080_ls.private.18659"),
        ErrorReceived(4201, "Pong reply not received"),
        SubscriptionCount("my-channel", 7),
        ("cache-x", "pusher:cache_miss", None, None),
    ],
    "reverb_from_code": [
        ErrorReceived(4004, "Application is over connection quota"),
        ErrorReceived(4009, "Connection is unauthorized"),
        ErrorReceived(4200, "Invalid message format"),
        SubscriptionSucceeded("c"),
        ("cache-x", "pusher:cache_miss", None, None),
        Pong(),
    ],
}


def said(frame: str | bytes) -> object:
    """Return the content of a frame; an event as its fields, a rejected frame as its reason."""
    try:
        message: Message = decode(frame)
    except ProtocolError as err:
        return str(err)
    if isinstance(message, Event):
        return (message.channel, message.name, message.data, message.user_id)
    return message


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (row["frame"], expected)
        for server, rows in VECTORS["frames"].items()
        for row, expected in zip(rows, SAID[server], strict=True)
    ],
)
def test_each_server_is_understood(frame: str, expected: object) -> None:
    assert said(frame) == expected
    assert said(frame.encode()) == expected


@pytest.mark.parametrize("row", VECTORS["decode_message"])
def test_data_is_decoded_where_it_is_json(row: dict[str, Any]) -> None:
    expected = (
        "The frame is not JSON" if "error" in row else (None, row["event"], row["data"], None)
    )

    assert said(row["raw"]) == expected


def test_each_application_event_of_a_server_is_kept_whole() -> None:
    frame = '{"event":"","channel":"c","user_id":0,"data":false}'

    assert said(frame) == ("c", "", False, "0")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("ping", {}, Ping()),
        ("ping", None, Ping()),
        (
            "connection_established",
            {"socket_id": "1.2", "activity_timeout": 0.5},
            Established("1.2", 0.5),
        ),
        ("error", None, ErrorReceived(None, "The server reported an error", CHANNEL)),
        ("error", "no", ErrorReceived(None, "no", CHANNEL)),
        (
            "error",
            {"code": "4001", "message": ""},
            ErrorReceived(4001, "The server reported an error", CHANNEL),
        ),
        (
            "subscription_error",
            '{"type":"LimitReached","error":"full","status":4100}',
            SubscriptionRefused(CHANNEL, "LimitReached", "full", 4100),
        ),
        (
            "subscription_error",
            "no",
            SubscriptionRefused(CHANNEL, "AuthError", "no", 0),
        ),
        (
            "subscription_error",
            [],
            SubscriptionRefused(CHANNEL, "AuthError", "The server refused the subscription", 0),
        ),
        ("signin_success", {"user_data": '{"id":7}'}, SigninSuccess("7")),
        ("signin_success", '{"user_data":{"id":"me"}}', SigninSuccess("me")),
        ("signin_success", None, SigninSuccess(None)),
        ("new", "[1]", (CHANNEL, "pusher:new", [1], None)),
    ],
)
def test_other_shapes_of_a_public_event_are_understood(
    name: str, data: Json, expected: object
) -> None:
    frame = {"event": f"pusher:{name}", "channel": CHANNEL, "data": data}

    assert said(json.dumps(frame)) == expected


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "subscription_succeeded",
            '{"presence":{"hash":[],"ids":[]}}',
            SubscriptionSucceeded(CHANNEL, (), 0),
        ),
        (
            "subscription_succeeded",
            {"presence": {"hash": {"b": 1, "a": None}, "count": 9}},
            SubscriptionSucceeded(CHANNEL, (Member("b", 1), Member("a")), 9),
        ),
        (
            "subscription_succeeded",
            {"presence": {"ids": {"0": "a", "2": 5}, "hash": {"a": 1}, "count": 2}},
            SubscriptionSucceeded(CHANNEL, (Member("a", 1), Member("5")), 2),
        ),
        ("subscription_succeeded", {"presence": {}}, SubscriptionSucceeded(CHANNEL, (), 0)),
        ("member_added", '{"user_id":"a"}', MemberAdded(CHANNEL, Member("a"))),
        ("member_added", {"user_id": 1.5}, MemberAdded(CHANNEL, Member("1.5"))),
        ("member_removed", {"user_id": 10}, MemberRemoved(CHANNEL, "10")),
        ("subscription_count", {"subscription_count": "7"}, SubscriptionCount(CHANNEL, 7)),
        (
            "watchlist_events",
            {
                "events": [
                    {"name": "online", "user_ids": ["a", 2]},
                    {"name": "offline", "user_ids": ["b"]},
                    {"name": "away", "user_ids": ["c"]},
                    {"name": "online"},
                ]
            },
            WatchlistEvents((("a", True), ("2", True), ("b", False))),
        ),
        ("new", 1, Unknown("pusher_internal:new")),
    ],
)
def test_other_shapes_of_an_internal_event_are_understood(
    name: str, data: Json, expected: object
) -> None:
    frame = {"event": f"pusher_internal:{name}", "channel": CHANNEL, "data": data}

    assert said(json.dumps(frame)) == expected


@pytest.mark.parametrize(
    ("data", "decoded"),
    [
        (None, None),
        ("", ""),
        ("null", None),
        ("3", 3),
        ('"quoted"', "quoted"),
        ("{broken", "{broken"),
        ("NaN", "NaN"),
        pytest.param("[" * 10_000, "[" * 10_000, id="deep"),
        ({"a": "{}"}, {"a": "{}"}),
    ],
)
def test_data_is_decoded_once_and_kept_raw_beside(data: Json, decoded: Json) -> None:
    event = Event.of({"event": "e", "channel": "c", "data": data})

    assert event.data == decoded
    assert event.data is event.data
    assert event.raw is data


def test_an_event_never_shows_what_it_carries() -> None:
    assert "secret" not in repr(
        Event.of({"event": "e", "channel": "c", "data": "secret", "user_id": "secret"})
    )


BROKEN_NUMBERS = [True, {}, [], "x", 40.5, -1, 2**53 + 1, "99999999999999999999", "nan"]


@pytest.mark.parametrize("number", BROKEN_NUMBERS)
def test_refusal_with_a_broken_code_is_still_a_refusal(number: Json) -> None:
    error = {"event": "pusher:error", "data": {"code": number, "message": "No"}, "channel": 1}
    refusal = {
        "event": "pusher:subscription_error",
        "channel": "c",
        "data": {"type": "AuthError", "error": "No", "status": number},
    }

    assert decode(json.dumps(error)) == ErrorReceived(None, "No")
    assert decode(json.dumps(refusal)) == SubscriptionRefused("c", "AuthError", "No", 0)


@pytest.mark.parametrize(
    "frame",
    [
        '{"event":"pusher:error","data":{"code":null,"message":"Expected %s, but got %s"}}',
        '{"event":"pusher:subscription_error","channel":"c","data":{"error":"Expected %s, got %s"}}',
    ],
)
def test_signatures_that_a_server_quotes_are_left_out(frame: str) -> None:
    message = decode(frame % ("a1" * 32, "B2" * 32))

    assert isinstance(message, ErrorReceived | SubscriptionRefused)
    text = message.message if isinstance(message, ErrorReceived) else message.error
    assert "a1a1" not in text
    assert "B2B2" not in text
    assert text.count("[redacted]") == 2


def test_a_decrypted_event_keeps_the_other_fields_of_its_frame() -> None:
    encrypted = Event.of({"event": "e", "channel": "c", "data": "ciphertext", "user_id": 10})
    opened = encrypted.from_cache().with_data('{"a":1}')
    assert (opened.name, opened.channel, opened.user_id, opened.cached) == ("e", "c", "10", True)
    assert opened.data == {"a": 1}


@pytest.mark.parametrize(
    ("data", "written"),
    [
        pytest.param("[" * 200 + "]" * 200, None, id="text of 200 levels"),
        pytest.param("[" * 201 + "]" * 201, "[" * 201 + "]" * 201, id="text of 201 levels"),
        pytest.param(json.loads("[" * 201 + "]" * 201), "[" * 201 + "]" * 201, id="201 levels"),
        pytest.param('{"a":1}', None, id="little text"),
        pytest.param({"a": 1}, None, id="little"),
        pytest.param("no JSON", None, id="no JSON"),
    ],
)
def test_data_of_more_levels_than_can_be_written_is_written_as_text(
    data: Json, written: str | None
) -> None:
    event = Event.of({"event": "e", "data": data})

    assert event.writable() == (event.data if written is None else written)
