"""Signing in, the user's own channel, watchlists, and connections that are not authorized in time."""

from collections.abc import Callable, Mapping

import pytest
from pusher.signature import sign

from tools.devserver import App, DevServer

from .conftest import MAIN, Connect
from .peer import UNAUTHORIZED, Peer, succeeded

STRICT = App(app_id="1003", key="strict", authorization_timeout=30)
LATE = (
    '{"event":"pusher:error","data":{"code":4009,"message":"Connection not authorized within timeout."}}',
    (4009, "Connection not authorized within timeout."),
)


@pytest.fixture
def apps() -> list[App]:
    return [MAIN, STRICT]


def watch(name: str, *user_ids: str) -> str:
    """The watchlist frame with one event."""
    ids = ",".join(f'\\"{user_id}\\"' for user_id in user_ids)
    return (
        '{"event":"pusher_internal:watchlist_events",'
        f'"data":"{{\\"events\\":[{{\\"name\\":\\"{name}\\",\\"user_ids\\":[{ids}]}}]}}"}}'
    )


async def test_sign_in_is_echoed_as_an_object(server: DevServer, connect: Connect) -> None:
    peer = await connect()
    signed = server.pusher().authenticate_user(peer.socket_id, {"id": "me"})
    assert await peer.ask("pusher:signin", signed) == (
        f'{{"event":"pusher:signin_success","data":{{"auth":"{signed["auth"]}","user_data":"{{\\"id\\": \\"me\\"}}"}}}}'
    )
    assert server.connections[0].user_id == "me"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"auth": "demo-key:0", "user_data": '{"id":"me"}'}, "Connection not authorized."),
        ({"user_data": '{"id":"me"}'}, "Connection not authorized."),
        ({}, "Connection not authorized."),
    ],
)
async def test_wrong_sign_in_is_an_error_and_a_close(
    connect: Connect, data: Mapping[str, str], message: str
) -> None:
    peer = await connect()
    assert await peer.ask("pusher:signin", data) == (
        f'{{"event":"pusher:error","data":{{"code":4009,"message":"{message}"}}}}'
    )
    assert await peer.read_close() == (4009, message)


@pytest.mark.parametrize("user_data", ["no json", '{"name":"x"}', '{"id":""}'])
async def test_signed_user_data_without_an_id_is_refused(
    server: DevServer, connect: Connect, user_data: str
) -> None:
    peer = await connect()
    auth = sign_user(server, peer, user_data)
    answer = await peer.ask("pusher:signin", {"auth": auth, "user_data": user_data})
    assert 'The returned user data must contain the \\"id\\" field.' in answer
    assert (await peer.read_close())[0] == 4009


def sign_user(server: DevServer, peer: Peer, user_data: str) -> str:
    """Sign any text as user data."""
    return f"{server.app.key}:{sign(server.app.secret, f'{peer.socket_id}::user::{user_data}')}"


async def test_only_the_user_may_subscribe_to_the_users_channel(
    server: DevServer, connect: Connect
) -> None:
    me, other = await connect(), await connect()
    assert await me.subscribe("#server-to-user-me") == UNAUTHORIZED % "#server-to-user-me"
    await me.sign_in({"id": "me"})
    assert await me.subscribe("#server-to-user-me") == succeeded("#server-to-user-me")
    await other.sign_in({"id": "other"})
    assert await other.subscribe("#server-to-user-me") == UNAUTHORIZED % "#server-to-user-me"
    await server.publish("#server-to-user-me", "note", "hello")
    assert await me.read() == '{"event":"note","channel":"#server-to-user-me","data":"hello"}'
    await other.receives_nothing()


async def test_watchers_are_notified_of_a_users_first_and_last_connection(connect: Connect) -> None:
    early, watcher, second = await connect(), await connect(), await connect()
    await early.sign_in({"id": "early"})
    await watcher.sign_in({"id": "watcher", "watchlist": ["early", "late", "never"]})
    assert await watcher.read() == watch("online", "early")
    await second.sign_in({"id": "early"})
    await watcher.receives_nothing()
    late = await connect()
    await late.sign_in({"id": "late"})
    assert await watcher.read() == watch("online", "late")
    await second.leave()
    await watcher.receives_nothing()
    await early.leave()
    assert await watcher.read() == watch("offline", "early")
    await late.sign_in({"id": "renamed"})
    assert await watcher.read() == watch("offline", "late")


async def test_watchlist_of_more_than_100_is_truncated_with_4302(connect: Connect) -> None:
    watched, unwatched, watcher = await connect(), await connect(), await connect()
    users = [f"user-{number}" for number in range(101)]
    await watched.sign_in({"id": "user-99"})
    await unwatched.sign_in({"id": "user-100"})
    await watcher.sign_in({"id": "watcher", "watchlist": users})
    assert '"code":4302' in await watcher.read()
    assert await watcher.read() == watch("online", "user-99")


async def test_unauthorized_connection_is_closed_after_the_timeout(
    server: DevServer, connect: Connect, skip_time: Callable[[float], None]
) -> None:
    idle, private, user = await connect(STRICT), await connect(STRICT), await connect(STRICT)
    await idle.subscribe("news")
    await private.join("private-a")
    await user.sign_in({"id": "me"})
    skip_time(29)
    await idle.receives_nothing()
    skip_time(1)
    assert (await idle.read(), await idle.read_close()) == LATE
    await server.wait_disconnected(2)
    await private.receives_nothing()
    await user.receives_nothing()
