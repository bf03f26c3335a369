"""How an app's connection behaves."""

from dataclasses import asdict
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from .client.connection import Timing
from .const import (
    AUTH_NONE,
    CONF_ACTIVITY_TIMEOUT,
    CONF_AUTHORIZATION,
    CONF_MAX_RECONNECT_ATTEMPTS,
    CONF_MAX_RECONNECT_GAP,
    CONF_PONG_TIMEOUT,
    CONF_SIGN_IN,
    CONF_WATCHLIST,
)
from .forms import tidied

MAX_WATCHLIST = 100


def _number(lowest: int, highest: int, unit: str | None = None) -> vol.All[int]:
    config = NumberSelectorConfig(min=lowest, max=highest, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


CONNECTION_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_ACTIVITY_TIMEOUT): _number(5, 600, "s"),
        vol.Optional(CONF_PONG_TIMEOUT): _number(1, 120, "s"),
        vol.Optional(CONF_MAX_RECONNECT_GAP): _number(1, 3600, "s"),
        vol.Optional(CONF_MAX_RECONNECT_ATTEMPTS): _number(0, 10_000),
    }
)

USER_SCHEMA = CONNECTION_SCHEMA.extend(
    {
        vol.Optional(CONF_SIGN_IN): BooleanSelector(),
        vol.Optional(CONF_WATCHLIST): TextSelector(TextSelectorConfig(multiple=True)),
    }
)


class AppOptionsFlow(OptionsFlow):
    """Waits and attempts; and who to be, where somebody can vouch for it."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        errors = None
        if user_input is not None:
            options = tidied(user_input)
            if len(options.get(CONF_WATCHLIST, ())) <= MAX_WATCHLIST:
                return self.async_create_entry(data=options)
            errors = {"base": "watchlist_too_long"}
        entry = self.config_entry
        has_user = entry.data[CONF_AUTHORIZATION] != AUTH_NONE
        schema = USER_SCHEMA if has_user else CONNECTION_SCHEMA
        present = asdict(Timing()) | entry.options | (user_input or {})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, present),
            errors=errors,
        )
