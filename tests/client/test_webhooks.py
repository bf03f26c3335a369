"""Webhooks are accepted and refused as by the official library, and their events parsed."""

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


def receiver() -> WebhookReceiver:
    return WebhookReceiver({KEY: SECRET})


def received(
    receiver: WebhookReceiver, headers: Mapping[str, str], body: bytes, now: float = NOW
) -> list[WebhookEvent]:
    """Return the events that are handled for a request."""
    events: list[WebhookEvent] = []
    receiver.receive(headers, body, now, events.append)
    return events


def refusal(headers: Mapping[str, str], body: bytes, now: float = NOW) -> int:
    """Return the status with which a request is refused."""
    with pytest.raises(WebhookError) as refused:
        received(receiver(), headers, body, now)
    assert refused.value.message
    return refused.value.status


def parsed(body: bytes, now: float = NOW) -> list[WebhookEvent]:
    """Return the events of a signed request."""
    return received(receiver(), signed(body), body, now)


@pytest.mark.parametrize("vector", VECTORS["webhook"])
def test_documented_webhook_needs_its_key_and_signature(
    vector: dict[str, Any],
) -> None:
    body = vector["body"].encode()
    assert vector["token"] == {"key": KEY, "secret": SECRET}
    assert not vector["valid"]
    assert refusal(vector["headers"], body) == 401
    assert parsed(body) == [WebhookEvent("channel_vacated", "test_channel")]


@pytest.mark.parametrize(
    ("changes", "away", "accepted"),
    [
        ({}, 0.0, True),
        ({}, 299.0, True),
        ({}, 301.0, False),
        ({"X-Pusher-Key": "another"}, 0.0, False),
        ({"X-Pusher-Signature": "0" * 64}, 0.0, False),
        ({"X-Pusher-Signature": ""}, 0.0, False),
    ],
)
def test_official_library_accepts_and_refuses_the_same(
    changes: dict[str, str], away: float, accepted: bool
) -> None:
    now = time.time()
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=round((now - away) * 1000))
    headers = signed(body, **changes)
    official = OFFICIAL.validate_webhook(
        headers["X-Pusher-Key"], headers["X-Pusher-Signature"], body.decode()
    )
    assert (official is not None) is accepted
    if accepted:
        assert received(receiver(), headers, body, now)
    else:
        assert refusal(headers, body, now) == 401


@pytest.mark.parametrize("header", ["X-Pusher-Key", "X-Pusher-Signature"])
def test_missing_or_invalid_header_is_refused(header: str) -> None:
    body = made()
    headers = signed(body)
    assert refusal({**headers, header: "\udcff\N{SNOWMAN}"}, body) == 401
    del headers[header]
    assert refusal(headers, body) == 401


def test_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaviour does not show this, only the time that a comparison takes."""
    compared: list[bytes] = []

    def compare(signature: bytes, expected: bytes) -> bool:
        compared.append(signature)
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert received(receiver(), {"X-Pusher-Key": KEY, "X-Pusher-Signature": "any"}, made()) == []
    assert compared == [b"any"]


def test_changed_body_is_refused_before_it_is_parsed() -> None:
    headers = signed(made())
    assert refusal(headers, made() + b" ") == 401
    assert refusal(headers, b"\xff{") == 401


@pytest.mark.parametrize("away", [-300, 300])
def test_time_may_differ_by_300_seconds(away: float) -> None:
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=1_000_000_000)
    assert parsed(body, 1_000_000 + away)
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
def test_signed_body_that_is_no_webhook_is_a_bad_request(body: bytes) -> None:
    assert refusal(signed(body), body) == 400


def test_each_kind_of_event_has_its_fields() -> None:
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
        {"name": "new_kind", "channel": "a", "user_id": True, "subscription_count": True},
        {"name": "new_kind", "channel": "a", "user_id": "u" * 201, "subscription_count": []},
        {"name": "subscription_count", "channel": "a", "subscription_count": 2**53 + 1},
        {"name": "subscription_count", "channel": "a", "subscription_count": -1},
    )
    assert parsed(body) == [
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
        WebhookEvent("new_kind", "a", subscription_count=3),
        WebhookEvent("new_kind", "a"),
        WebhookEvent("new_kind", "a"),
        WebhookEvent("subscription_count", "a"),
        WebhookEvent("subscription_count", "a"),
    ]


def test_data_that_is_nested_too_deeply_stays_text() -> None:
    deep = "[" * 500 + "]" * 500
    body = made({"name": "client_event", "channel": "private-a", "event": "x", "data": deep})
    [event] = parsed(body)
    assert event.data == deep


def test_repeated_request_is_handled_once_and_an_equal_event_of_another_time_too() -> None:
    webhooks_of_app = receiver()
    event = {"name": "channel_occupied", "channel": "a"}
    first, second = made(event), made(event, time_ms=round(NOW * 1000) + 1)
    assert len(received(webhooks_of_app, signed(first), first)) == 1
    for later in (0, 1, 299.9, 300):
        assert received(webhooks_of_app, signed(first), first, NOW + later) == []
    assert len(received(webhooks_of_app, signed(second), second)) == 1


def test_request_from_the_future_is_remembered_as_long_as_it_is_valid() -> None:
    webhooks_of_app = receiver()
    body = made({"name": "channel_occupied", "channel": "a"}, time_ms=1_000_000_000)
    assert received(webhooks_of_app, signed(body), body, 999_700)
    assert received(webhooks_of_app, signed(body), body, 1_000_300) == []


def test_refused_request_is_not_remembered() -> None:
    webhooks_of_app = receiver()
    body = made({"name": "channel_occupied", "channel": "a"})
    with pytest.raises(WebhookError):
        received(webhooks_of_app, signed(body), body, NOW - 301)
    assert received(webhooks_of_app, signed(body), body)


def test_request_is_remembered_only_once_it_was_handled() -> None:
    webhooks_of_app = receiver()
    body = made({"name": "channel_occupied", "channel": "a"})

    def fail(event: WebhookEvent) -> None:
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        webhooks_of_app.receive(signed(body), body, NOW, fail)
    assert received(webhooks_of_app, signed(body), body)


def test_each_key_of_the_app_has_its_secret() -> None:
    webhooks_of_app = WebhookReceiver({"new": "new-secret", KEY: SECRET})
    body = made({"name": "channel_occupied", "channel": "a"})
    assert received(webhooks_of_app, signed(body), body)
    with pytest.raises(WebhookError, match=r"^The signature does not match the secret of key new$"):
        received(webhooks_of_app, signed(body) | {"X-Pusher-Key": "new"}, body)
    with pytest.raises(WebhookError, match=r"^The key old is not a key of this app$"):
        received(webhooks_of_app, signed(body) | {"X-Pusher-Key": "old"}, body)
    with pytest.raises(WebhookError, match=r"^The key of the request is not a key of this app$"):
        received(webhooks_of_app, signed(body) | {"X-Pusher-Key": "[x](http://a)"}, body)


def test_memory_is_bounded_by_time_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_REMEMBERED", 3)
    memory = WebhookMemory()
    for name in "abc":
        memory.add(name, now=0, expiry=10)
    assert all(memory.has(name, now=9) for name in "abc")
    memory.add("d", now=9, expiry=19)
    assert [name for name in "abcd" if memory.has(name, now=9)] == ["b", "c", "d"]
    memory.add("e", now=11, expiry=20)
    assert [name for name in "abcde" if memory.has(name, now=9)] == ["d", "e"]


def test_secret_is_not_shown() -> None:
    assert SECRET not in repr(receiver())
