"""Presence channels: who is here."""

import json

import pytest

from tools.devserver import App, DevServer

from .conftest import MAIN, Connect

ADDED = '{"event":"pusher_internal:member_added","channel":"presence-a","data":"%s"}'
REMOVED = (
    '{"event":"pusher_internal:member_removed","channel":"presence-a","data":"{\\"user_id\\":%s}"}'
)


@pytest.fixture
def apps() -> list[App]:
    return [MAIN, App(app_id="1003", key="small", max_members=1, max_member_bytes=1024)]


async def test_members_are_listed_as_soketi_lists_them(server: DevServer, connect: Connect) -> None:
    one, two = await connect(), await connect()
    assert await one.join("presence-a", {"user_id": 10, "user_info": {"n": 1}}) == (
        '{"event":"pusher_internal:subscription_succeeded","channel":"presence-a","data":'
        '"{\\"presence\\":{\\"ids\\":[10],\\"hash\\":{\\"10\\":{\\"n\\":1}},\\"count\\":1}}"}'
    )
    assert await two.join("presence-a", {"user_id": "two", "user_info": {"n": 2}}) == (
        '{"event":"pusher_internal:subscription_succeeded","channel":"presence-a","data":"{\\"presence\\":'
        '{\\"ids\\":[10,\\"two\\"],\\"hash\\":{\\"10\\":{\\"n\\":1},\\"two\\":{\\"n\\":2}},\\"count\\":2}}"}'
    )
    assert await one.read() == ADDED % '{\\"user_id\\":\\"two\\",\\"user_info\\":{\\"n\\":2}}'
    assert server.members("presence-a") == {"10": {"n": 1}, "two": {"n": 2}}


async def test_member_without_info_is_counted_but_not_in_the_hash(
    server: DevServer, connect: Connect
) -> None:
    assert await (await connect()).join("presence-b", {"user_id": "u"}) == (
        '{"event":"pusher_internal:subscription_succeeded","channel":"presence-b","data":'
        '"{\\"presence\\":{\\"ids\\":[\\"u\\"],\\"hash\\":{},\\"count\\":1}}"}'
    )
    assert server.members("presence-b") == {"u": None}


async def test_user_is_added_and_removed_once_however_many_connections(
    server: DevServer, connect: Connect
) -> None:
    watcher, first, second = await connect(), await connect(), await connect()
    await watcher.join("presence-a", {"user_id": "watcher"})
    await first.join("presence-a", {"user_id": 5})
    assert await watcher.read() == ADDED % '{\\"user_id\\":5}'
    assert '\\"count\\":2' in await second.join("presence-a", {"user_id": "5"})
    assert '\\"count\\":2' in await second.join("presence-a", {"user_id": "5"})
    await first.leave()
    await watcher.receives_nothing()
    await second.send("pusher:unsubscribe", {"channel": "presence-a"})
    assert await watcher.read() == REMOVED % '\\"5\\"'
    assert server.members("presence-a") == {"watcher": None}


async def test_full_channel_takes_only_who_is_there_already(
    server: DevServer, connect: Connect
) -> None:
    small = server.apps[1]
    one, two, three = await connect(small), await connect(small), await connect(small)
    await one.join("presence-a", {"user_id": "u"})
    assert '\\"count\\":1' in await two.join("presence-a", {"user_id": "u"})
    assert await three.join("presence-a", {"user_id": "v"}) == (
        '{"event":"pusher:subscription_error","channel":"presence-a","data":{"type":"LimitReached",'
        '"error":"The maximum members per presence channel limit was reached","status":4100}}'
    )


async def test_too_large_member_is_refused(server: DevServer, connect: Connect) -> None:
    peer = await connect(server.apps[1])
    assert await peer.join("presence-a", {"user_id": "u", "user_info": "x" * 1023}) == (
        '{"event":"pusher:subscription_error","channel":"presence-a","data":{"type":"LimitReached",'
        '"error":"The maximum size for a channel member is 1 KB.","status":4301}}'
    )


@pytest.mark.parametrize("member", [["no", "object"], None])
async def test_missing_or_broken_channel_data_is_refused(
    connect: Connect, member: dict[str, object] | None
) -> None:
    assert await (await connect()).join("presence-a", member) == (
        '{"event":"pusher:subscription_error","channel":"presence-a","data":{"type":"ErrorReceived",'
        '"error":"A server error has occured.","status":4302}}'
    )


async def test_a_member_without_an_id_is_listed_as_soketi_lists_it(connect: Connect) -> None:
    answer = await (await connect()).join("presence-a", {"user_info": {"name": "Ada"}})
    assert json.loads(json.loads(answer)["data"])["presence"]["ids"] == [None]


async def test_signed_in_user_subscribes_without_channel_data(
    server: DevServer, connect: Connect
) -> None:
    one, two = await connect(), await connect()
    await one.sign_in({"id": "one", "user_info": {"name": "One"}})
    await two.sign_in({"id": "two"})
    assert '{\\"one\\":{\\"name\\":\\"One\\"}}' in await one.join("presence-a")
    assert '\\"ids\\":[\\"one\\",\\"two\\"]' in await two.join("presence-a")
    assert server.members("presence-a") == {"one": {"name": "One"}, "two": None}
