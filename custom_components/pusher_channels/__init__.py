"""The Pusher Channels integration."""

import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_VERIFY_SSL, EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .client import ConnectionFailedError, ConnectionState, FailureReason
from .const import CONF_SERVER, CONF_USE_TLS, DOMAIN
from .hub import issues
from .hub.factory import make_api, make_client
from .hub.gaps import GAP_RECORDS, GapRecords
from .hub.hub import Hub, PusherConfigEntry
from .services import async_setup_services
from .web import webhook
from .web.auth_view import async_setup_views

_LOGGER = logging.getLogger(__name__)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all apps share: actions, views, webhooks, repair issues and records of gaps."""
    records = hass.data[GAP_RECORDS] = GapRecords(hass)
    await records.load()
    records.start_heartbeat()
    issues.async_setup_issues(hass)
    async_setup_services(hass)
    async_setup_views(hass)
    webhook.async_setup_webhooks(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PusherConfigEntry) -> bool:
    """Connect an app, and subscribe its channels once Home Assistant has started."""
    _warn_if_unverified(entry)
    entry.async_on_unload(entry.add_update_listener(_UpdateListener(entry)))
    webhook.async_start(hass, entry)
    client = make_client(hass, entry.data, entry.options)

    async def stop(_: Event) -> None:
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.stop()
        await client.disconnect()

    entry.async_on_unload(client.disconnect)
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop))
    issues.follow(hass, entry, client)
    client.connect()
    try:
        await client.wait_connected()
    except ConnectionFailedError as err:
        gave_up = client.state is ConnectionState.DISCONNECTED and not hass.is_stopping
        raise _setup_error(err, gave_up=gave_up) from err

    hub = entry.runtime_data = Hub(hass, entry, client, make_api(hass, entry.data))
    entry.async_on_unload(hub.stop)
    await _set_up_platforms(hass, entry)

    @callback
    def start(_: HomeAssistant) -> None:
        hub.start()

    entry.async_on_unload(async_at_started(hass, start))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PusherConfigEntry) -> bool:
    """Remove an app's entities; its connection is closed after them."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Remove the repair issues and the webhook of an app."""
    issues.delete_all(hass, entry)
    records = hass.data.get(GAP_RECORDS)
    if records is None:
        # No app was set up since the start: they are disabled.
        records = GapRecords(hass)
        await records.load()
    await records.remove(entry.entry_id)
    webhook.async_remove(hass, entry)


async def _set_up_platforms(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Set up all platforms; raise `ConfigEntryNotReady`, with none set up, if one fails."""
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if not entry.runtime_data.has_platforms(PLATFORMS):
        await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="platform_failed")


def _warn_if_unverified(entry: PusherConfigEntry) -> None:
    """Warn when certificate verification is disabled."""
    server = entry.data[CONF_SERVER]
    if server[CONF_USE_TLS] and not server[CONF_VERIFY_SSL]:
        _LOGGER.warning("%s does not verify its server's certificate", entry.title)


class _UpdateListener:
    """Reloads an entry when its data or options change; the hub applies other changes."""

    def __init__(self, entry: PusherConfigEntry) -> None:
        self._loaded = (entry.data, entry.options)

    async def __call__(self, hass: HomeAssistant, entry: PusherConfigEntry) -> None:
        if (entry.data, entry.options) != self._loaded:
            hass.config_entries.async_schedule_reload(entry.entry_id)
        elif (hub := getattr(entry, "runtime_data", None)) is not None:
            hub.update()


def _setup_error(
    err: ConnectionFailedError, *, gave_up: bool
) -> ConfigEntryAuthFailed | ConfigEntryError | ConfigEntryNotReady:
    """Return the error by which Home Assistant asks the user, gives up or retries."""
    placeholders = {"error": str(err)}
    if err.reason is FailureReason.UNAUTHORIZED:
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN,
            translation_key="connection_unauthorized",
            translation_placeholders=placeholders,
        )
    if gave_up:
        return ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="connection_refused",
            translation_placeholders=placeholders,
        )
    return ConfigEntryNotReady(
        translation_domain=DOMAIN,
        translation_key="cannot_connect",
        translation_placeholders=placeholders,
    )
