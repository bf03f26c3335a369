"""Mutated and generated frames by the million, and runs of a client with random steps of both sides."""

import argparse
import json
import random
import string
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from custom_components.pusher_channels.client.crypto import (
    decrypt,
    encrypt,
    parse_encrypted,
    parse_key,
)
from custom_components.pusher_channels.client.exceptions import DecryptionError, ProtocolError
from custom_components.pusher_channels.client.messages import Event
from custom_components.pusher_channels.client.protocol import decode
from tools.soak.state_machine import ClientStateMachine

MOVES = 50
VECTORS = Path(__file__).parents[2] / "tests" / "client" / "vectors.json"
KEY = parse_key("T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU=")
NAMES = [
    "pusher:connection_established",
    "pusher:error",
    "pusher:ping",
    "pusher:pong",
    "pusher:subscription_error",
    "pusher:signin_success",
    "pusher:cache_miss",
    "pusher_internal:subscription_succeeded",
    "pusher_internal:subscription_error",
    "pusher_internal:member_added",
    "pusher_internal:member_removed",
    "pusher_internal:subscription_count",
    "pusher_internal:watchlist_events",
    "pusher_internal:unheard_of",
    "client-shout",
    "shipped",
]
FIELDS = [
    "event channel data user_id user_info presence ids hash count code message socket_id",
    "activity_timeout type error status subscription_count user_data id events name user_ids nonce ciphertext",
]
KEYS = " ".join(FIELDS).split()
ODD: list[object] = [
    None, True, False, 0, -1, 2**63, 2**64 - 1, -(2**63), 1e308, 0.5, "", "\0", "x" * 5000, "9" * 5000,
    "1.2", "😀", "\u202e", [], {}, [[]], {"": {}},
]  # fmt: skip
TOKENS = [
    b"NaN", b"1e999", b"-0", b"1" * 400, b'"\\ud800"', b"\xff\xfe", b"\xed\xa0\x80",
    b"[" * 1100, b'{"a":' * 300, b"[" * 400 + b"]" * 400,
]  # fmt: skip


def seeds() -> list[bytes]:
    """Return the frames that stand in the test vectors."""
    found: list[bytes] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            if "event" in value:
                found.append(json.dumps(value).encode())
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str) and value.startswith("{") and '"event"' in value:
            found.append(value.encode())

    look(json.loads(VECTORS.read_text()))
    return found


def make_value(chance: random.Random, depth: int = 0) -> object:
    """Return a random JSON value, which may hold JSON text as the protocol's data does."""
    kind = chance.randrange(10)
    if depth > 4 or kind < 4:
        return chance.choice(ODD)
    if kind < 6:
        return "".join(chance.choices(string.printable, k=chance.randrange(20)))
    if kind == 6:
        return [make_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    fields = {
        chance.choice(KEYS): make_value(chance, depth + 1) for _ in range(chance.randrange(5))
    }
    return json.dumps(fields) if kind == 7 else fields


def make_frame(chance: random.Random) -> bytes:
    """Return a frame of a known name, mostly with a channel and data that has what frames carry."""
    frame = {chance.choice(KEYS): make_value(chance) for _ in range(chance.randrange(3))}
    frame["event"] = chance.choice(NAMES) if chance.random() < 0.95 else make_value(chance)
    if chance.random() < 0.8:
        frame["channel"] = "presence-lobby"
        data = {
            key: make_value(chance) for key in chance.sample(KEYS, chance.randrange(4, len(KEYS)))
        }
        frame["data"] = json.dumps(data) if chance.random() < 0.5 else data
    return json.dumps(frame).encode()


def mutate(chance: random.Random, frame: bytes) -> bytes:
    """Return the frame with a few bytes changed, cut, doubled or replaced by what breaks parsers."""
    changed = bytearray(frame)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randrange(8)]
            case 2:
                changed[at:at] = changed[at : at + chance.randrange(40)]
            case 3:
                changed[at:at] = chance.choice(TOKENS)
            case _:
                changed[at:at] = chance.choice(string.punctuation).encode()
    return bytes(changed)


def frames(chance: random.Random) -> Iterator[bytes]:
    """Return frames without end: half made, half mutated from the vectors or from what was made."""
    known = seeds()
    while True:
        made = make_frame(chance)
        yield made
        yield mutate(chance, chance.choice(known) if chance.random() < 0.5 else made)


def read_frame(frame: bytes) -> str:
    """Decode a frame and its data; return the kind of result."""
    try:
        message = decode(frame)
    except ProtocolError:
        return "refused"
    repr(message)
    if isinstance(message, Event):
        json.dumps([message.data, message.user_id, message.channel])
    return type(message).__name__


def payloads(chance: random.Random) -> Iterator[object]:
    """Return encrypted data without end: mutated, of wrong shapes, and some that is whole."""
    while True:
        whole = json.dumps(encrypt(KEY, json.dumps(make_value(chance))))
        yield whole
        for _ in range(8):
            yield mutate(chance, whole.encode()).decode(errors="replace")
        yield make_value(chance)


def read_payload(payload: object) -> str:
    """Decrypt a payload as an encrypted channel does; return the kind of result."""
    try:
        text = decrypt(KEY, *parse_encrypted(payload))  # type: ignore[arg-type]
    except DecryptionError:
        return "not decrypted"
    Event.of({"event": "e", "channel": "c", "data": text}).data  # noqa: B018
    return "decrypted"


def run[T](what: str, count: int, inputs: Iterator[T], read: Callable[[T], str]) -> bool:
    """Read that many inputs; print the kinds of results, and the first with an unexpected error."""
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    for value in (next(inputs) for _ in range(count)):
        try:
            outcomes[read(value)] += 1
        except Exception as err:  # noqa: BLE001
            print(f"{what}: {type(err).__name__}: {err}\n  {value!r:.2000}")
            return False
    seconds = time.perf_counter() - began
    print(
        f"{what}: {count} in {seconds:.0f} s: "
        + ", ".join(f"{n} {k}" for k, n in outcomes.most_common())
    )
    return True


def run_state_machine(count: int, chosen: int) -> bool:
    """Run the state machine `count` times; print the steps that broke a run."""
    began = time.perf_counter()
    chosen_settings = settings(
        max_examples=count,
        stateful_step_count=MOVES,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.generate],
    )
    try:
        run_state_machine_as_test(seed(chosen)(ClientStateMachine), settings=chosen_settings)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return False
    print(f"runs: {count} of up to {MOVES} steps in {time.perf_counter() - began:.0f} s: all well")
    return True


def main() -> int:
    """Run; return 1 when something but a typed error was raised, or a run broke an invariant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--payloads", type=int, default=200_000)
    parser.add_argument("--machines", type=int, default=1000, help="runs of the state machine")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    good = [
        run("frames", options.frames, frames(chance), read_frame),
        run("payloads", options.payloads, payloads(chance), read_payload),
        run_state_machine(options.machines, options.seed),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
