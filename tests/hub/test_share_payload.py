"""States become messages of which the finished request is never too large."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from homeassistant.core import State

from custom_components.pusher_channels.hub.share_payload import (
    Budget,
    Encoding,
    Parts,
    Row,
    TooLargeError,
    make_removed_row,
    make_row,
)
from custom_components.pusher_channels.hub.share_route import request_budget

LIMIT = 9_000
CHANNEL = "private-home"
ENCRYPTED_CHANNEL = "private-encrypted-home"
LONGEST_SOCKET_ID = "1" * 48
CHANGED = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NAMES = ("Küche 🌡", 'say "hi" \\ there', "Plain", "\x00\t\n")


def a_row(number: int, **attributes: Any) -> Row:
    values = {
        "friendly_name": NAMES[number % len(NAMES)],
        "unit_of_measurement": "°C",
        **attributes,
    }
    state = State(f"sensor.number_{number}", str(number), values, last_changed=CHANGED)
    return make_row(state, tuple(attributes))


def budget(encoding: Encoding, limit: int = LIMIT) -> Budget:
    if encoding is Encoding.OBJECT:
        return Budget.of_client_event(CHANNEL, "client-states", limit=limit)
    channel = ENCRYPTED_CHANNEL if encoding is Encoding.ENCRYPTED else CHANNEL
    return request_budget(channel, "states", limit)


def split(rows: Iterable[Row], budget: Budget, *, snapshot: bool) -> list[str]:
    parts = Parts(budget)
    for row in rows:
        parts.add(row)
    return [message.text for message in parts.messages(snapshot=snapshot)]


def finished_size(encoding: Encoding, text: str) -> int:
    """Return the size of the request that carries a message, by building it."""
    if encoding is Encoding.OBJECT:
        frame = {"event": "client-states", "channel": CHANNEL, "data": json.loads(text)}
        return len(orjson.dumps(frame))
    channel = CHANNEL
    if encoding is Encoding.ENCRYPTED:
        channel = ENCRYPTED_CHANNEL
        ciphertext = "A" * (-(-(len(text.encode()) + 16) // 3) * 4)
        text = orjson.dumps({"nonce": "A" * 32, "ciphertext": ciphertext}).decode()
    body = {
        "name": "states",
        "data": text,
        "channels": [channel],
        "socket_id": LONGEST_SOCKET_ID,
    }
    return len(orjson.dumps(body))


def test_row_has_name_and_unit_and_only_listed_attributes() -> None:
    attributes = {
        "friendly_name": "Fridge",
        "unit_of_measurement": "°C",
        "battery": 90,
        "access_token": "secret",
    }
    state = State("sensor.fridge", "4.5", attributes, last_changed=CHANGED)

    assert json.loads(make_row(state, ()).text) == {
        "entity_id": "sensor.fridge",
        "name": "Fridge",
        "state": "4.5",
        "unit": "°C",
        "attributes": {},
        "changed": "2026-11-25T03:00:00+00:00",
    }
    row = json.loads(make_row(state, ("battery", "absent")).text)
    assert row["attributes"] == {"battery": 90}


def test_attributes_become_json_or_are_left_out() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    deep: list[Any] = []
    for _ in range(250):
        deep = [deep]
    unusable = {
        "object": object(),
        "cyclic": cyclic,
        "deep": deep,
        "half": "\ud800",
        "large": 10**30,
    }
    attributes = {"since": CHANGED, "modes": {"a"}, "n": None, **unusable}
    state = State("sensor.odd", "1", attributes, last_changed=CHANGED)

    row = json.loads(make_row(state, tuple(attributes)).text)

    assert row["attributes"] == {"since": "2026-11-25T03:00:00+00:00", "modes": ["a"], "n": None}


@pytest.mark.parametrize(
    ("given", "sent"), [("\ud800", "?"), (5, "5"), (["a"], "['a']"), ("W\x00", "W\x00")]
)
def test_anything_that_an_entity_says_is_sent_as_text(given: Any, sent: str) -> None:
    attributes = {"friendly_name": given, "unit_of_measurement": given}
    row = json.loads(make_row(State("sensor.odd", str(given), attributes), ()).text)
    assert (row["name"], row["state"], row["unit"]) == (sent, sent, sent)


def test_removed_row_has_no_state() -> None:
    row = json.loads(make_removed_row("sensor.gone", "Gone", CHANGED.isoformat()).text)

    assert row["state"] is None
    assert (row["name"], row["unit"], row["attributes"]) == ("Gone", None, {})
    assert row["changed"] == CHANGED.isoformat()


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(
    "text", ["{}", '{"name":"say \\"hi\\", Küche 🌡"}', "[" + "1," * 500 + "1]"]
)
def test_size_of_the_finished_request_is_known_exactly(encoding: Encoding, text: str) -> None:
    size = finished_size(encoding, text)

    for limit in (size - 1, size, size + 1):
        limited = budget(encoding, limit)
        assert limited.fits(limited.cost(text.encode())) is (size <= limit)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("limit", [1_000, 5_000, LIMIT])
@pytest.mark.parametrize("snapshot", [True, False])
def test_parts_are_full_but_never_too_large(
    encoding: Encoding, limit: int, *, snapshot: bool
) -> None:
    rows = [a_row(number, note="\\\"'ü" * (number % 40)) for number in range(400)]

    texts = split(rows, budget(encoding, limit), snapshot=snapshot)

    messages = [json.loads(text) for text in texts]
    assert len(messages) > 1
    assert [row for it in messages for row in it["states"]] == [json.loads(it.text) for it in rows]
    numbering = [(it["snapshot"], it["part"], it["parts"]) for it in messages]
    assert numbering == [(snapshot, n + 1, len(texts)) for n in range(len(texts))]
    sizes = [finished_size(encoding, text) for text in texts]
    assert max(sizes) <= limit
    # A message that had the next row too would be too large, but for the numbers of the parts.
    sent = 0
    for text, message in zip(texts[:-1], messages, strict=False):
        sent += len(message["states"])
        fuller = text.replace('],"snapshot"', f',{rows[sent].text.decode()}],"snapshot"')
        assert finished_size(encoding, fuller) > limit - 16


@pytest.mark.parametrize("encoding", Encoding)
def test_row_that_is_too_large_loses_its_attributes(encoding: Encoding) -> None:
    long_name = "The weather of the next days " * 3
    attributes = {"friendly_name": long_name, "forecast": ["rain"] * 3_000}
    weather = State("sensor.weather", "2", attributes, last_changed=CHANGED)
    rows = [a_row(1), make_row(weather, ("forecast",)), a_row(3)]

    [text] = split(rows, budget(encoding), snapshot=False)

    states = json.loads(text)["states"]
    assert [row["state"] for row in states] == ["1", "2", "3"]
    assert (states[1]["attributes"], states[1]["name"]) == ({}, long_name)


@pytest.mark.parametrize("encoding", Encoding)
def test_name_and_unit_that_fit_into_no_message_are_cut(encoding: Encoding) -> None:
    attributes = {"friendly_name": "x" * 10_000, "unit_of_measurement": "\x01" * 10_000}
    state = State("sensor.named", "\x01" * 255, attributes, last_changed=CHANGED)

    [text] = split([make_row(state, ())], budget(encoding), snapshot=False)

    [row] = json.loads(text)["states"]
    assert (row["name"], row["unit"]) == ("x" * 50, "\x01" * 50)
    assert row["state"] == state.state


def test_row_that_is_still_too_large_is_an_error() -> None:
    state = State("sensor.long", "\x01" * 255, last_changed=CHANGED)

    with pytest.raises(TooLargeError):
        split([make_row(state, ())], budget(Encoding.TEXT, 1_000), snapshot=False)


@pytest.mark.parametrize(("snapshot", "count"), [(True, 1), (False, 0)])
def test_without_rows_only_a_snapshot_is_a_message(snapshot: bool, count: int) -> None:
    texts = split([], budget(Encoding.TEXT), snapshot=snapshot)

    assert len(texts) == count
    for text in texts:
        assert json.loads(text) == {"states": [], "snapshot": True, "part": 1, "parts": 1}
