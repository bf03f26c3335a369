"""Authorization by app secret agrees with the official library; callbacks are checked."""

import json
from typing import Any

import pytest
from pusher.signature import verify

from custom_components.pusher_channels.client.auth_answers import (
    ChannelAuth,
    parse_channel_answer,
    parse_user_answer,
)
from custom_components.pusher_channels.client.authorizers import (
    Authorizer,
    CallbackAuthorizer,
    SecretAuthorizer,
    User,
)
from custom_components.pusher_channels.client.crypto import channel_signature, user_signature
from custom_components.pusher_channels.client.exceptions import (
    AuthorizationError,
    InvalidUseError,
    Misuse,
)
from custom_components.pusher_channels.client.messages import Json
from tools.devserver import DevServer

from .conftest import APP, AUTHORIZER
from .vectors import VECTORS

SOCKET = "1234.5678"
INFO: Json = {"name": 'Ł "quoted"', "n": [1, None]}
USERS = [
    (User("me"), {"name": "me"}),
    (User("ü", INFO), INFO),
    (User("me", {}, ("a", "b")), {"name": "me"}),
    (User("me", ""), {"name": "me"}),
    (User("x" * 128, "text"), "text"),
]


@pytest.mark.parametrize("vector", VECTORS["channel_auth"])
def test_channel_signature_is_the_documented_one(vector: dict[str, str]) -> None:
    signed = channel_signature(
        vector["secret"], vector["socket_id"], vector["channel"], vector["channel_data"]
    )
    assert f"{vector['key']}:{signed}" == vector["auth"]


@pytest.mark.parametrize("vector", VECTORS["user_auth"])
def test_user_signature_is_the_documented_one(vector: dict[str, str]) -> None:
    signed = user_signature(vector["secret"], vector["socket_id"], vector["user_data"])
    assert f"{vector['key']}:{signed}" == vector["auth"]


@pytest.mark.parametrize("channel", ["private-a", "private-cache-a", "private-encrypted-a"])
async def test_app_secret_signs_like_the_official_library(server: DevServer, channel: str) -> None:
    ours = await AUTHORIZER.authorize_channel(SOCKET, channel)
    theirs = parse_channel_answer(
        {
            key: value.decode() if isinstance(value, bytes) else value
            for key, value in server.pusher().authenticate(channel, SOCKET).items()
        },
        channel,
    )
    assert ours == theirs
    assert (ours.shared_secret is not None) is ("encrypted" in channel)


@pytest.mark.parametrize(("user", "info"), USERS)
async def test_app_secret_signs_the_member(user: User, info: Json) -> None:
    auth = await SecretAuthorizer(APP.key, APP.secret, user).authorize_channel(SOCKET, "presence-a")
    assert auth.channel_data is not None
    member = {"user_id": user.user_id, "user_info": info}
    assert json.loads(auth.channel_data) == member
    assert auth.user_id == user.user_id
    key, _, signed = auth.auth.partition(":")
    assert key == APP.key
    assert verify(APP.secret, f"{SOCKET}:presence-a:{auth.channel_data}", signed)


@pytest.mark.parametrize(("user", "info"), USERS)
async def test_app_secret_signs_the_user(user: User, info: Json) -> None:
    auth = await SecretAuthorizer(APP.key, APP.secret, user).authorize_user(SOCKET)
    data = json.loads(auth.user_data)
    assert data.pop("id") == auth.user_id == user.user_id
    assert data.pop("user_info") == info
    assert tuple(data.pop("watchlist", ())) == user.watchlist
    assert not data
    assert verify(APP.secret, f"{SOCKET}::user::{auth.user_data}", auth.auth.partition(":")[2])


async def test_user_signed_by_the_official_library_is_parsed(server: DevServer) -> None:
    answer = server.pusher().authenticate_user(SOCKET, {"id": "me", "watchlist": ["a"]})
    auth = parse_user_answer({**answer})
    assert (auth.auth, auth.user_data, auth.user_id) == (answer["auth"], answer["user_data"], "me")


