"""Fix flows of the repair issues."""

import asyncio
import contextlib
from typing import Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .client import SubscriptionError
from .const import DOMAIN
from .hub.hub import PusherConfigEntry

SUBSCRIBE_TIMEOUT: Final = 15.0


class ReloadFlow(ConfirmRepairFlow):
    """Explains what to do, then reloads the app to see whether the issue is solved."""

    def __init__(self, entry_id: str, subentry_id: str | None) -> None:
        self._entry_id = entry_id
        self._subentry_id = subentry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        if user_input is not None and self._is_open():
            await self.hass.config_entries.async_reload(self._entry_id)
            await self._wait_for_channel()
            if self._is_open():
                return self.async_abort(reason="not_solved")
        return await super().async_step_confirm(user_input)

    async def _wait_for_channel(self) -> None:
        """Wait until the issue's channel is subscribed or refused."""
        entry: PusherConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return
        channel = entry.runtime_data.channels.get(self._subentry_id or "")
        if channel is not None and channel.client_channel is not None:
            with contextlib.suppress(SubscriptionError, TimeoutError):
                async with asyncio.timeout(SUBSCRIBE_TIMEOUT):
                    await channel.client_channel.wait_subscribed()

    def _is_open(self) -> bool:
        return ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id) is not None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue: a reload of the app."""
    data = data or {}
    subentry_id = data.get("subentry_id")
    return ReloadFlow(str(data.get("entry_id")), None if subentry_id is None else str(subentry_id))
