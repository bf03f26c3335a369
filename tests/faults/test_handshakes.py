"""A server that can be reached but sends no welcome: attempts go on until it does."""

from collections.abc import Callable

import pytest

from tools.devserver import DevServer, frames

from ..client.conftest import Clock
from .app_under_test import AppUnderTest

type Spoil = Callable[[DevServer], None]

NO_ANSWER = "The server did not answer within 10 seconds"


def upgrade(status: int) -> Spoil:
    def spoil(server: DevServer) -> None:
        server.faults.upgrade_status = status

    return spoil


def redirect(path: str) -> Spoil:
    def spoil(server: DevServer) -> None:
        server.faults.upgrade_status = 301
        server.faults.upgrade_location = f"{server.url}{path}"

    return spoil


def silent(server: DevServer) -> None:
    server.faults.handshake_silent = True


def first_frame(frame: str | bytes) -> Spoil:
    def spoil(server: DevServer) -> None:
        server.faults.first_frame = frame

    return spoil


HTTP = "The server answered {} instead of opening a websocket"
REDIRECT = "The server answered with a redirect (301), which is not followed"
NO_WELCOME = "The server's first frame is not pusher:connection_established"
SPOILED: dict[str, tuple[Spoil, str]] = {
    "HTTP 403": (upgrade(403), HTTP.format(403)),
    "HTTP 404": (upgrade(404), HTTP.format(404)),
    "HTTP 500": (upgrade(500), HTTP.format(500)),
    "HTTP 301": (upgrade(301), REDIRECT),
    "HTTP 301 to nothing": (redirect("/nothing"), REDIRECT),
    "HTTP 301 to itself": (redirect("/app/demo-key?protocol=7"), REDIRECT),
    "silent": (silent, NO_ANSWER),
    "frozen": (DevServer.freeze, NO_ANSWER),
    "no JSON": (first_frame("hello"), "The frame is not JSON"),
    "binary": (first_frame(b"\x00"), "The server's first frame is binary"),
    "a ping": (first_frame('{"event":"pusher:ping"}'), NO_WELCOME),
    "an event": (first_frame(frames.event("orders", "x", "1")), NO_WELCOME),
    "a welcome without a socket id": (
        first_frame('{"event":"pusher:connection_established","data":{"activity_timeout":120}}'),
        "The frame pusher:connection_established lacks a field, or has one that is not valid",
    ),
    "too much": (
        first_frame("x" * 17_000_000),
        "The server sent a message larger than 16 MB (1009)",
    ),
}


@pytest.mark.parametrize("how", SPOILED)
async def test_a_server_that_does_not_welcome_is_asked_until_it_does(
    app: AppUnderTest, server: DevServer, clock: Clock, how: str
) -> None:
    spoil, reported = SPOILED[how]
    spoil(server)
    for connection in server.connections:
        connection.abort()

    await clock.pass_by(25)
    assert await app.fails(2) == reported
    assert app.status.state == "reconnecting"
    assert app.status.attributes["socket_id"] is None
    assert app.issues == set()
    server.thaw()
    server.faults.reset()
    await clock.pass_by(61)

    await app.after_the_fault(reported)


async def test_a_stopped_server_is_retried_until_it_is_back(
    app: AppUnderTest, server: DevServer, clock: Clock
) -> None:
    await server.stop()
    await clock.pass_by(300)
    assert app.status.state == "reconnecting"
    assert 6 <= len(app.failures) <= 16

    await server.start()
    await clock.pass_by(61)

    await app.after_the_fault("The server could not be reached")
