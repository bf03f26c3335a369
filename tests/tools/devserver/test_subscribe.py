"""Subscribe to and unsubscribe from channels of each kind."""

import pytest

from tools.devserver import App, DevServer

from .conftest import MAIN, MASTER_KEY, OTHER, Connect
from .peer import UNAUTHORIZED, succeeded

AUTHORIZED = ["private-a", "private-encrypted-a", "private-cache-a", "private-encrypted-cache-a"]


@pytest.mark.parametrize("channel", ["pub", "private", "a_-=@,.;Z9", "x" * 200])
async def test_public_channel_needs_no_authorization(
    server: DevServer, connect: Connect, channel: str
) -> None:
    peer = await connect()
    assert await peer.subscribe(channel, auth="") == succeeded(channel)
    await server.wait_subscribed(channel)
    assert server.connections[0].channels == {channel}


@pytest.mark.parametrize("channel", AUTHORIZED)
async def test_authorized_channel_takes_the_official_signature(
    connect: Connect, channel: str
) -> None:
    assert await (await connect()).join(channel) == succeeded(channel)


@pytest.mark.parametrize("channel", [*AUTHORIZED, "presence-a", "presence-cache-a"])
@pytest.mark.parametrize(
    "auth", [None, "", "demo-key", "demo-key:" + "0" * 64, "demo-key:é", 7, "other-key:{signature}"]
)
async def test_wrong_authorization_is_refused(
    server: DevServer, connect: Connect, channel: str, auth: object
) -> None:
    peer = await connect()
    if auth == "other-key:{signature}":
        auth = str(server.pusher().authenticate(channel, peer.socket_id)["auth"]).replace(
            "demo-key", "other-key"
        )
    answer = await peer.subscribe(channel, auth=auth, channel_data='{"user_id":"u"}')
    assert answer == UNAUTHORIZED % channel


async def test_signature_for_another_socket_or_channel_is_refused(
    server: DevServer, connect: Connect
) -> None:
    one, two = await connect(), await connect()
    foreign = server.pusher().authenticate("private-a", two.socket_id)["auth"]
    assert await one.subscribe("private-a", auth=foreign) == UNAUTHORIZED % "private-a"
    assert await two.subscribe("private-b", auth=foreign) == UNAUTHORIZED % "private-b"
    assert server.subscribers("private-a") == []


async def test_channel_data_is_signed_on_private_channels_too(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    signed = server.pusher().authenticate("private-a", peer.socket_id, {"foo": "bar"})
    assert await peer.subscribe("private-a", auth=signed["auth"]) == UNAUTHORIZED % "private-a"
    assert await peer.subscribe("private-a", **signed) == succeeded("private-a")


async def test_forbidden_name_is_refused_with_soketis_message(connect: Connect) -> None:
    peer = await connect()
    assert await peer.subscribe("bad name!") == (
        '{"event":"pusher:subscription_error","channel":"bad name!","data":{"error":"The channel name is not '
        "allowed. Read channel conventions: https://pusher.com/docs/channels/using_channels/channels/"
        '#channel-naming-conventions","status":4009}}'
    )


async def test_too_long_name_is_refused(connect: Connect) -> None:
    peer = await connect()
    assert await peer.subscribe("x" * 201) == (
        '{"event":"pusher:subscription_error","channel":"'
        + "x" * 201
        + '","data":{"type":"LimitReached",'
        '"error":"The channel name is longer than the allowed 200 characters.","status":4009}}'
    )


async def test_event_reaches_subscribers_until_they_leave(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    await peer.subscribe("news")
    assert await peer.subscribe("news") == succeeded("news")
    await server.publish("news", "order", {"id": 7})
    assert await peer.read() == '{"event":"order","channel":"news","data":"{\\"id\\": 7}"}'
    await peer.send("pusher:unsubscribe", {"channel": "news"})
    await server.wait_unsubscribed("news")
    await peer.send("pusher:unsubscribe", {"channel": "news"})
    await server.publish("news", "order", "unheard")
    await peer.receives_nothing()
    assert [(event.event, event.data, event.dropped) for event in server.published] == [
        ("order", '{"id": 7}', False),
        ("order", "unheard", False),
    ]


async def test_publisher_with_a_socket_id_is_left_out(server: DevServer, connect: Connect) -> None:
    one, two = await connect(), await connect()
    await one.subscribe("news")
    await two.subscribe("news")
    await server.publish("news", "order", "x", socket_id=one.socket_id)
    assert await two.read() == '{"event":"order","channel":"news","data":"x"}'
    await one.receives_nothing()


async def test_subscription_count_is_sent_where_switched_on(
    server: DevServer, connect: Connect
) -> None:
    one, two = await connect(OTHER), await connect(OTHER)
    await one.subscribe("news")
    count = '{"event":"pusher_internal:subscription_count","channel":"news","data":"{\\"subscription_count\\":%d}"}'
    assert await one.read() == count % 1
    await two.subscribe("news")
    assert [await one.read(), await two.read()] == [count % 2, count % 2]
    await two.leave()
    assert await one.read() == count % 1
    await one.join("presence-a", {"user_id": "u"})
    await one.receives_nothing()
    await server.wait_subscribed("news", app=OTHER)


async def test_received_frames_are_found_by_event_or_function(
    server: DevServer, connect: Connect
) -> None:
    peer = await connect()
    await peer.subscribe("news")
    subscribed = await server.wait_received("pusher:subscribe")
    assert (subscribed.channel, subscribed.data) == ("news", {"channel": "news"})
    await peer.send("client-x", 1, "private-a")
    assert (
        await server.wait_received(lambda message: message.channel == "private-a")
    ).event == "client-x"
    with pytest.raises(TimeoutError):
        await server.wait_received("pusher:unsubscribe", timeout=0)


async def test_secrets_are_not_in_the_apps_repr() -> None:
    assert "demo-secret" not in repr(MAIN)
    assert MASTER_KEY not in repr(MAIN)
    assert App() == App(app_id="1001", key="demo-key", secret="demo-secret")
