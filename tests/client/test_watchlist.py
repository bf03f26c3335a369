"""Online states of watched users."""

import json

from custom_components.pusher_channels.client import (
    Json,
    OnlineChange,
    PusherClient,
    SecretAuthorizer,
    User,
)
from tools.devserver import DevServer, frames

from .channel_helpers import client_notices, signed_in
from .conftest import APP, MakeClient, until


async def test_online_states_of_watched_users_are_reported(make_client: MakeClient) -> None:
    def as_user(user: User) -> PusherClient:
        return make_client(authorizer=SecretAuthorizer(APP.key, APP.secret, user))

    early = await signed_in(as_user(User("early")))
    watcher = as_user(User("watcher", watchlist=("early", "late", "never")))
    changes = client_notices(watcher, OnlineChange)
    await signed_in(watcher)
    await until(lambda: changes)
    assert watcher.user.online == {"early": True}

    await signed_in(as_user(User("late")))
    await early.disconnect()
    await until(lambda: len(changes) == 3)
    assert changes == [
        OnlineChange("early", online=True),
        OnlineChange("late", online=True),
        OnlineChange("early", online=False),
    ]
    assert watcher.user.online == {"early": False, "late": True}
    await watcher.disconnect()
    assert not watcher.user.online


async def watching(
    make_client: MakeClient, *user_ids: str
) -> tuple[PusherClient, list[OnlineChange]]:
    """Return a client that is signed in with a watchlist, and the list to which changes are added."""
    authorizer = SecretAuthorizer(APP.key, APP.secret, User("me", None, user_ids))
    client = await signed_in(make_client(authorizer=authorizer))
    return client, client_notices(client, OnlineChange)


async def test_only_the_states_of_watched_users_are_kept(
    make_client: MakeClient, server: DevServer
) -> None:
    client, changes = await watching(make_client, "ann")

    strangers = [f"user-{number}" for number in range(1000)]
    server.connections[0].send(frames.watchlist("online", [*strangers, "ann"]))
    await until(lambda: changes)

    assert changes == [OnlineChange("ann", True)]
    assert client.user.online == {"ann": True}


async def test_watchlist_events_of_a_wrong_shape_are_left_out(
    make_client: MakeClient, server: DevServer
) -> None:
    _, changes = await watching(make_client, "ann")

    online: Json = {"name": "online", "user_ids": [None, {}, "ann"]}
    events: list[Json] = [None, "x", [], {}, {"name": []}, {"name": "online"}, online]
    frame = {"event": "pusher_internal:watchlist_events", "data": {"events": events}}
    server.connections[0].send(json.dumps(frame))
    await until(lambda: changes)

    assert changes == [OnlineChange("ann", True)]


async def test_sockudo_sends_online_states_as_events_without_a_channel(
    make_client: MakeClient, server: DevServer
) -> None:
    _, changes = await watching(make_client, "ann", "bob")

    for frame in (
        {"event": "online", "channel": "a", "data": {"user_ids": ["bob"]}},
        {"event": "online", "data": ["bob"]},
        {"event": "online", "data": {"user_ids": ["ann", "stranger"]}},
        {"event": "offline", "data": '{"user_ids": ["bob"]}'},
    ):
        server.connections[0].send(json.dumps(frame))
    await until(lambda: len(changes) == 2)

    assert changes == [OnlineChange("ann", True), OnlineChange("bob", False)]
