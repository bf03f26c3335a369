"""Failed connection attempts: each cause has its reason, and a message without secrets."""

import asyncio
import ssl
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState, Timing
from custom_components.pusher_channels.client.exceptions import FailureReason
from custom_components.pusher_channels.client.server import Server
from tests.tools.devserver.certificate import write_certificate
from tools.devserver import DevServer

from .channel_helpers import connection_failure
from .conftest import APP, Clock, MakeClient, address, connect
from .network import LocalNames, NoNames, listening, refuse


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's TLS context with a self-signed certificate, and one that trusts it."""
    certificate, key = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, ssl.create_default_context(cafile=str(certificate))


async def test_a_server_that_is_not_there_is_unreachable(make_client: MakeClient) -> None:
    async with listening(refuse) as port:
        pass

    failure = await connection_failure(make_client(at=Server.self_hosted("127.0.0.1", port)))

    assert failure.reason is FailureReason.UNREACHABLE
    assert str(failure) == "The server could not be reached"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, FailureReason.NOT_PUSHER),
        (403, FailureReason.NOT_PUSHER),
        (404, FailureReason.NOT_PUSHER),
        (429, FailureReason.UNREACHABLE),
        (500, FailureReason.UNREACHABLE),
        (503, FailureReason.UNREACHABLE),
    ],
)
async def test_an_http_answer_is_reported_with_its_status(
    status: int, reason: FailureReason, client: PusherClient, server: DevServer
) -> None:
    server.faults.upgrade_status = status

    failure = await connection_failure(client)

    assert failure.reason is reason
    assert str(failure) == f"The server answered {status} instead of opening a websocket"


async def test_a_name_that_no_dns_knows_is_reported(server: DevServer) -> None:
    async with ClientSession(connector=TCPConnector(resolver=NoNames())) as session:
        client = PusherClient(session, APP.key, Server.self_hosted("host.invalid"))

        failure = await connection_failure(client)
        await client.disconnect()

    assert failure.reason is FailureReason.UNREACHABLE
    assert str(failure) == "The host name could not be resolved"


