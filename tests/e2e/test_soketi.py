"""Other configurations of soketi: below a path, with TLS, with an app that is disabled, full or strict."""

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tools.harness import FlowRefusedError, HomeAssistant

from .apps import APP_1
from .conftest import until_connections
from .entry import AppEntry, ChannelEntry, app_form, secret_form
from .guest import Guest
from .soketi import Soketi


@asynccontextmanager
async def added(hass: HomeAssistant, server: Soketi, **place: object) -> AsyncGenerator[AppEntry]:
    """Add an app of the server for the block."""
    form = app_form(server)
    form["server"] |= place
    entry = AppEntry(hass, await hass.add_app(form, "auth_secret", **secret_form()))
    yield entry
    await entry.remove()


async def first_answer(hass: HomeAssistant, server: Soketi, **place: object) -> dict[str, Any]:
    """Return what the flow answers to its first form."""
    form = app_form(server)
    form["server"] |= place
    steps = await hass.start_config_flow()
    await steps.submit(**form)
    await steps.abandon()
    return steps.result


async def receives_its_own_events(channel: ChannelEntry) -> None:
    """Check that an event sent through the server API arrives over the socket."""
    async with channel.app.hass.events("pusher_channels_event") as events:
        await channel.app.act("trigger", channel=channel.name, event="light", data={"on": True})
        received = await events.take()
        assert (received["event"], received["data"]) == ("light", {"on": True})


async def test_server_below_a_path_is_reached_by_socket_and_api(hass: HomeAssistant) -> None:
    async with Soketi(settings={"pathPrefix": "/pusher"}) as server:
        answer = await first_answer(hass, server)
        assert answer["errors"] == {"base": "not_pusher"}
        async with added(hass, server, path="/pusher") as entry:
            channel = await entry.add_channel("private-orders")
            await receives_its_own_events(channel)
            answer = await entry.ask("get_channel", channel=channel.name, from_server=True)
            assert answer["server"] == {"occupied": True, "subscription_count": 1}


async def test_tls_is_used_and_its_certificate_verified(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    certificate, key = write_certificate(tmp_path)
    settings = {"ssl.certPath": str(certificate), "ssl.keyPath": str(key)}
    async with Soketi(settings=settings) as server:
        answer = await first_answer(hass, server, use_tls=True)
        assert answer["errors"] == {"base": "certificate_invalid"}
        answer = await first_answer(hass, server, use_tls=False)
        assert answer["errors"] == {"base": "cannot_connect"}
        async with added(hass, server, use_tls=True, verify_ssl=False) as entry:
            await receives_its_own_events(await entry.add_channel("private-orders"))


async def test_disabled_app_is_reported(hass: HomeAssistant) -> None:
    async with Soketi(app_settings={"enabled": False}) as server:
        answer = await first_answer(hass, server)
        assert answer["errors"] == {"base": "app_disabled"}


async def test_full_app_is_reported_and_retried(hass: HomeAssistant) -> None:
    async with (
        Soketi(app_settings={"maxConnections": 1}) as server,
        added(hass, server) as entry,
    ):
        await entry.set_options(max_reconnect_gap=1)
        with pytest.raises(FlowRefusedError, match="over_quota"):
            await entry.add_channel("private-orders")
        switch = {"entity_id": await entry.entity_id("connection")}
        await hass.call_service("switch", "turn_off", switch)
        async with hass.events("pusher_channels_error") as errors, Guest(server):
            await hass.call_service("switch", "turn_on", switch)
            await errors.take(lambda error: error["code"] == 4100)
            assert await entry.issues() == {"over_quota"}
        await entry.becomes("connection_state", "connected")
        assert await entry.issues() == set()


async def test_app_without_client_events_asks_to_enable_them(hass: HomeAssistant) -> None:
    async with (
        Soketi(app_settings={"enableClientMessages": False}) as server,
        added(hass, server) as entry,
        hass.events("pusher_channels_error") as errors,
    ):
        channel = await entry.add_channel("private-orders")
        await entry.act("trigger", channel=channel.name, event="client-light", data=1)
        error = await errors.take()
        assert error["code"] == 4301
        assert await entry.issues() == {"client_events_disabled"}
        assert (await entry.state("connection_state")).state == "connected"


async def test_app_that_requires_authorized_connections_has_a_repair_until_it_can_sign(
    hass: HomeAssistant,
) -> None:
    async with Soketi(sign_in_timeout=3) as server:
        entry = await AppEntry.add(hass, server, APP_1, "auth_none")
        await entry.becomes("connection_state", "disconnected")
        error = (await entry.state("connection_state")).attributes["last_error"]
        assert error == "Connection not authorized within timeout. (4009)"
        await until_connections(server, 0)
        assert await entry.issues() == {"authorization_required"}
        assert await hass.reauth_flow(entry.entry_id) is None

        steps = await hass.start_reconfigure_flow(entry.entry_id)
        await steps.submit(**app_form(server, APP_1))
        await steps.choose("auth_secret")
        await steps.submit(**secret_form())
        assert steps.result["reason"] == "reconfigure_successful"

        await entry.becomes("connection_state", "connected")
        channel = await entry.add_channel("orders")
        async with hass.events("pusher_channels_error") as errors:
            # The server reports the reason, then closes the connection.
            for _ in range(2):
                assert "within timeout" in (await errors.take())["message"]
            with pytest.raises(TimeoutError):
                await errors.take(timeout=5)
        assert (await entry.state("connection_state")).state == "connected"
        assert (await channel.state("subscribed")).state == "on"
        assert await entry.issues() == set()
        await entry.remove()


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = (folder / "certificate.pem", folder / "key.pem")
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
