"""Signatures and encrypted payloads, against vectors and the official library."""

import json
from base64 import b64decode
from typing import Any

import pusher.crypto as official
import pytest
from nacl.secret import SecretBox

from custom_components.pusher_channels.client import crypto
from custom_components.pusher_channels.client.crypto import (
    decrypt,
    encrypt,
    parse_encrypted,
    parse_key,
    parse_master_key,
    shared_secret,
    signature,
)
from custom_components.pusher_channels.client.exceptions import DecryptionError, Misuse
from custom_components.pusher_channels.client.messages import Json

from .conftest import MASTER_KEY
from .misuse import misused
from .vectors import VECTORS

NAME = "private-encrypted-a"
KEY = shared_secret(b64decode(MASTER_KEY), NAME)
PLAINTEXTS = ["", "x", '{"a":"ü"}', "\N{GRINNING FACE}" * 1000]


@pytest.mark.parametrize("vector", [*VECTORS["hmac"], *VECTORS["http_signing"]])
def test_signature_is_the_documented_one(vector: dict[str, str]) -> None:
    text = vector.get("message", vector.get("string_to_sign"))
    expected = vector.get("hex", vector.get("auth_signature"))
    assert text is not None
    assert signature(vector["secret"], text) == expected


@pytest.mark.parametrize("vector", VECTORS["shared_secret"])
def test_shared_secret_is_the_documented_one(vector: dict[str, str]) -> None:
    key = shared_secret(parse_master_key(vector["master_key_base64"]), vector["channel"])
    assert key == b64decode(vector["shared_secret_base64"])
    assert parse_key(vector["shared_secret_base64"]) == key


@pytest.mark.parametrize("vector", VECTORS["decrypt"])
def test_payload_is_decrypted_as_documented(vector: dict[str, Any]) -> None:
    nonce, ciphertext = parse_encrypted(
        json.dumps({key: vector[key] for key in ("nonce", "ciphertext")})
    )
    key = parse_key(vector["shared_secret_base64"])
    if vector["plaintext"] is None:
        with pytest.raises(DecryptionError, match=r"^The shared secret does not fit the data$"):
            decrypt(key, nonce, ciphertext)
    else:
        assert decrypt(key, nonce, ciphertext) == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS["encrypt"])
def test_payload_is_encrypted_as_documented(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crypto, "random", lambda _size: vector["nonce_bytes"].encode())
    key = shared_secret(vector["master_key_bytes"].encode(), vector["channel"])
    assert encrypt(key, vector["plaintext"]) == vector["expect"]


@pytest.mark.parametrize("plaintext", PLAINTEXTS)
def test_payload_of_the_official_library_is_decrypted(plaintext: str) -> None:
    encrypted = official.encrypt(NAME, plaintext, b64decode(MASTER_KEY))
    assert decrypt(KEY, *parse_encrypted(json.dumps(encrypted))) == plaintext


@pytest.mark.parametrize("plaintext", PLAINTEXTS)
def test_payload_is_decrypted_with_the_key_of_the_official_library(plaintext: str) -> None:
    encrypted = encrypt(KEY, plaintext)
    key = official.generate_shared_secret(NAME.encode(), b64decode(MASTER_KEY))
    decrypted = SecretBox(key).decrypt(
        b64decode(encrypted["ciphertext"]), b64decode(encrypted["nonce"])
    )
    assert decrypted.decode() == plaintext


def test_each_payload_has_another_nonce() -> None:
    assert len({encrypt(KEY, "same")["nonce"] for _ in range(100)}) == 100


def test_changed_byte_is_an_error() -> None:
    nonce, ciphertext = parse_encrypted(json.dumps(encrypt(KEY, "text")))
    for position in range(len(ciphertext)):
        tampered = bytearray(ciphertext)
        tampered[position] ^= 1
        with pytest.raises(DecryptionError):
            decrypt(KEY, nonce, bytes(tampered))
    for short in (b"", ciphertext[:15]):
        with pytest.raises(DecryptionError):
            decrypt(KEY, nonce, short)


def test_decrypted_data_must_be_text() -> None:
    box = SecretBox(KEY).encrypt(b"\xff")
    with pytest.raises(DecryptionError, match=r"^The decrypted data is not text$"):
        decrypt(KEY, box.nonce, box.ciphertext)


NONCE = "A" * 32


@pytest.mark.parametrize(
    "raw",
    [
        None,
        5,
        "",
        "text",
        "[]",
        "{}",
        *({"nonce": nonce, "ciphertext": "AAAA"} for nonce in (None, 5, "AAAA", "A" * 36)),
        *({"nonce": NONCE, "ciphertext": text} for text in (None, 5, "-_-_", "A", "AA", "ü", "=")),
        {"nonce": NONCE, "ciphertext": "AA AA"},
        {"nonce": NONCE[:-1] + "-", "ciphertext": "AAAA"},
    ],
)
def test_payload_that_is_not_encrypted_is_refused(raw: Json) -> None:
    with pytest.raises(DecryptionError):
        parse_encrypted(raw)
    with pytest.raises(DecryptionError):
        parse_encrypted(json.dumps(raw))


def test_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(DecryptionError, match=r"^The nonce does not have 24 bytes$"):
        parse_encrypted({"nonce": "AAAA", "ciphertext": "AAAA"})


def test_payload_may_be_an_object() -> None:
    encrypted = encrypt(KEY, "text")
    assert parse_encrypted({**encrypted}) == parse_encrypted(json.dumps(encrypted))


@pytest.mark.parametrize("text", ["", "AAAA", MASTER_KEY[:-1], MASTER_KEY + "=", "ü", "-" * 44])
def test_master_key_is_32_bytes_in_base64(text: str) -> None:
    assert len(parse_master_key(MASTER_KEY)) == 32
    with misused(Misuse.MASTER_KEY):
        parse_master_key(text)
