"""The connection's user: sign-in, events to the user, watched users."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.messages import ErrorReceived, Event
from custom_components.pusher_channels.client.user import SignedIn, SigninFailed
from tools.devserver import DevServer, frames

from .channel_helpers import (
    all_handled,
    client_notices,
    endpoint,
    events_of,
    sent,
    signed_in,
    subscribed,
    subscribes,
)
from .conftest import Clock, MakeClient, connect, settle, until

NO_USER_ID = "A user id has 1 to 128 characters and no # at the start"


@pytest.fixture
def asking(make_client: MakeClient, server: DevServer, session: ClientSession) -> PusherClient:
    """Return a client that asks the server's endpoints, for user "demo"."""
    return make_client(authorizer=endpoint(server, session))


def user_events(client: PusherClient) -> list[Event]:
    """Return the list to which each event sent to the user is added."""
    received: list[Event] = []
    client.user.bind(received.append)
    return received


async def test_sign_in_waits_for_the_connection(asking: PusherClient, server: DevServer) -> None:
    asking.sign_in()
    await settle()
    assert not server.auth_requests
    await connect(asking)
    request = await server.wait_auth_requests(1)
    assert (request.kind, request.body) == ("user", f"socket_id={asking.socket_id}")


async def test_it_sends_what_the_endpoint_signed(asking: PusherClient, server: DevServer) -> None:
    await connect(asking)
    asking.sign_in()
    frame = await server.wait_received("pusher:signin")
    assert isinstance(frame.data, dict)
    assert sorted(frame.data) == ["auth", "user_data"]
    assert json.loads(str(frame.data["user_data"])) == {"id": "demo"}


async def test_the_user_gets_its_events_and_nothing_internal(
    client: PusherClient, server: DevServer
) -> None:
    reported = client_notices(client, SignedIn)
    received, everywhere = user_events(client), events_of(client)
    await signed_in(client)
    assert reported == [SignedIn("me")]
    assert client.user.user_id == "me"
    assert subscribes(server) == ["#server-to-user-me"]
    subscribe = sent(server, "pusher:subscribe")[0]
    assert subscribe.data == {"channel": "#server-to-user-me"}

    connection = server.connections[0]
    connection.send(frames.event("#server-to-user-me", "pusher_internal:x", "{}"))
    connection.send(frames.event("#server-to-user-other", "news", "{}"))
    await asyncio.to_thread(server.pusher().send_to_user, "me", "news", {"id": 1})
    await until(lambda: received)
    [event] = received
    assert (event.channel, event.name, event.data) == ("#server-to-user-me", "news", {"id": 1})
    assert everywhere == [event]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("5", "The answer is not an object"),
        ('{"user_data": "{}"}', "The answer has no auth"),
        ('{"auth": "a:b"}', "The answer has no user_data"),
        ('{"auth": "a:b", "user_data": {"id": "x"}}', "The answer has no user_data"),
        ('{"auth": "a:b", "user_data": "{broken"}', "The answer's user_data has no id"),
        ('{"auth": "a:b", "user_data": "{}"}', "The answer's user_data has no id"),
        ('{"auth": "a:b", "user_data": "{\\"id\\":true}"}', "The answer's user_data has no id"),
        ('{"auth": "a:b", "user_data": "{\\"id\\":null}"}', "The answer's user_data has no id"),
        ('{"auth": "a:b", "user_data": "{\\"id\\":\\"\\"}"}', NO_USER_ID),
        ('{"auth": "a:b", "user_data": "{\\"id\\":\\"#x\\"}"}', NO_USER_ID),
    ],
)
async def test_user_data_without_an_id_signs_no_user_in(
    asking: PusherClient, server: DevServer, answer: str, text: str
) -> None:
    server.faults.auth_body = answer
    errors = client_notices(asking, SigninFailed)
    await connect(asking)
    asking.sign_in()
    await until(lambda: errors)
    assert errors == [SigninFailed(text, 200)]
    assert asking.user.user_id is None
    assert not sent(server, "pusher:signin")


