"""Fix flows of the repair issues."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


class ReloadFlow(ConfirmRepairFlow):
    """Says what to do, then reloads the app to see whether that helped."""

    def __init__(self, entry_id: str) -> None:
        """Keep which app to reload."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        if user_input is not None and self._is_open():
            await self.hass.config_entries.async_reload(self._entry_id)
            if self._is_open():
                return self.async_abort(reason="not_solved")
        return await super().async_step_confirm(user_input)

    def _is_open(self) -> bool:
        return ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id) is not None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue: to reload the app, or only to dismiss what was said."""
    return ConfirmRepairFlow() if data is None else ReloadFlow(str(data["entry_id"]))
