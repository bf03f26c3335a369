"""Signatures, and the encryption of payloads.

See https://pusher.com/docs/channels/using_channels/encrypted-channels/
"""

import binascii
import hashlib
import hmac
from base64 import b64encode

import orjson
from nacl.bindings import (
    crypto_secretbox,
    crypto_secretbox_KEYBYTES,
    crypto_secretbox_NONCEBYTES,
    crypto_secretbox_open,
)
from nacl.exceptions import CryptoError
from nacl.utils import random

from .exceptions import DecryptionError, InvalidUseError, Misuse
from .messages import Json

WRONG_KEY = "The shared secret does not fit the data"


def signature(secret: str, text: str) -> str:
    """Return the HMAC-SHA256 of the text, in hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def channel_signature(secret: str, socket_id: str, channel: str, channel_data: str | None) -> str:
    """Return the signature of a subscription; `channel_data` describes the member."""
    parts = [socket_id, channel] if channel_data is None else [socket_id, channel, channel_data]
    return signature(secret, ":".join(parts))


def user_signature(secret: str, socket_id: str, user_data: str) -> str:
    """Return the signature of a sign-in; `user_data` describes the user."""
    return signature(secret, f"{socket_id}::user::{user_data}")


def parse_key(text: str) -> bytes:
    """Return a key of 32 bytes from base64; raises `ValueError` for anything else."""
    key = binascii.a2b_base64(text, strict_mode=True)
    if len(key) != crypto_secretbox_KEYBYTES:
        raise ValueError(f"A key has {crypto_secretbox_KEYBYTES} bytes")
    return key


def parse_master_key(text: str) -> bytes:
    """Return an app's encryption master key from base64; raises `InvalidUseError` for anything else."""
    try:
        return parse_key(text)
    except ValueError:
        raise InvalidUseError(
            Misuse.MASTER_KEY,
            "An encryption master key is 32 bytes in Base64 (44 characters)",
        ) from None


def shared_secret(master_key: bytes, channel: str) -> bytes:
    """Return the key of one encrypted channel."""
    return hashlib.sha256(channel.encode() + master_key).digest()


def encrypt(key: bytes, plaintext: str) -> dict[str, str]:
    """Encrypt a payload with a new nonce."""
    nonce = random(crypto_secretbox_NONCEBYTES)
    ciphertext = crypto_secretbox(plaintext.encode(), nonce, key)
    return {"nonce": b64encode(nonce).decode(), "ciphertext": b64encode(ciphertext).decode()}


def parse_encrypted(raw: Json) -> tuple[bytes, bytes]:
    """Return nonce and ciphertext of an encrypted event's data.

    Raises `DecryptionError` when the data is not encrypted: another key would not help.
    """
    try:
        pair = orjson.loads(raw) if isinstance(raw, str) else raw
        if not isinstance(pair, dict):
            raise TypeError
        nonce, ciphertext = _decode(pair["nonce"]), _decode(pair["ciphertext"])
    except TypeError, KeyError, ValueError:
        raise DecryptionError("The data is not encrypted") from None
    if len(nonce) != crypto_secretbox_NONCEBYTES:
        raise DecryptionError(f"The nonce does not have {crypto_secretbox_NONCEBYTES} bytes")
    return nonce, ciphertext


def _decode(text: Json) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    return binascii.a2b_base64(text, strict_mode=True)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes) -> str:
    """Decrypt a payload; raises `DecryptionError` when the key does not fit."""
    try:
        return crypto_secretbox_open(ciphertext, nonce, key).decode()
    except CryptoError:
        raise DecryptionError(WRONG_KEY) from None
    except UnicodeDecodeError:
        raise DecryptionError("The decrypted data is not text") from None