@pytest.mark.parametrize(
    ("data", "user_id"),
    [
        ({}, "me"),
        ({"user_data": "{broken"}, "me"),
        ({"user_data": "{}"}, "me"),
        (json.dumps({"user_data": "5"}), "me"),
        (None, "me"),
        ("null", "me"),
        ([], "me"),
        (1, "me"),
        ({"user_data": {"id": []}}, "me"),
        ({"user_data": {"id": ""}}, "me"),
        ({"user_data": {"id": "u" * 201}}, "me"),
        ({"user_data": '{"id":7}'}, "7"),
        (json.dumps({"user_data": '{"id":"7"}'}), "7"),
    ],
)
async def test_a_success_without_a_user_id_means_the_id_that_was_sent(
    client: PusherClient, server: DevServer, data: object, user_id: str
) -> None:
    """pusher-js needs the id in the answer; here the success itself is enough."""
    reported = client_notices(client, SignedIn)
    await connect(client)
    server.faults.unanswered_channels = {"*"}
    client.sign_in()
    server.connections[0].send(json.dumps({"event": "pusher:signin_success", "data": data}))
    await until(lambda: reported)
    assert reported == [SignedIn(user_id)]


async def test_an_unexpected_success_is_ignored(client: PusherClient, server: DevServer) -> None:
    await connect(client)
    server.connections[0].send(frames.signin_success({"user_data": '{"id":"x"}'}))
    await all_handled(client, server.connections[0])
    assert client.user.user_id is None


async def test_after_each_reconnect_it_signs_in_again(
    asking: PusherClient, server: DevServer
) -> None:
    reported = client_notices(asking, SignedIn)
    received = user_events(asking)
    await signed_in(asking)
    await server.close_all(4200)
    await until(lambda: asking.user.user_id is None)
    assert not asking.channels
    await until(lambda: len(reported) == 2)
    await server.wait_subscribed("#server-to-user-demo")
    before, after = (it for it in server.auth_requests if it.kind == "user")
    assert before.socket_id != after.socket_id == asking.socket_id
    await asyncio.to_thread(server.pusher().send_to_user, "demo", "news", "")
    await until(lambda: received)
    assert len(received) == 1


async def test_an_answer_for_the_old_socket_is_dropped(
    asking: PusherClient, server: DevServer
) -> None:
    server.faults.auth_hold = asyncio.Event()
    asking.sign_in()
    await connect(asking)
    await server.wait_auth_requests(1)
    server.abort_all()
    await server.wait_auth_requests(2)
    server.faults.auth_hold.set()
    await until(lambda: asking.user.user_id)
    [frame] = sent(server, "pusher:signin")
    assert frame.connection.socket_id == asking.socket_id


@pytest.mark.parametrize(
    ("status", "again"), [(403, False), (404, False), (500, True), (429, True)]
)
async def test_a_refusal_is_reported_with_its_status_and_tried_again_if_it_may_pass(
    asking: PusherClient, server: DevServer, clock: Clock, status: int, again: bool
) -> None:
    server.faults.auth_status = status
    errors = client_notices(asking, SigninFailed)
    asking.sign_in()
    await connect(asking)
    await until(lambda: errors)
    assert errors == [SigninFailed(f"The endpoint answered {status}", status)]
    clock.skip(0.5)
    await settle()
    assert len(server.auth_requests) == 1

    server.faults.reset()
    clock.skip(1.5)
    if again:
        await until(lambda: asking.user.user_id)
    else:
        await all_handled(asking, server.connections[0])
        assert len(server.auth_requests) == 1