@pytest.mark.parametrize("user_id", ["", "#me", "x" * 129])
def test_invalid_user_id_is_refused(user_id: str) -> None:
    with pytest.raises(InvalidUseError) as caught:
        User(user_id)
    assert caught.value.misuse is Misuse.USER_ID


async def test_encrypted_channel_needs_the_master_key() -> None:
    authorizer = SecretAuthorizer(APP.key, APP.secret, User("me"))
    with pytest.raises(AuthorizationError, match="master key") as caught:
        await authorizer.authorize_channel(SOCKET, "private-encrypted-a")
    assert not caught.value.retryable


def answering(channel: Json, user: Json = None) -> Authorizer:
    """Return an authorizer with callbacks that return these answers."""

    async def on_channel(socket_id: str, name: str) -> Json:
        assert (socket_id, name) == (SOCKET, "presence-a")
        return channel

    async def on_user(socket_id: str) -> Json:
        assert socket_id == SOCKET
        return user

    return CallbackAuthorizer(on_channel, on_user)


async def test_callback_is_called_and_its_answer_used() -> None:
    authorizer = answering(
        {"auth": "a:b", "channel_data": '{"user_id": 5}'},
        {"auth": "c:d", "user_data": '{"id": 7}'},
    )
    auth = await authorizer.authorize_channel(SOCKET, "presence-a")
    user = await authorizer.authorize_user(SOCKET)
    assert (auth.auth, auth.channel_data, auth.user_id) == ("a:b", '{"user_id": 5}', "5")
    assert (user.auth, user.user_data, user.user_id) == ("c:d", '{"id": 7}', "7")


async def test_channel_data_that_is_an_object_is_encoded_as_json() -> None:
    """Templates of scripts decode JSON; the signature is then for compact JSON."""
    authorizer = answering({"auth": "a:b", "channel_data": {"user_id": "x"}})
    auth = await authorizer.authorize_channel(SOCKET, "presence-a")
    assert auth.channel_data == '{"user_id":"x"}'


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"auth": "a:\ud800"}, "auth"),
        ({"auth": "a:b", "channel_data": "\ud800"}, "channel_data"),
        ({"auth": "a:b", "channel_data": {"user_id": "\ud800"}}, "channel_data"),
        ({"auth": "a:b", "channel_data": {"user_id": "x", "user_info": {1, 2}}}, "channel_data"),
    ],
)
async def test_channel_answer_that_cannot_be_sent_names_the_field(answer: Any, field: str) -> None:
    with pytest.raises(AuthorizationError, match=rf"^The answer's {field} "):
        await answering(answer).authorize_channel(SOCKET, "presence-a")


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"auth": "a:\ud800", "user_data": '{"id": 7}'}, "auth"),
        ({"auth": "a:b", "user_data": '{"id": 7}\ud800'}, "user_data"),
    ],
)
async def test_user_answer_that_cannot_be_sent_names_the_field(answer: Any, field: str) -> None:
    with pytest.raises(AuthorizationError, match=rf"^The answer's {field} "):
        await answering(None, answer).authorize_user(SOCKET)


@pytest.mark.parametrize("answer", [None, [], "text", 5, {}, {"auth": None}, {"auth": ""}])
async def test_answer_without_auth_is_an_error(answer: Json) -> None:
    authorizer = answering(answer, answer)
    with pytest.raises(AuthorizationError) as for_channel:
        await authorizer.authorize_channel(SOCKET, "presence-a")
    with pytest.raises(AuthorizationError) as for_user:
        await authorizer.authorize_user(SOCKET)
    assert for_channel.value.message == for_user.value.message
    assert for_channel.value.message.startswith("The answer ")


async def test_sign_in_needs_a_callback_for_users() -> None:
    async def on_channel(socket_id: str, name: str) -> Json:
        return {"auth": f"{socket_id}:{name}"}

    with pytest.raises(AuthorizationError, match=r"^No callback for user authentication is set$"):
        await CallbackAuthorizer(on_channel).authorize_user(SOCKET)


@pytest.mark.parametrize("data", [None, "[]", "{}", "text", '{"user_id":null}'])
def test_authorization_without_a_member_has_no_user_id(data: str | None) -> None:
    assert ChannelAuth("a:b", data).user_id is None
