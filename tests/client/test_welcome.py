"""The frames and close codes that a server sends in place of its welcome, or before a close."""

import pytest

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState
from custom_components.pusher_channels.client.exceptions import FailureReason
from tools.devserver import DevServer, frames

from .channel_helpers import connection_failure
from .conftest import connect, until


@pytest.mark.parametrize("data", ["object", "text"])
async def test_an_error_instead_of_a_welcome_is_reported_with_its_message(
    data: str, client: PusherClient, server: DevServer
) -> None:
    """Reverb writes the data as text."""
    inner = {"code": 4001, "message": "App key X not in this cluster"}
    reported = frames.encode(inner) if data == "text" else inner
    server.faults.first_frame = frames.encode({"event": "pusher:error", "data": reported})

    failure = await connection_failure(client)

    assert failure.reason is FailureReason.REFUSED
    assert (failure.message, failure.code) == (inner["message"], 4001)
    assert str(failure) == "App key X not in this cluster (4001)"
    await until(lambda: client.state is ConnectionState.DISCONNECTED)
    await server.wait_disconnected()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ('{"event":"pusher:ping"}', FailureReason.PROTOCOL),
        (
            '{"event":"pusher:connection_established","data":{"socket_id":"1.1"}}',
            FailureReason.PROTOCOL,
        ),
        (
            '{"event":"pusher:connection_established","data":{"socket_id":"1.1","activity_timeout":0}}',
            FailureReason.PROTOCOL,
        ),
        ('{"event":"order.shipped","channel":"orders","data":{}}', FailureReason.NOT_PUSHER),
        ('{"type":"auth_required","ha_version":"2026.11.0"}', FailureReason.NOT_PUSHER),
        ("no JSON", FailureReason.NOT_PUSHER),
        (b"\x00", FailureReason.NOT_PUSHER),
    ],
)
async def test_a_first_frame_that_is_no_welcome_fails_the_attempt(
    frame: str | bytes, reason: FailureReason, client: PusherClient, server: DevServer
) -> None:
    server.faults.first_frame = frame

    failure = await connection_failure(client)

    assert failure.reason is reason
    await server.wait_disconnected()
    assert client.state is ConnectionState.CONNECTING


@pytest.mark.parametrize(
    ("text", "reported"),
    [("Over capacity", "Over capacity (4100)"), ("", "The connection was closed (4100)")],
)
async def test_a_close_instead_of_a_welcome_is_reported_with_its_reason(
    text: str, reported: str, client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_close = 4100
    server.faults.handshake_close_reason = text

    failure = await connection_failure(client)

    assert failure.reason is FailureReason.CLOSED
    assert str(failure) == reported


@pytest.mark.parametrize(
    ("announced", "text", "reported"),
    [
        (4100, "", "Over capacity (4100)"),
        (4100, "Busy", "Busy (4100)"),
        (4301, "", "The connection was closed (4100)"),
    ],
)
async def test_the_error_before_a_close_is_its_reason(
    announced: int, text: str, reported: str, client: PusherClient, server: DevServer
) -> None:
    """A soketi closes without a reason, right after a `pusher:error` of the same code."""
    await connect(client)

    await server.send_raw(frames.error(announced, "Over capacity"))
    await server.close_all(4100, text)
    await until(lambda: client.last_error is not None)

    assert str(client.last_error) == reported
