"""Registers the devices of an app, its channels and shares under their present titles."""

from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from ..client import ChannelKind
from ..const import CONF_CHANNEL, CONF_SERVER, DOMAIN

DASHBOARD: Final = "https://dashboard.pusher.com"


def register_app(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Register the app's device; return its id."""
    is_pusher = _is_on_pusher(entry)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer="Pusher" if is_pusher else None,
        model="App",
        configuration_url=DASHBOARD if is_pusher else None,
        entry_type=dr.DeviceEntryType.SERVICE,
    )
    return device.id


def register_channel(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, app_device_id: str
) -> str:
    """Register a channel's device; return its id."""
    kind = ChannelKind.of(subentry.data[CONF_CHANNEL])
    model = f"{kind.value.replace('-', ' ').capitalize()} channel"
    return _register_subentry(hass, entry, subentry, app_device_id, model)


def register_share(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, app_device_id: str
) -> None:
    """Register a share's device."""
    _register_subentry(hass, entry, subentry, app_device_id, "Share")


def subentry_identifier(entry_id: str, subentry_id: str) -> tuple[str, str]:
    """Return the identifier of a channel's or share's device."""
    return (DOMAIN, f"{entry_id}_{subentry_id}")


def _register_subentry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    app_device_id: str,
    model: str,
) -> str:
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=subentry.subentry_id,
        identifiers={subentry_identifier(entry.entry_id, subentry.subentry_id)},
        name=subentry.title,
        manufacturer="Pusher" if _is_on_pusher(entry) else None,
        model=model,
        entry_type=dr.DeviceEntryType.SERVICE,
        via_device_id=app_device_id,
    )
    return device.id


def _is_on_pusher(entry: ConfigEntry) -> bool:
    """Return whether the app is on pusher.com, not on another server."""
    host: str = entry.data[CONF_SERVER].get(CONF_HOST) or ""
    return not host or host.endswith(".pusher.com")
