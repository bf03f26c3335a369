"""What the dialogs of channels and of shares have in common."""

from typing import override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    UnknownEntry,
    UnknownSubEntry,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

REMOVED = "removed"


class SubentryFlow(ConfigSubentryFlow):
    """A dialog that ends with a reason when its app or subentry is removed while it is open."""

    @callback
    @override
    def _get_entry(self) -> ConfigEntry:
        try:
            return super()._get_entry()
        except UnknownEntry:
            raise AbortFlow(REMOVED) from None

    @callback
    @override
    def _get_reconfigure_subentry(self) -> ConfigSubentry:
        try:
            return super()._get_reconfigure_subentry()
        except UnknownEntry, UnknownSubEntry:
            raise AbortFlow(REMOVED) from None
