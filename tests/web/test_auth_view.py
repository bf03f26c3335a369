"""Pages with a Home Assistant token are authorized for the configured channels only."""

import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tools.devserver import DevServer

from ..actions import connected_guest
from ..conftest import SetUp, app_entry, until
from ..hub.shares import share_subentry

PANEL = "http://panel.local:8080"
ON = {"auth_endpoint_view": True, "auth_endpoint_origins": [PANEL]}
CHANNELS = ("orders", "private-a", "presence-a", "private-encrypted-a", "cache-a")
PREFLIGHT = {
    "Origin": PANEL,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}
ALLOW = "Access-Control-Allow-"

type Client = TestClient[Any, Any]


def path(entry: MockConfigEntry, kind: str = "auth") -> str:
    return f"/api/pusher_channels/{kind}/{entry.entry_id}"


def form(channel: str = "private-a", socket_id: str = "1.2") -> dict[str, str]:
    return {"socket_id": socket_id, "channel_name": channel}


@pytest.fixture
async def entry(server: DevServer, set_up: SetUp) -> MockConfigEntry:
    """Set up an app that authorizes pages."""
    entry = app_entry(server, *CHANNELS, options=ON)
    await set_up(entry)
    return entry


@pytest.fixture
async def page(
    entry: MockConfigEntry, hass_client: ClientSessionGenerator, hass_read_only_access_token: str
) -> Client:
    """Return a client with the token of a user who is no administrator."""
    return await hass_client(hass_read_only_access_token)


async def test_page_subscribes_each_kind_of_channel_as_its_user(
    server: DevServer, entry: MockConfigEntry, page: Client, hass_read_only_user: MockUser
) -> None:
    async with connected_guest(server) as guest:
        for channel in ("private-a", "private-encrypted-a", "presence-a"):
            answer = await page.post(path(entry), data=form(channel, guest.socket_id))
            assert answer.status == 200
            signed = await answer.json()
            key = signed.pop("shared_secret", None)
            assert (key is not None) == (channel == "private-encrypted-a")
            official = server.pusher().authenticate(channel, guest.socket_id)
            if key is not None:
                assert key.encode() == official["shared_secret"]
            if channel != "presence-a":
                assert signed == {"auth": official["auth"]}
            assert "subscription_succeeded" in await guest.subscribe(channel, **signed)

        members = server.members("presence-a")
        user = {"name": hass_read_only_user.name}
        assert members[hass_read_only_user.id] == user


async def test_page_signs_in_as_its_user(
    server: DevServer, entry: MockConfigEntry, page: Client, hass_read_only_user: MockUser
) -> None:
    async with connected_guest(server) as guest:
        answer = await page.post(path(entry, "user-auth"), data={"socket_id": guest.socket_id})
        signed = await answer.json()
        assert signed.keys() == {"auth", "user_data"}
        assert "pusher:signin_success" in await guest.ask("pusher:signin", signed)
        connection = server.connection(guest.socket_id)
        assert connection is not None
        assert connection.user_id == hass_read_only_user.id
    user = {"id": hass_read_only_user.id, "user_info": {"name": hass_read_only_user.name}}
    assert json.loads(signed["user_data"]) == user


async def test_json_is_read_like_a_form(entry: MockConfigEntry, page: Client) -> None:
    from_form = await page.post(path(entry), data=form())
    from_json = await page.post(path(entry), json=form() | {"more": None})
    assert from_form.status == from_json.status == 200
    assert await from_form.json() == await from_json.json()


@pytest.mark.parametrize(
    "channel",
    ["private-b", "private-a ", "presence-b", "orders", "cache-a", "unknown", "#server-to-user-1"],
)
async def test_other_channels_and_public_ones_are_refused(
    entry: MockConfigEntry, page: Client, channel: str
) -> None:
    answer = await page.post(path(entry), data=form(channel))
    assert answer.status == 403
    assert await answer.json() == {"message": "Not a private channel of this app"}


async def test_page_may_subscribe_to_the_channel_of_a_share(
    server: DevServer, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, share_subentry("sun.sun"), options=ON)
    await set_up(entry)
    client = await hass_client()

    answer = await client.post(path(entry), data=form("private-home"))

    assert answer.status == 200


async def test_encrypted_channel_without_master_key_is_refused(
    server: DevServer, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, "private-encrypted-a", options=ON)
    entry.add_to_hass(hass)
    data = {key: it for key, it in entry.data.items() if key != "encryption_master_key"}
    hass.config_entries.async_update_entry(entry, data=data)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.client.channels["private-encrypted-a"].error)

    answer = await (await hass_client()).post(path(entry), data=form("private-encrypted-a"))
    assert answer.status == 403
    assert "master key" in (await answer.json())["message"]


FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
NO_SOCKET = "socket_id is missing or wrong"
NO_CHANNEL = "channel_name is missing"
NO_FIELDS = "Send a form or JSON"


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        ("", FORM, NO_SOCKET),
        ("channel_name=private-a", FORM, NO_SOCKET),
        ("socket_id=1.2", FORM, NO_CHANNEL),
        ("socket_id=1.2&channel_name=", FORM, NO_CHANNEL),
        ("socket_id=1.2:presence-a&channel_name=private-a", FORM, NO_SOCKET),
        ("socket_id=1.2%0A&channel_name=private-a", FORM, NO_SOCKET),
        (b"socket_id=\xff", FORM, NO_FIELDS),
        ("{", JSON, NO_FIELDS),
        ("[]", JSON, NO_FIELDS),
        ('{"socket_id":1.2,"channel_name":"private-a"}', JSON, NO_SOCKET),
        ('{"socket_id":"1.2","channel_name":["private-a"]}', JSON, NO_CHANNEL),
    ],
)
async def test_invalid_request_is_a_bad_request_with_the_reason(
    entry: MockConfigEntry, page: Client, body: str | bytes, content_type: str, reason: str
) -> None:
    answer = await page.post(path(entry), data=body, headers={"Content-Type": content_type})
    assert answer.status == 400
    assert await answer.json() == {"message": reason}


async def test_request_that_cannot_be_decompressed_is_a_bad_request(
    entry: MockConfigEntry, page: Client
) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = await page.post(path(entry), data=b"socket_id=1.2", headers=headers)
    assert answer.status == 400
    assert await answer.json() == {"message": NO_FIELDS}


async def test_long_request_is_not_read_to_its_end(entry: MockConfigEntry, page: Client) -> None:
    answer = await page.post(path(entry), data=form() | {"more": "x" * 16_384})
    assert answer.status == 413
    assert await answer.json() == {"message": "Too long"}


async def test_missing_endpoint_looks_the_same_for_all_reasons(
    hass: HomeAssistant, server: DevServer, entry: MockConfigEntry, page: Client
) -> None:
    entries = {
        "off": app_entry(server, "private-a", options=ON | {"auth_endpoint_view": False}),
        "no secret": app_entry(
            server, options=ON, authorization="auth_endpoint", auth_endpoint=server.auth_url
        ),
    }
    data = {key: it for key, it in entries["no secret"].data.items() if key != "secret"}
    for name, other in entries.items():
        other.add_to_hass(hass)
        hass.config_entries.async_update_entry(other, unique_id=name)
    hass.config_entries.async_update_entry(entries["no secret"], data=data)
    for other in entries.values():
        assert await hass.config_entries.async_setup(other.entry_id)
    foreign = MockConfigEntry(domain="another", options=ON)
    foreign.add_to_hass(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)

    seen = set()
    for which in (*(it.entry_id for it in (entry, *entries.values(), foreign)), "unknown"):
        for kind in ("auth", "user-auth"):
            url = f"/api/pusher_channels/{kind}/{which}"
            answer = await page.post(url, data=form(), headers={"Origin": PANEL})
            seen.add((answer.status, await answer.text(), answer.headers.get(f"{ALLOW}Origin")))
            preflight = await page.options(url, headers=PREFLIGHT)
            seen.add((preflight.status, "", preflight.headers.get(f"{ALLOW}Origin")))
    assert seen == {(404, '{"message":"There is no such endpoint"}', None), (204, "", None)}


async def test_request_without_a_token_is_unauthorized_and_a_page_can_read_that(
    entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    for kind in ("auth", "user-auth"):
        answer = await client.post(path(entry, kind), data=form(), headers={"Origin": PANEL})
        assert answer.status == 401
        assert answer.headers[f"{ALLOW}Origin"] == PANEL
        answer = await client.get(path(entry, kind))
        assert answer.status == 405


async def test_preflight_needs_no_token(
    entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    for kind in ("auth", "user-auth"):
        answer = await client.options(path(entry, kind), headers=PREFLIGHT)
        assert answer.status == 204
        allowed = {name: it for name, it in answer.headers.items() if name.startswith(ALLOW)}
        assert allowed == {
            f"{ALLOW}Origin": PANEL,
            f"{ALLOW}Methods": "POST",
            f"{ALLOW}Headers": "Authorization, Content-Type",
        }
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://panel.local:8080", "http://panel.local", "http://evil.example", "null", "", None],
)
async def test_other_origins_cannot_read_the_response(
    entry: MockConfigEntry, page: Client, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = await page.post(path(entry), data=form(), headers=headers)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    preflight = await page.options(path(entry), headers=PREFLIGHT | {"Origin": origin or "null"})
    assert not [name for name in preflight.headers if name.startswith("Access-Control")]


async def test_endpoint_without_origins_answers_but_no_page_can_read_it(
    server: DevServer, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    entry = app_entry(server, "private-a", options={"auth_endpoint_view": True})
    await set_up(entry)

    answer = await (await hass_client()).post(path(entry), data=form(), headers={"Origin": PANEL})

    assert answer.status == 200
    assert f"{ALLOW}Origin" not in answer.headers


async def test_responses_are_not_stored(entry: MockConfigEntry, page: Client) -> None:
    for data in (form(), form("private-b"), {}):
        answer = await page.post(path(entry), data=data, headers={"Origin": PANEL})
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Origin"
        assert answer.headers[f"{ALLOW}Origin"] == PANEL
        assert f"{ALLOW}Credentials" not in answer.headers
