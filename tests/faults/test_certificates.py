"""Certificates that are not trusted: nothing is sent over such a connection."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.devserver.certificate import write_certificate
from tools.devserver import DevServer

from ..client.conftest import Clock
from ..conftest import APP
from .app_under_test import AppUnderTest, entry_at
from .conftest import WatchApp

INVALID = "The server's certificate is not valid"


class Certificates:
    """One valid certificate and some others; all are trusted except the unknown one."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            "good": self._write(folder / "good"),
            "expired": self._write(folder / "expired", days=-1),
            "for another": self._write(folder / "other", address="127.0.0.2"),
            "unknown": self._write(folder / "unknown"),
        }

    def _write(self, folder: Path, **changes: Any) -> tuple[Path, Path]:
        folder.mkdir()
        return write_certificate(folder, **changes)

    def of_server(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._files[name])
        return context

    def trusted(self, *_: object) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for name in ("good", "expired", "for another"):
            context.load_verify_locations(self._files[name][0])
        return context


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Let Home Assistant trust the certificates, as if their authorities were well known."""
    made = Certificates(tmp_path)
    monkeypatch.setattr("homeassistant.util.ssl.client_context", made.trusted)
    return made


@pytest.fixture
async def server(socket_enabled: None, certificates: Certificates) -> AsyncIterator[DevServer]:
    """Run a server with TLS and a good certificate."""
    async with DevServer(apps=[APP], ssl=certificates.of_server("good")) as running:
        yield running


@pytest.fixture
async def app(server: DevServer, watch_app: WatchApp) -> AppUnderTest:
    """Return an app that is loaded over TLS."""
    return await watch_app(entry_at(server, use_tls=True)).set_up()


async def _restart(server: DevServer, context: ssl.SSLContext) -> None:
    await server.stop()
    server._ssl = context
    await server.start()


@pytest.mark.parametrize("name", ["expired", "for another", "unknown"])
async def test_a_certificate_that_became_invalid_is_refused_until_it_is_valid_again(
    app: AppUnderTest, server: DevServer, certificates: Certificates, clock: Clock, name: str
) -> None:
    await _restart(server, certificates.of_server(name))
    await clock.pass_by(5)
    assert app.status.state == "reconnecting"
    assert app.status.attributes["last_error"] == INVALID
    assert app.issues == set()

    await _restart(server, certificates.of_server("good"))
    await clock.pass_by(61)

    await app.after_the_fault(INVALID)


@pytest.mark.parametrize("name", ["expired", "for another", "unknown"])
async def test_a_bad_certificate_at_the_set_up_is_reported_and_tried_again(
    server: DevServer, certificates: Certificates, watch_app: WatchApp, name: str
) -> None:
    app = watch_app(entry_at(server, use_tls=True))
    await _restart(server, certificates.of_server(name))
    await app.fails_to_set_up(INVALID)

    await _restart(server, certificates.of_server("good"))
    await app.reload()

    await app.after_the_fault(None, lost=False)