async def test_a_certificate_that_is_not_trusted_is_reported(
    make_client: MakeClient, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with DevServer(ssl=tls[0]) as secure:
        failure = await connection_failure(make_client(at=address(secure, use_tls=True)))

    assert failure.reason is FailureReason.CERTIFICATE_INVALID
    assert str(failure) == "The server's certificate is not valid"


async def test_a_certificate_for_another_name_is_reported(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    trusting = TCPConnector(ssl=tls[1], resolver=LocalNames())
    async with DevServer(ssl=tls[0]) as secure, ClientSession(connector=trusting) as session:
        elsewhere = Server.self_hosted("other.example", secure.port)
        client = PusherClient(session, APP.key, elsewhere)

        failure = await connection_failure(client)
        await client.disconnect()

    assert failure.reason is FailureReason.CERTIFICATE_INVALID


async def test_a_trusted_certificate_connects(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with (
        DevServer(ssl=tls[0]) as secure,
        ClientSession(connector=TCPConnector(ssl=tls[1])) as session,
    ):
        client = await connect(PusherClient(session, APP.key, address(secure, use_tls=True)))

        assert client.socket_id == secure.connections[0].socket_id
        await client.disconnect()


async def test_tls_to_a_plain_port_is_reported(make_client: MakeClient, server: DevServer) -> None:
    failure = await connection_failure(make_client(at=address(server, use_tls=True)))

    assert failure.reason is FailureReason.TLS_FAILED
    assert str(failure) == "No secure connection could be made"


async def test_no_tls_to_a_tls_port_is_unreachable(
    make_client: MakeClient, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with DevServer(ssl=tls[0]) as secure:
        failure = await connection_failure(make_client(at=address(secure)))

    assert failure.reason is FailureReason.UNREACHABLE


async def test_a_server_that_accepts_and_sends_nothing_times_out(
    client: PusherClient, server: DevServer, clock: Clock
) -> None:
    server.faults.handshake_silent = True
    waiting = asyncio.create_task(connection_failure(client))
    await server.wait_connected()

    await clock.pass_by(9.5)
    assert not waiting.done()
    await clock.pass_by(1)

    failure = await waiting
    assert failure.reason is FailureReason.TIMED_OUT
    assert str(failure) == "The server did not answer within 10 seconds"
    await server.wait_disconnected()


async def test_a_server_that_never_answers_the_request_times_out(
    make_client: MakeClient, server: DevServer, clock: Clock
) -> None:
    server.freeze()
    client = make_client(timing=Timing(connect_timeout=3))
    waiting = asyncio.create_task(connection_failure(client))
    await server.wait_attempts(1)

    await clock.pass_by(4)

    failure = await waiting
    assert failure.reason is FailureReason.TIMED_OUT
    assert str(failure) == "The server did not answer within 3 seconds"
    server.thaw()


async def test_a_shorter_timeout_of_the_session_applies(server: DevServer, clock: Clock) -> None:
    server.freeze()
    async with ClientSession(timeout=ClientTimeout(total=3)) as session:
        client = PusherClient(session, APP.key, address(server))
        waiting = asyncio.create_task(connection_failure(client))
        await server.wait_attempts(1)

        await clock.pass_by(4)

        assert (await waiting).reason is FailureReason.TIMED_OUT
        await client.disconnect()
    server.thaw()


@pytest.mark.parametrize("use_tls", [True, False])
async def test_a_proxy_that_refuses_is_reported_without_its_text_or_password(
    use_tls: bool, make_client: MakeClient, server: DevServer
) -> None:
    async with listening(refuse) as port:
        proxy = f"http://user:canary-password@127.0.0.1:{port}"
        failure = await connection_failure(
            make_client(at=address(server, use_tls=use_tls), proxy=proxy)
        )

    assert failure.reason is FailureReason.UNREACHABLE
    assert "proxy" in str(failure)
    assert "canary" not in str(failure)
    assert server.attempts == []


async def test_a_proxy_that_is_not_there_is_reported(
    make_client: MakeClient, server: DevServer
) -> None:
    async with listening(refuse) as port:
        pass

    failure = await connection_failure(make_client(proxy=f"http://user:canary@127.0.0.1:{port}"))

    assert failure.reason is FailureReason.UNREACHABLE
    assert str(failure) == "The proxy refused or could not be reached"


async def test_a_proxy_that_cannot_be_one_is_reported(make_client: MakeClient) -> None:
    failure = await connection_failure(make_client(proxy="no address"))

    assert failure.reason is FailureReason.INVALID_ADDRESS


async def test_a_reset_during_the_handshake_is_reported(
    client: PusherClient, server: DevServer
) -> None:
    server.faults.handshake_reset = True

    failure = await connection_failure(client)

    assert failure.reason in (FailureReason.CLOSED, FailureReason.UNREACHABLE)
    assert client.state is ConnectionState.CONNECTING


async def test_an_unexpected_error_is_logged_and_retried(
    client: PusherClient,
    session: ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Here it is a session that its owner closed too early."""
    await session.close()

    failure = await connection_failure(client)

    assert failure.reason is FailureReason.UNEXPECTED
    assert client.state is ConnectionState.CONNECTING
    assert caplog.messages.count("The connection ended because of an unexpected error") == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", FailureReason.NOT_PUSHER),
        (b"220 mail.example ESMTP\r\n", FailureReason.NOT_PUSHER),
        (b"-ERR unknown command\r\n", FailureReason.NOT_PUSHER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", FailureReason.NOT_PUSHER),
        (
            b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            FailureReason.NOT_PUSHER,
        ),
        (b"", FailureReason.UNREACHABLE),
    ],
)
async def test_another_kind_of_server_is_recognized(
    make_client: MakeClient, reply: bytes, reason: FailureReason
) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with listening(respond) as port:
        failure = await connection_failure(
            make_client(at=Server.self_hosted("127.0.0.1", port, use_tls=False))
        )

    assert failure.reason is reason
