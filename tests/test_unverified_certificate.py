"""Disabled certificate verification is logged at each start."""

import ssl
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant

from tests.tools.devserver.certificate import write_certificate
from tools.devserver import DevServer

from .conftest import APP, app_entry


@pytest.mark.parametrize(("verify_ssl", "warned"), [(False, True), (True, False)])
async def test_disabled_verification_is_logged(
    hass: HomeAssistant,
    socket_enabled: None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    verify_ssl: bool,
    warned: bool,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(tmp_path))
    async with DevServer(apps=[APP], ssl=None if verify_ssl else context) as server:
        entry = app_entry(server)
        entry.add_to_hass(hass)
        address = entry.data["server"] | {"use_tls": not verify_ssl, "verify_ssl": verify_ssl}
        hass.config_entries.async_update_entry(entry, data=entry.data | {"server": address})
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert ("does not verify its server's certificate" in caplog.text) is warned
        assert await hass.config_entries.async_unload(entry.entry_id)
