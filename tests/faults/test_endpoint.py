"""An endpoint that fails: its channels report the reason, the others work, and the connection stays."""

import asyncio
from dataclasses import dataclass

import pytest

from tools.devserver import DevServer

from ..client.conftest import Clock
from ..conftest import app_entry, until
from ..home_assistant import reauth_flows, state_of
from .app_under_test import CHANNELS, AppUnderTest
from .conftest import WatchApp

ROOM = "binary_sensor.private_room_subscribed"
LOST = "The connection was closed (4200)"


@dataclass(frozen=True)
class EndpointFault:
    """What the endpoint does, the error of its channels, and what happens next."""

    faults: dict[str, object]
    error: str
    is_retried: bool = False
    asks_the_user: bool = False


def status(code: int, **after: bool) -> EndpointFault:
    return EndpointFault({"auth_status": code}, f"The endpoint answered {code}", **after)


def body(text: str | bytes, error: str) -> EndpointFault:
    return EndpointFault({"auth_body": text}, error)


SLOW = EndpointFault({}, "The endpoint did not answer in time", is_retried=True)
ENDPOINT_FAULTS = {
    "slow": SLOW,
    "empty": body("", "The endpoint's answer is not JSON"),
    "huge": body(b"[" + b"1," * 5_000_000, "The endpoint's answer has more than 65536 bytes"),
    "no JSON": body("<html>", "The endpoint's answer is not JSON"),
    "a list": body("[]", "The answer is not an object"),
    "no auth": body("{}", "The answer has no auth"),
    "401": status(401, asks_the_user=True),
    "403": status(403),
    "419": status(419, asks_the_user=True),
    "429": status(429, is_retried=True),
    "500": status(500, is_retried=True),
    "redirect": EndpointFault(
        {"auth_redirect": "/elsewhere"},
        "The endpoint answered with a redirect (302), which is not followed",
    ),
}


@pytest.fixture
async def app(server: DevServer, watch_app: WatchApp) -> AppUnderTest:
    """Return an app that asks an endpoint."""
    entry = app_entry(
        server,
        *CHANNELS,
        "private-room",
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
    )
    return await watch_app(entry).set_up()


def room_error(app: AppUnderTest) -> object:
    return state_of(app.hass, ROOM).attributes["error"]


@pytest.mark.parametrize("name", ENDPOINT_FAULTS)
async def test_a_failing_endpoint_affects_only_its_channels(
    app: AppUnderTest, server: DevServer, clock: Clock, name: str
) -> None:
    case = ENDPOINT_FAULTS[name]
    for fault, value in case.faults.items():
        setattr(server.faults, fault, value)
    if case is SLOW:
        server.faults.auth_hold = asyncio.Event()
    asked = len(server.auth_requests)
    await server.close_all(4200)
    await server.wait_auth_requests(asked + 2)
    if server.faults.auth_hold:
        await clock.pass_by(11)
        server.faults.auth_hold.set()
    await until(lambda: app.hub.client.channels["private-room"].error)
    if case.is_retried and case is not SLOW:
        assert room_error(app) is None
        await clock.pass_by(11)
    await until(lambda: room_error(app))

    assert room_error(app) == case.error
    assert state_of(app.hass, ROOM).state == "off"
    assert state_of(app.hass, "sensor.presence_lobby_members").state == "unavailable"
    assert app.status.state == "connected"
    is_refused = not case.is_retried and not case.asks_the_user
    kinds = {issue.split("_id-")[1] for issue in app.issues}
    assert kinds == ({"private-room", "presence-lobby"} if is_refused else set())
    await app.hass.async_block_till_done()
    assert reauth_flows(app.hass) == (["reauth"] if case.asks_the_user else [])
    await app.still_works()
    server.faults.reset()
    refused = ("private-room", "presence-lobby")
    if case.is_retried:
        clock.skip(61)
        await until(lambda: room_error(app) is None)
        await until(lambda: app.hub.channels["id-presence-lobby"].is_subscribed)
        app.refused_once(*refused, subscribed=True)
        await app.after_the_fault(LOST)
    else:
        app.refused_once(*refused, subscribed=False)
        app.logged_once()
        await app.reload()
        await app.after_the_fault(None, lost=False)


async def test_an_answer_after_a_reconnect_is_dropped(app: AppUnderTest, server: DevServer) -> None:
    server.faults.auth_hold = asyncio.Event()
    asked = len(server.auth_requests)
    await server.close_all(4200)
    await server.wait_auth_requests(asked + 2)
    app.logged_once()
    server.received.clear()
    server.abort_all()
    await server.wait_auth_requests(asked + 4)

    server.faults.auth_hold.set()

    await app.after_the_fault("The connection was closed (1006)")
    [connection] = server.connections
    assert {it.connection for it in server.received} == {connection}