async def test_no_answer_from_the_endpoint_is_status_0(
    asking: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.auth_hold = asyncio.Event()
    errors = client_notices(asking, SigninFailed)
    asking.sign_in()
    await connect(asking)
    await server.wait_auth_requests(1)
    clock.skip(10)
    await until(lambda: errors)
    assert errors[0].status == 0
    server.faults.auth_hold.set()
    clock.skip(2)
    await until(lambda: asking.user.user_id)


async def test_without_anyone_to_ask_it_is_an_error(make_client: MakeClient) -> None:
    client = await connect(make_client(authorizer=None))
    errors = client_notices(client, SigninFailed)
    client.sign_in()
    await until(lambda: errors)
    assert errors == [SigninFailed("No authentication of the user is set up", 0)]
    await subscribed(client, "a")


async def test_a_server_that_stays_silent_is_asked_again(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    errors = client_notices(client, SigninFailed)
    await connect(client)
    server.freeze()
    client.sign_in()
    await settle()
    clock.skip(10)
    await until(lambda: errors)
    assert errors == [SigninFailed("The server did not answer the sign-in within 10 seconds", 0)]
    assert client.user.user_id is None
    server.thaw()
    clock.skip(2)
    await until(lambda: client.user.user_id == "me")


@pytest.mark.parametrize("code", [4200, 4009])
async def test_a_server_that_knows_no_sign_in_is_reported_once_and_not_asked_again(
    client: PusherClient, server: DevServer, clock: Clock, code: int
) -> None:
    """Reverb answers 4200 to what it does not know and keeps the connection."""
    errors = client_notices(client, SigninFailed)
    server_errors = client_notices(client, ErrorReceived)
    await connect(client)
    client.sign_in()
    connection = server.connections[0]
    connection.send(frames.error(4301, "Something else"))
    connection.send(frames.error(code, "For a channel", "private-a"))
    connection.send(frames.error(code, "Invalid message format"))
    await until(lambda: errors)
    assert errors == [SigninFailed("Invalid message format", code)]
    assert [error.code for error in server_errors] == [4301, code, code]
    assert client.state is ConnectionState.CONNECTED
    clock.skip(30)
    await settle()
    assert len(errors) == 1
    assert len(sent(server, "pusher:signin")) == 1


async def test_a_sign_in_that_was_refused_for_an_unnamed_error_accepts_a_late_success(
    client: PusherClient, server: DevServer
) -> None:
    errors, successes = client_notices(client, SigninFailed), client_notices(client, SignedIn)
    await connect(client)
    client.sign_in()

    server.connections[0].send(frames.error(None, "Something else is wrong"))
    await until(lambda: successes)

    assert errors == [SigninFailed("Something else is wrong", 0)]
    assert client.user.user_id == "me"
    await server.wait_subscribed("#server-to-user-me")


async def test_an_error_answers_the_sign_in_or_a_channel_and_not_both(
    client: PusherClient, server: DevServer
) -> None:
    """Servers name no cause, but answer in order."""
    server.faults.unanswered_channels = {"private-a", "b"}
    errors = client_notices(client, SigninFailed)
    await connect(client)
    private, public = client.subscribe("private-a"), client.subscribe("b")
    await until(lambda: len(subscribes(server)) == 2)
    client.sign_in()
    server.connections[0].send(frames.error(None, "Existing subscription to channel b"))
    server.connections[0].send(frames.error(4009, "Wrong signature"))
    server.connections[0].send(frames.error(4009, "Unknown user"))
    await until(lambda: errors)
    assert errors == [SigninFailed("Unknown user", 4009)]
    assert public.is_subscribed
    assert private.error is not None
    assert private.error.error == "Wrong signature"


async def test_a_sign_in_that_keeps_failing_backs_off(
    asking: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.auth_status = 503
    errors = client_notices(asking, SigninFailed)
    await connect(asking)
    asking.sign_in()
    for tries, longest in enumerate([2, 4, 8, 16], 1):
        await until(lambda: errors)
        errors.clear()
        clock.skip(longest / 2 - 0.5)
        await settle()
        assert len(server.auth_requests) == tries
        clock.skip(longest / 2 + 0.5)
    await server.wait_auth_requests(5)


async def test_signing_in_twice_is_signing_in_once(client: PusherClient, server: DevServer) -> None:
    client.sign_in()
    client.sign_in()
    await signed_in(client)
    client.sign_in()
    server.connections[0].send(frames.signin_success({"user_data": '{"id":"other"}'}))
    await all_handled(client, server.connections[0])
    assert len(sent(server, "pusher:signin")) == 1
    assert client.user.user_id == "me"


async def test_a_late_answer_signs_in(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    failures = client_notices(client, SigninFailed)
    await connect(client)
    server.connections[0].freeze()
    client.sign_in()
    await settle()
    clock.skip(10)
    await until(lambda: failures)
    assert failures[0].is_retried

    server.thaw()
    await until(lambda: client.user.user_id)

    await clock.pass_by(30)
    assert client.user.user_id == "me"
    assert len(sent(server, "pusher:signin")) == 1
