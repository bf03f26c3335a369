"""Signatures and encryption agree with the official `pusher` library in both directions."""

import asyncio
import json
from base64 import b64encode
from http import HTTPMethod
from typing import Any

import aiohttp
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox
from pusher import Pusher
from pusher.crypto import encrypt as official_encrypt
from pusher.crypto import generate_shared_secret
from pusher.http import make_query_string
from pusher.signature import sign

from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.crypto import (
    channel_signature,
    decrypt,
    encrypt,
    parse_encrypted,
    shared_secret,
    user_signature,
)
from custom_components.pusher_channels.client.http_api import HttpApi
from custom_components.pusher_channels.client.server import Server

KEY = "278d425bdf160c739803"

secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
socket_ids = st.from_regex(r"\A[0-9]{1,12}\.[0-9]{1,12}\Z")
names = st.from_regex(r"\A[-a-zA-Z0-9_=@,.;]{1,100}\Z")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
infos = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=4)
user_ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_@", min_size=1, max_size=60)
keys = st.binary(min_size=32, max_size=32)


def library(secret: str, master_key: bytes = b"k" * 32) -> Pusher:
    """Return the official library with this secret."""
    encoded = b64encode(master_key).decode()
    return Pusher("1001", KEY, secret, encryption_master_key_base64=encoded)


@given(secret=secrets, socket_id=socket_ids, name=names)
def test_a_private_channels_signature(secret: str, socket_id: str, name: str) -> None:
    official = library(secret).authenticate(f"private-{name}", socket_id)
    ours = channel_signature(secret, socket_id, f"private-{name}", None)
    assert official["auth"] == f"{KEY}:{ours}"


@given(secret=secrets, socket_id=socket_ids, name=names, user_id=user_ids, info=infos)
def test_a_presence_channels_signature(
    secret: str, socket_id: str, name: str, user_id: str, info: dict[str, Any]
) -> None:
    member = {"user_id": user_id, "user_info": info}
    official = library(secret).authenticate(f"presence-{name}", socket_id, member)
    data = official["channel_data"]
    assert isinstance(data, str)
    ours = channel_signature(secret, socket_id, f"presence-{name}", data)
    assert official["auth"] == f"{KEY}:{ours}"


@given(secret=secrets, socket_id=socket_ids, user_id=user_ids, info=infos)
def test_a_users_signature(secret: str, socket_id: str, user_id: str, info: dict[str, Any]) -> None:
    official = library(secret).authenticate_user(socket_id, {"id": user_id, "user_info": info})
    ours = user_signature(secret, socket_id, official["user_data"])
    assert official["auth"] == f"{KEY}:{ours}"


@given(master_key=keys, name=names, socket_id=socket_ids)
def test_an_encrypted_channels_key(master_key: bytes, name: str, socket_id: str) -> None:
    channel = f"private-encrypted-{name}"
    authorizer = SecretAuthorizer(KEY, "secret", User("me"), master_key)
    ours = asyncio.run(authorizer.authorize_channel(socket_id, channel))
    official = library("secret", master_key).authenticate(channel, socket_id)
    assert ours.auth == official["auth"]
    assert ours.shared_secret is not None
    assert b64encode(ours.shared_secret) == official["shared_secret"]


@given(master_key=keys, name=names, text=texts)
def test_payload_of_the_library_is_decrypted(master_key: bytes, name: str, text: str) -> None:
    channel = f"private-encrypted-{name}"
    encrypted = json.dumps(official_encrypt(channel, text, master_key))
    assert decrypt(shared_secret(master_key, channel), *parse_encrypted(encrypted)) == text


@given(master_key=keys, name=names, text=texts)
def test_payload_is_decrypted_with_the_key_of_the_library(
    master_key: bytes, name: str, text: str
) -> None:
    channel = f"private-encrypted-{name}"
    nonce, ciphertext = parse_encrypted(
        json.dumps(encrypt(shared_secret(master_key, channel), text))
    )
    key = generate_shared_secret(channel.encode(), master_key)
    assert SecretBox(key).decrypt(ciphertext, nonce).decode() == text


@given(
    secret=secrets,
    query=st.dictionaries(st.from_regex(r"\A[a-z_]{1,20}\Z"), texts.filter(bool), max_size=4),
    payload=st.binary(max_size=100),
    now=st.integers(0, 2**33),
)
def test_a_request_of_the_server_api(
    secret: str, query: dict[str, str], payload: bytes, now: int
) -> None:
    async def ask() -> dict[str, str]:
        async with aiohttp.ClientSession() as session:
            server = Server.of_cluster("mt1")
            api = HttpApi(session, server, "1001", KEY, secret, now=lambda: now)
            return api._sign(HTTPMethod.POST, "/apps/1001/events", query, payload)

    signed = asyncio.run(ask())
    ours = signed.pop("auth_signature")
    text = f"POST\n/apps/1001/events\n{make_query_string(signed)}"
    assert ours == sign(secret, text)
