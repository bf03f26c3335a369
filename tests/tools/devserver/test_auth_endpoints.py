"""The authorizing endpoints, with and without faults."""

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession

from tools.devserver import AuthEndpoints, AuthRequest, DevServer

from .conftest import Connect
from .peer import UNAUTHORIZED, Peer, succeeded

ENCRYPTED_SECRET = "nlr49ISQHz91yS3cy/yWmW8wFMNeTnNL5tNHnbPJcLQ="


async def authorize(
    server: DevServer, session: ClientSession, peer: Peer, channel: str
) -> dict[str, str]:
    """What the endpoint answers."""
    form = {"socket_id": peer.socket_id, "channel_name": channel}
    async with session.post(server.auth_url, data=form) as response:
        assert response.status == 200
        answer: dict[str, str] = await response.json()
        return answer


async def test_answer_authorizes_a_subscription(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    peer = await connect()
    answer = await authorize(server, session, peer, "private-a")
    assert set(answer) == {"auth"}
    assert await peer.subscribe("private-a", **answer) == succeeded("private-a")


async def test_presence_answer_has_the_members_data(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    peer = await connect()
    answer = await authorize(server, session, peer, "presence-a")
    assert answer["channel_data"] == '{"user_id": "demo", "user_info": {"name": "Demo"}}'
    await peer.subscribe("presence-a", **answer)
    assert server.members("presence-a") == {"demo": {"name": "Demo"}}
    server.auth.member = lambda request: {"user_id": f"at-{request.socket_id}"}
    answer = await authorize(server, session, peer, "presence-a")
    assert answer["channel_data"] == f'{{"user_id": "at-{peer.socket_id}"}}'
    server.auth.member = None
    assert set(await authorize(server, session, peer, "presence-a")) == {"auth"}


async def test_encrypted_answer_has_the_documented_shared_secret(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    answer = await authorize(server, session, await connect(), "private-encrypted-bla")
    assert answer["shared_secret"] == ENCRYPTED_SECRET


async def test_user_answer_lets_one_sign_in(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    peer = await connect()
    async with session.post(server.user_auth_url, data={"socket_id": peer.socket_id}) as response:
        answer = await response.json()
    assert "signin_success" in await peer.ask("pusher:signin", answer)
    assert (server.connections[0].user_id, server.auth_requests[0].kind) == ("demo", "user")
    server.auth.user = lambda request: {"id": "made"}
    async with session.post(server.user_auth_url, data={"socket_id": peer.socket_id}) as response:
        assert (await response.json())["user_data"] == '{"id": "made"}'


async def test_answer_is_signed_for_the_app_of_the_socket(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    answer = await authorize(server, session, await connect(server.apps[1]), "private-a")
    assert answer["auth"].startswith("other-key:")


async def test_request_is_recorded_as_it_came(server: DevServer, session: ClientSession) -> None:
    channel = "private-reservations-for-venue@venue_id=399ccd2d;date=2017-01-13"
    form = {"socket_id": "45.78", "channel_name": channel, "extra": ""}
    async with session.post(server.auth_url, data=form, headers={"X-Token": "t"}) as response:
        assert response.status == 200
    request = await server.wait_auth_requests(1)
    assert isinstance(request, AuthRequest)
    assert (request.kind, request.socket_id, request.channel_name) == ("channel", "45.78", channel)
    assert request.body.startswith("socket_id=45.78&channel_name=private-reservations-for-venue")
    assert request.form == form
    assert (request.content_type, request.headers["x-token"]) == (
        "application/x-www-form-urlencoded",
        "t",
    )


async def status(session: ClientSession, url: str, headers: Mapping[str, str], channel: str) -> int:
    form = {"socket_id": "1.2", "channel_name": channel}
    async with session.post(url, data=form, headers=headers, allow_redirects=False) as response:
        return response.status


async def test_required_header_and_forbidden_channel_are_refused(session: ClientSession) -> None:
    auth = AuthEndpoints(
        required_headers={"Authorization": "Bearer demo-token"}, forbidden_channels={"private-no"}
    )
    good = {"Authorization": "Bearer demo-token"}
    async with DevServer(auth=auth) as server:
        url = server.auth_url
        assert await status(session, url, {}, "private-a") == 403
        assert await status(session, url, {"Authorization": "Bearer other"}, "private-a") == 403
        assert await status(session, url, good, "private-a") == 200
        assert await status(session, url, good, "private-no") == 403
        server.auth.unauthorized_status = 419
        assert await status(session, url, {}, "private-a") == 419


@pytest.mark.parametrize(
    "form", [{}, {"socket_id": "1.2"}, {"socket_id": "x", "channel_name": "private-a"}]
)
async def test_malformed_request_is_refused(
    server: DevServer, session: ClientSession, form: Mapping[str, str]
) -> None:
    async with session.post(server.auth_url, data=form) as response:
        assert response.status == 400


async def test_status_body_and_redirect_faults(server: DevServer, session: ClientSession) -> None:
    server.faults.auth_status = 500
    assert await status(session, server.auth_url, {}, "private-a") == 500
    server.faults.auth_body = "x" * 1_000_000
    async with session.post(server.user_auth_url) as response:
        assert (response.status, len(await response.read())) == (500, 1_000_000)
    server.faults.reset()
    server.faults.auth_body = b"\xff[]"
    async with session.post(server.auth_url) as response:
        assert (response.status, await response.read()) == (200, b"\xff[]")
    server.faults.auth_redirect = "/elsewhere"
    async with session.post(server.auth_url, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/elsewhere")


async def test_held_answer_is_sent_once_released(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    hold = server.faults.auth_hold = asyncio.Event()
    asking = asyncio.create_task(status(session, server.auth_url, {}, "private-a"))
    await server.wait_auth_requests(1)
    await (await connect()).receives_nothing()
    assert not asking.done()
    hold.set()
    assert await asking == 200


async def test_next_signatures_and_shared_secrets_are_wrong(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    peer = await connect()
    server.faults.wrong_signatures = 1
    server.faults.wrong_shared_secrets = 1
    private = await authorize(server, session, peer, "private-a")
    assert await peer.subscribe("private-a", **private) == UNAUTHORIZED % "private-a"
    encrypted = await authorize(server, session, peer, "private-encrypted-bla")
    assert encrypted.pop("shared_secret") != ENCRYPTED_SECRET
    assert await peer.subscribe("private-encrypted-bla", **encrypted) == succeeded(
        "private-encrypted-bla"
    )
    assert (await authorize(server, session, peer, "private-encrypted-bla"))[
        "shared_secret"
    ] == ENCRYPTED_SECRET
    assert (server.faults.wrong_signatures, server.faults.wrong_shared_secrets) == (0, 0)


async def test_keys_are_omitted(
    server: DevServer, session: ClientSession, connect: Connect
) -> None:
    peer = await connect()
    server.faults.auth_omit = {"auth", "shared_secret"}
    assert await authorize(server, session, peer, "private-encrypted-a") == {}
    assert set(await authorize(server, session, peer, "presence-a")) == {"channel_data"}
