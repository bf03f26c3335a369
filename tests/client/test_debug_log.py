"""What the debug log contains about a connection, and what it never contains."""

import logging

import pytest

from custom_components.pusher_channels.client import PusherClient, Server
from tools.devserver import DevServer, frames

from .channel_helpers import all_handled, events_of, refusal, subscribed
from .conftest import APP, MakeClient, connect, until
from .record import Record

LOGGER = "custom_components.pusher_channels.client"


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return the log at level debug."""
    caplog.set_level(logging.DEBUG, LOGGER)
    return caplog


async def test_a_connection_and_its_subscriptions_are_logged(
    client: PusherClient, server: DevServer, debug_log: pytest.LogCaptureFixture
) -> None:
    await connect(client)
    [channel] = await subscribed(client, "private-a")
    received = events_of(channel)
    event = frames.event("private-a", "shipped", "canary-data")
    server.connections[0].send(event)
    await until(lambda: received)
    await client.trigger("private-a", "client-x", "canary-data")

    text = debug_log.text
    for line in (
        f"Connecting to ws://127.0.0.1:{server.port}\n",
        f"Connected as {client.socket_id}, activity timeout 120 s\n",
        "Authorizer asked for private-a: 0.0",
        "Sent pusher:subscribe on private-a (",
        "Received pusher_internal:subscription_succeeded on private-a (",
        "Subscribed to private-a\n",
        f"Received shipped on private-a ({len(event)} bytes)\n",
        "Sent client-x on private-a (",
    ):
        assert line in text, line
    assert "canary" not in text
    assert APP.key not in text


async def test_the_cause_of_a_failure_is_logged(
    make_client: MakeClient, debug_log: pytest.LogCaptureFixture
) -> None:
    async with DevServer() as server:
        port = server.port
    client = make_client(at=Server.self_hosted("127.0.0.1", port, use_tls=False))
    record = Record(client)

    client.connect()
    await until(lambda: record.failures)

    assert "Connection attempt failed: ClientConnectorError (errno 111)" in debug_log.text
    assert "The server could not be reached; next attempt in " in debug_log.text


async def test_a_refusal_is_logged(
    client: PusherClient, server: DevServer, debug_log: pytest.LogCaptureFixture
) -> None:
    server.faults.subscribe_answers = {"a": frames.subscription_error("a", "Not for you", 403)}
    await connect(client)

    await refusal(client.subscribe("a"))

    assert "Not subscribed to a: AuthError (403)" in debug_log.messages


async def test_names_from_the_server_cannot_add_lines_to_the_log(
    client: PusherClient, server: DevServer, debug_log: pytest.LogCaptureFixture
) -> None:
    await connect(client)
    server.connections[0].send(frames.event("a\n", "x\r\nERROR forged" + "y" * 1000, ""))
    await all_handled(client, server.connections[0])

    [line] = [it for it in debug_log.messages if "forged" in it]
    assert line.startswith("Received x ERROR forgedyyy")
    assert len(line) < 200
    assert "\n" not in line


async def test_without_debug_logging_no_frame_is_logged(
    client: PusherClient, server: DevServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await connect(client)
    [channel] = await subscribed(client, "a")
    received = events_of(channel)
    await server.publish("a", "x", "")
    await until(lambda: received)

    assert [record for record in caplog.records if record.name.startswith(LOGGER)] == []
