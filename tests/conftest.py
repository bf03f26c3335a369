"""What the tests of the integration share: a real server on loopback, and a configured app."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_test_config_dir

import custom_components.pusher_channels  # noqa: F401  # before the plugin's own custom_components
from custom_components.pusher_channels.const import DOMAIN
from custom_components.pusher_channels.hub.hub import Hub
from tools.devserver import PROFILES, App, DevServer

from .canaries import APP_SECRET, Canaries

MASTER_KEY = "T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU="
APP = App(secret=APP_SECRET, master_key=MASTER_KEY)

QUICK = ("pusher", "reverb")

type SetUp = Callable[[MockConfigEntry], Awaitable[Hub]]


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave asyncio's debug mode to PYTHONASYNCIODEBUG: it doubles the time of a run."""


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find the integration, in the tests that use Home Assistant."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("hass_storage")
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(scope="session")
def canaries() -> Iterator[Canaries]:
    """Read what the whole run writes."""
    canaries = Canaries(Path(get_test_config_dir()))  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patch:
        canaries.start(patch)
        yield canaries
        canaries.stop()
    assert canaries.take() == []


@pytest.fixture(autouse=True)
def _nothing_secret_is_written(canaries: Canaries) -> Iterator[None]:
    """Let a test fail that makes something secret be written."""
    yield
    assert canaries.take() == []


@pytest.fixture
def server_kind() -> str:
    """Return the kind of server that `server` is; tests marked `every_server` run with several."""
    return "soketi"


@pytest.fixture
async def server(socket_enabled: None, server_kind: str) -> AsyncIterator[DevServer]:
    """Run a server with one app."""
    async with DevServer(apps=[APP], profile=PROFILES[server_kind]) as running:
        yield running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `every_server` with each kind of server; all but two of them are slow."""
    marked = metafunc.definition.get_closest_marker("every_server")
    if marked and "server_kind" in metafunc.fixturenames:
        slow = [
            pytest.param(kind, marks=pytest.mark.slow) for kind in PROFILES if kind not in QUICK
        ]
        metafunc.parametrize("server_kind", [*QUICK, *slow])


def app_data(server: DevServer, **changes: Any) -> dict[str, Any]:
    """Return an entry's data for the server's app, which signs with the app secret."""
    return {
        "app_key": APP.key,
        "cluster": "mt1",
        "server": {
            "host": server.host,
            "port": server.port,
            "use_tls": False,
            "verify_ssl": True,
        },
        "authorization": "auth_secret",
        "secret": APP.secret,
        "app_id": APP.app_id,
        "encryption_master_key": MASTER_KEY,
        "user_id": "home-assistant-12345678",
    } | changes


def channel_subentry(channel: str, **data: Any) -> ConfigSubentryDataWithId:
    """Return the subentry of a channel; its id is made of the channel's name."""
    return ConfigSubentryDataWithId(
        subentry_id=f"id-{channel}",
        subentry_type="channel",
        title=channel,
        unique_id=channel,
        data=MappingProxyType({"channel": channel, "events": [], "members": []} | data),
    )


def app_entry(
    server: DevServer,
    *channels: ConfigSubentryDataWithId | str,
    options: dict[str, Any] | None = None,
    **changes: Any,
) -> MockConfigEntry:
    """Return an entry for the server's app with these channels, not set up yet."""
    subentries = [channel_subentry(it) if isinstance(it, str) else it for it in channels]
    return MockConfigEntry(
        domain=DOMAIN,
        title="Demo app",
        unique_id=f"{APP.key}@{server.host}:{server.port}",
        data=app_data(server, **changes),
        options=options or {},
        subentries_data=subentries,
    )


def signed_in_entry(server: DevServer, **options: Any) -> MockConfigEntry:
    """Return an entry that signs in, authorized by the server's endpoints; not set up yet."""
    return app_entry(
        server,
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
        user_auth_endpoint=server.user_auth_url,
        options={"sign_in": True, **options},
    )


@pytest.fixture
def set_up(hass: HomeAssistant, server: DevServer) -> SetUp:
    """Return what sets an entry up, and waits until its channels are subscribed."""

    async def set_up(entry: MockConfigEntry) -> Hub:
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        hub: Hub = entry.runtime_data
        await until(lambda: all(channel.is_subscribed for channel in hub.channels.values()))
        await hass.async_block_till_done()
        return hub

    return set_up


async def until(predicate: Callable[[], object], seconds: float = 5) -> None:
    """Let the event loop turn until something is so; fail when it does not become so in time."""
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "it did not become so in time"
        await asyncio.sleep(0)
