"""Adds a channel to an app, and changes one."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from ..client import ChannelKind
from ..const import CONF_CHANNEL, CONF_EVENTS, CONF_MEMBERS
from ..hub.factory import Settings
from .forms import strip_blanks
from .probe import Problem, probe
from .values import ValueSteps

_TEXTS = TextSelector(TextSelectorConfig(multiple=True))

CHANNEL_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CHANNEL): TextSelector(),
        vol.Optional(CONF_EVENTS): _TEXTS,
        vol.Optional(CONF_MEMBERS): _TEXTS,
    }
)


class ChannelFlow(ValueSteps):
    """Takes a channel once it could be joined."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new channel."""
        return await self._ask_for_channel("user", user_input, None)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose what to change."""
        return self.async_show_menu(
            step_id="reconfigure", menu_options=["channel", *self.value_options]
        )

    async def async_step_channel(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what changed of a channel."""
        return await self._ask_for_channel("channel", user_input, self._get_reconfigure_subentry())

    async def _ask_for_channel(
        self, step_id: str, user_input: dict[str, Any] | None, present: ConfigSubentry | None
    ) -> SubentryFlowResult:
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        problem = None
        if user_input is not None:
            data = _read(user_input)
            if self._is_taken(data[CONF_CHANNEL], present):
                return self.async_abort(reason="already_configured")
            problem = await self._try_out(data[CONF_CHANNEL], present)
            if problem is None:
                return self._finish(data, present)
        suggested = user_input or ({} if present is None else present.data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(CHANNEL_SCHEMA, suggested),
            errors=None if problem is None else {"base": problem.key},
            description_placeholders=None if problem is None else {"error": problem.words},
        )

    def _is_taken(self, name: str, present: ConfigSubentry | None) -> bool:
        return any(
            subentry.unique_id == name and subentry is not present
            for subentry in self._get_entry().subentries.values()
        )

    async def _try_out(self, name: str, present: ConfigSubentry | None) -> Problem | None:
        """Return what keeps the channel from being joined; one that keeps its name has been."""
        if present is not None:
            if name == present.data[CONF_CHANNEL]:
                return None
            if ChannelKind.of(name) is not ChannelKind.of(present.data[CONF_CHANNEL]):
                return Problem("channel_kind_changed")
        entry = self._get_entry()
        return await probe(self.hass, entry.data, entry.options, name)

    def _finish(self, data: dict[str, Any], present: ConfigSubentry | None) -> SubentryFlowResult:
        name = data[CONF_CHANNEL]
        if present is None:
            return self.async_create_entry(title=name, data=data, unique_id=name)
        is_renamed = name != present.data[CONF_CHANNEL]
        return self.async_update_and_abort(
            self._get_entry(),
            present,
            unique_id=name,
            title=name if is_renamed else present.title,
            data={**present.data, **data},
        )


def _read(form: Settings) -> dict[str, Any]:
    """Return the subentry data that a filled form stands for."""
    lists = {
        name: list(dict.fromkeys(strip_blanks(form.get(name, []))))
        for name in (CONF_EVENTS, CONF_MEMBERS)
    }
    return {CONF_CHANNEL: strip_blanks(form[CONF_CHANNEL]), **lists}
