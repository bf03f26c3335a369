"""Signatures and sealed payloads, against vectors and the official library (case 38)."""

import json
from base64 import b64decode
from typing import Any

import pytest
from nacl.secret import SecretBox
from pusher.crypto import encrypt, generate_shared_secret

from custom_components.pusher_channels.client import crypto
from custom_components.pusher_channels.client.crypto import (
    parse_key,
    parse_master_key,
    seal,
    shared_secret,
    signature,
    unpack,
    unseal,
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
def test_a_signature_is_the_documented_one(vector: dict[str, str]) -> None:
    text = vector.get("message", vector.get("string_to_sign"))
    expected = vector.get("hex", vector.get("auth_signature"))
    assert text is not None
    assert signature(vector["secret"], text) == expected


@pytest.mark.parametrize("vector", VECTORS["shared_secret"])
def test_a_shared_secret_is_the_documented_one(vector: dict[str, str]) -> None:
    key = shared_secret(parse_master_key(vector["master_key_base64"]), vector["channel"])
    assert key == b64decode(vector["shared_secret_base64"])
    assert parse_key(vector["shared_secret_base64"]) == key


@pytest.mark.parametrize("vector", VECTORS["decrypt"])
def test_case_38_a_payload_opens_or_not_as_documented(vector: dict[str, Any]) -> None:
    nonce, ciphertext = unpack(json.dumps({key: vector[key] for key in ("nonce", "ciphertext")}))
    key = parse_key(vector["shared_secret_base64"])
    if vector["plaintext"] is None:
        with pytest.raises(DecryptionError, match=r"^The shared secret does not fit the data$"):
            unseal(key, nonce, ciphertext)
    else:
        assert unseal(key, nonce, ciphertext) == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS["encrypt"])
def test_a_payload_is_sealed_as_documented(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crypto, "random", lambda _size: vector["nonce_bytes"].encode())
    key = shared_secret(vector["master_key_bytes"].encode(), vector["channel"])
    assert seal(key, vector["plaintext"]) == vector["expect"]


@pytest.mark.parametrize("plaintext", PLAINTEXTS)
def test_what_the_official_library_seals_is_opened(plaintext: str) -> None:
    sealed = encrypt(NAME, plaintext, b64decode(MASTER_KEY))
    assert unseal(KEY, *unpack(json.dumps(sealed))) == plaintext


@pytest.mark.parametrize("plaintext", PLAINTEXTS)
def test_what_is_sealed_here_is_opened_with_the_official_librarys_key(plaintext: str) -> None:
    sealed = seal(KEY, plaintext)
    key = generate_shared_secret(NAME.encode(), b64decode(MASTER_KEY))
    opened = SecretBox(key).decrypt(b64decode(sealed["ciphertext"]), b64decode(sealed["nonce"]))
    assert opened.decode() == plaintext


def test_each_payload_has_a_nonce_of_its_own() -> None:
    assert len({seal(KEY, "same")["nonce"] for _ in range(100)}) == 100


def test_case_38_any_changed_byte_is_noticed() -> None:
    nonce, ciphertext = unpack(json.dumps(seal(KEY, "text")))
    for position in range(len(ciphertext)):
        tampered = bytearray(ciphertext)
        tampered[position] ^= 1
        with pytest.raises(DecryptionError):
            unseal(KEY, nonce, bytes(tampered))
    for short in (b"", ciphertext[:15]):
        with pytest.raises(DecryptionError):
            unseal(KEY, nonce, short)


def test_case_38_what_is_no_text_is_refused() -> None:
    box = SecretBox(KEY).encrypt(b"\xff")
    with pytest.raises(DecryptionError, match=r"^The decrypted data is not text$"):
        unseal(KEY, box.nonce, box.ciphertext)


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
def test_case_35_what_is_no_sealed_payload_is_refused(raw: Json) -> None:
    with pytest.raises(DecryptionError):
        unpack(raw)
    with pytest.raises(DecryptionError):
        unpack(json.dumps(raw))


def test_case_35_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(DecryptionError, match=r"^The nonce does not have 24 bytes$"):
        unpack({"nonce": "AAAA", "ciphertext": "AAAA"})


def test_a_payload_need_not_be_encoded_twice() -> None:
    sealed = seal(KEY, "text")
    assert unpack({**sealed}) == unpack(json.dumps(sealed))


@pytest.mark.parametrize("text", ["", "AAAA", MASTER_KEY[:-1], MASTER_KEY + "=", "ü", "-" * 44])
def test_a_master_key_is_the_base64_of_32_bytes(text: str) -> None:
    assert len(parse_master_key(MASTER_KEY)) == 32
    with misused(Misuse.MASTER_KEY):
        parse_master_key(text)
