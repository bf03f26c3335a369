"""Webhooks: what is taken, what is refused, and what they tell; the official library has to agree."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from pusher import Pusher

from custom_components.pusher_channels.client import webhooks
from custom_components.pusher_channels.client.exceptions import WebhookError
from custom_components.pusher_channels.client.webhooks import (
    WebhookEvent,
    WebhookMemory,
    WebhookReceiver,
)

from .vectors import VECTORS

KEY, SECRET = "123456789", "tofu"
NOW = 1_403_175_510.755
OFFICIAL = Pusher("1", KEY, SECRET)


def made(*events: object, time_ms: object = round(NOW * 1000)) -> bytes:
    return json.dumps({"time_ms": time_ms, "events": events}).encode()


def signed(body: bytes, **changes: str) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Pusher-Key": KEY, "X-Pusher-Signature": signature} | changes


def refusal(headers: Mapping[str, str], body: bytes, now: float = NOW) -> int:
    with pytest.raises(WebhookError) as refused:
        WebhookReceiver(KEY, SECRET).receive(headers, body, now)
    assert refused.value.args[0]
    return refused.value.status


def told(body: bytes, now: float = NOW) -> tuple[WebhookEvent, ...]:
    return WebhookReceiver(KEY, SECRET).receive(signed(body), body, now)


@pytest.mark.parametrize("vector", VECTORS["webhook"])
def test_a_documented_webhook_is_refused_and_taken_with_key_and_signature_of_its_own(
    vector: dict[str, Any],
) -> None:
    body = vector["body"].encode()
    assert vector["token"] == {"key": KEY, "secret": SECRET}
    assert not vector["valid"]
    assert refusal(vector["headers"], body) == 401
    assert told(body) == (WebhookEvent("channel_vacated", "test_channel"),)


@pytest.mark.parametrize(
    ("changes", "away", "taken"),
    [
        ({}, 0.0, True),
        ({}, 299.0, True),
        ({}, 301.0, False),
        ({"X-Pusher-Key": "another"}, 0.0, False),
        ({"X-Pusher-Signature": "0" * 64}, 0.0, False),
        ({"X-Pusher-Signature": ""}, 0.0, False),
    ],
)
def test_the_official_library_takes_and_refuses_the_same(
    changes: dict[str, str], away: float, taken: bool
) -> None:
    now = time.time()
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=round((now - away) * 1000))
    headers = signed(body, **changes)
    official = OFFICIAL.validate_webhook(
        headers["X-Pusher-Key"], headers["X-Pusher-Signature"], body.decode()
    )
    assert (official is not None) is taken
    if taken:
        assert WebhookReceiver(KEY, SECRET).receive(headers, body, now)
    else:
        assert refusal(headers, body, now) == 401


@pytest.mark.parametrize("header", ["X-Pusher-Key", "X-Pusher-Signature"])
def test_a_missing_header_or_one_that_is_no_text_is_refused(header: str) -> None:
    body = made()
    headers = signed(body)
    assert refusal({**headers, header: "\udcff\N{SNOWMAN}"}, body) == 401
    del headers[header]
    assert refusal(headers, body) == 401


def test_a_changed_body_is_refused_before_it_is_read() -> None:
    headers = signed(made())
    assert refusal(headers, made() + b" ") == 401
    assert refusal(headers, b"\xff{") == 401


@pytest.mark.parametrize("away", [-300, 300])
def test_three_hundred_seconds_are_the_limit_both_ways(away: float) -> None:
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=1_000_000_000)
    assert told(body, 1_000_000 + away)
    assert refusal(signed(body), body, 1_000_000 + away * 1.001) == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"null",
        made()[:-1],
        b'{"events":[]}',
        b'{"time_ms":1403175510755}',
        b'{"time_ms":1403175510755,"events":{}}',
        b'{"time_ms":1403175510755,"events":"a"}',
        made(time_ms="1403175510755"),
        made(None),
        made("a"),
        made({"name": "channel_occupied"}),
        made({"channel": "a"}),
        made({"name": 1, "channel": "a"}),
        made({"name": "channel_occupied", "channel": None}),
        made({"name": "channel_occupied", "channel": "a"}, []),
    ],
)
def test_a_signed_body_that_is_no_webhook_is_a_mistake_of_the_sender(body: bytes) -> None:
    assert refusal(signed(body), body) == 400


def test_each_kind_of_event_is_told_with_its_fields() -> None:
    body = made(
        {"name": "channel_occupied", "channel": "a"},
        {"name": "member_added", "channel": "presence-a", "user_id": "42"},
        {"name": "member_removed", "channel": "presence-a", "user_id": 42},
        {
            "name": "client_event",
            "channel": "presence-a",
            "event": "client-light",
            "data": '{"on":true}',
            "socket_id": "1.2",
            "user_id": "42",
        },
        {"name": "subscription_count", "channel": "a", "subscription_count": 3},
        {"name": "new_kind", "channel": "a", "user_id": {}, "subscription_count": "3"},
    )
    assert told(body) == (
        WebhookEvent("channel_occupied", "a"),
        WebhookEvent("member_added", "presence-a", user_id="42"),
        WebhookEvent("member_removed", "presence-a", user_id="42"),
        WebhookEvent(
            "client_event",
            "presence-a",
            user_id="42",
            client_event="client-light",
            data={"on": True},
            socket_id="1.2",
        ),
        WebhookEvent("subscription_count", "a", subscription_count=3),
        WebhookEvent("new_kind", "a"),
    )


def test_data_that_nobody_could_write_stays_text() -> None:
    deep = "[" * 500 + "]" * 500
    body = made({"name": "client_event", "channel": "private-a", "event": "x", "data": deep})
    [event] = told(body)
    assert event.data == deep


def test_a_repeat_tells_nothing_and_an_equal_event_of_another_time_does() -> None:
    receiver = WebhookReceiver(KEY, SECRET)
    event = {"name": "channel_occupied", "channel": "a"}
    first, second = made(event), made(event, time_ms=round(NOW * 1000) + 1)
    assert len(receiver.receive(signed(first), first, NOW)) == 1
    for later in (0, 1, 299.9, 300):
        assert receiver.receive(signed(first), first, NOW + later) == ()
    assert len(receiver.receive(signed(second), second, NOW)) == 1


def test_a_webhook_of_a_clock_ahead_is_remembered_as_long_as_it_would_be_taken() -> None:
    receiver = WebhookReceiver(KEY, SECRET)
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=1_000_000_000)
    assert receiver.receive(signed(body), body, 999_700)
    assert receiver.receive(signed(body), body, 1_000_300) == ()


def test_a_refused_webhook_is_not_remembered() -> None:
    receiver = WebhookReceiver(KEY, SECRET)
    body = made({"name": "channel_occupied", "channel": "a"})
    with pytest.raises(WebhookError):
        receiver.receive(signed(body), body, NOW - 301)
    assert receiver.receive(signed(body), body, NOW)


def test_memory_is_bounded_by_time_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_REMEMBERED", 3)
    memory = WebhookMemory()
    assert all(memory.is_new(name, now=0, expiry=10) for name in "abc")
    assert not any(memory.is_new(name, now=9, expiry=10) for name in "abc")
    assert memory.is_new("d", now=9, expiry=19)
    assert len(memory._expiry) == 3
    assert not memory.is_new("b", now=9, expiry=10)
    assert memory.is_new("e", now=11, expiry=20)
    assert list(memory._expiry) == ["d", "e"]


def test_the_secret_does_not_show() -> None:
    assert SECRET not in repr(WebhookReceiver(KEY, SECRET))
