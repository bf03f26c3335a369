"""Events that clients send to each other."""

from collections.abc import Callable

import pytest

from tools.devserver import App

from .conftest import MAIN, OTHER, Connect
from .peer import Peer

RATE = (
    '{"event":"pusher:error","channel":"private-a","data":{"code":4301,'
    '"message":"The rate limit for sending client events exceeded the quota."}}'
)


async def pair(connect: Connect, channel: str, app: App = MAIN) -> tuple[Peer, Peer]:
    """Two peers on one channel."""
    one, two = await connect(app), await connect(app)
    presence = channel.startswith("presence")
    await one.join(channel, {"user_id": 10} if presence else None)
    await two.join(channel, {"user_id": 20} if presence else None)
    if presence:
        await one.read()
    return one, two


@pytest.mark.parametrize(
    ("data", "sent"),
    [({"a": 1}, '{"a":1}'), ('{"a":1}', '"{\\"a\\":1}"'), ("é", '"é"'), (None, "null"), ([], "[]")],
)
async def test_data_keeps_its_type_and_the_sender_gets_no_echo(
    connect: Connect, data: object, sent: str
) -> None:
    one, two = await pair(connect, "private-a")
    await one.send("client-o", data, "private-a")
    assert await two.read() == f'{{"event":"client-o","channel":"private-a","data":{sent}}}'
    await one.receives_nothing()


async def test_user_id_is_added_on_presence_channels(connect: Connect) -> None:
    one, two = await pair(connect, "presence-a")
    await one.send("client-p", "str", "presence-a")
    assert (
        await two.read() == '{"event":"client-p","channel":"presence-a","data":"str","user_id":10}'
    )


async def test_sender_that_has_not_subscribed_is_ignored(connect: Connect) -> None:
    one, two = await connect(), await connect()
    await two.join("private-a")
    await one.send("client-o", 1, "private-a")
    await one.receives_nothing()
    await two.receives_nothing()


@pytest.mark.parametrize("channel", ["news", "cache-n", "private-encrypted-a", "#server-to-user-u"])
async def test_public_and_encrypted_channels_refuse(connect: Connect, channel: str) -> None:
    assert await (await connect()).ask("client-o", 1, channel) == (
        f'{{"event":"pusher:error","channel":"{channel}","data":{{"code":4301,'
        '"message":"Client events are for private and presence channels."}}'
    )


async def test_app_without_client_events_refuses(connect: Connect) -> None:
    one, _ = await pair(connect, "private-a", OTHER)
    await one.read()
    await one.read()
    assert await one.ask("client-o", 1, "private-a") == (
        '{"event":"pusher:error","channel":"private-a","data":{"code":4301,'
        '"message":"The app does not have client messaging enabled."}}'
    )


async def test_too_long_name_and_too_much_data_are_refused(connect: Connect) -> None:
    one, two = await pair(connect, "private-a")
    assert "Event name is too long. Maximum allowed size is 200." in await one.ask(
        "client-" + "x" * 194, 1, "private-a"
    )
    assert await one.ask("client-o", "x" * 10_239, "private-a") == (
        '{"event":"pusher:error","channel":"private-a","data":{"code":4301,'
        '"message":"The event data should be less than 10 KB."}}'
    )
    await two.receives_nothing()
    await one.send("client-o", "x" * 10_238, "private-a")
    assert len(await two.read()) > 10_238


async def test_eleventh_event_within_a_second_is_dropped_with_an_error(
    connect: Connect, skip_time: Callable[[float], None]
) -> None:
    one, two = await pair(connect, "private-a")
    for number in range(10):
        await one.send("client-o", number, "private-a")
        assert str(number) in await two.read()
    assert await one.ask("client-o", 10, "private-a") == RATE
    await two.receives_nothing()
    skip_time(1)
    await one.send("client-o", 11, "private-a")
    assert '"data":11' in await two.read()
