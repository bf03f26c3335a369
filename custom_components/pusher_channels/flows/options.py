"""How an app's connection behaves, and what Home Assistant does for others with the app's secret."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
)

from ..client import Timing
from ..const import (
    AUTH_NONE,
    CONF_ACTIVITY_TIMEOUT,
    CONF_AUTH_ENDPOINT_ORIGINS,
    CONF_AUTH_ENDPOINT_VIEW,
    CONF_AUTHORIZATION,
    CONF_MAX_RECONNECT_ATTEMPTS,
    CONF_MAX_RECONNECT_GAP,
    CONF_PONG_TIMEOUT,
    CONF_SECRET,
    CONF_SIGN_IN,
    CONF_WATCHLIST,
    CONF_WEBHOOK,
)
from ..web.auth_view import CHANNEL_PATH, USER_PATH, parse_origin
from ..web.webhook import async_webhook_url
from .forms import FormError, strip_blanks, whole_number

MAX_WATCHLIST = 100


CONNECTION_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_ACTIVITY_TIMEOUT): whole_number(5, 600, "s"),
        vol.Optional(CONF_PONG_TIMEOUT): whole_number(1, 120, "s"),
        vol.Optional(CONF_MAX_RECONNECT_GAP): whole_number(1, 3600, "s"),
        vol.Optional(CONF_MAX_RECONNECT_ATTEMPTS): whole_number(0, 10_000),
    }
)

USER_SCHEMA = CONNECTION_SCHEMA.extend(
    {
        vol.Optional(CONF_SIGN_IN): BooleanSelector(),
        vol.Optional(CONF_WATCHLIST): TextSelector(TextSelectorConfig(multiple=True)),
    }
)


SERVER_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_AUTH_ENDPOINT_VIEW): BooleanSelector(),
        vol.Optional(CONF_AUTH_ENDPOINT_ORIGINS): TextSelector(TextSelectorConfig(multiple=True)),
        vol.Optional(CONF_WEBHOOK): BooleanSelector(),
    }
)


class AppOptionsFlow(OptionsFlow):
    """Waits and attempts; who to be, where somebody can vouch for it; what to do with a secret."""

    _options: dict[str, Any]

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        entry = self.config_entry
        errors = None
        if user_input is not None:
            try:
                self._options = _read(user_input)
            except FormError as err:
                errors = {"base": err.args[0]}
            else:
                return await self._end()
        present = asdict(Timing()) | entry.options | (user_input or {})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_schema(entry.data), present),
            errors=errors,
            description_placeholders={
                "auth_path": CHANNEL_PATH.format(entry_id=entry.entry_id),
                "user_auth_path": USER_PATH.format(entry_id=entry.entry_id),
                "origin": "https://panel.example:8443",
            },
        )

    async def async_step_webhook(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show where the server has to send its webhooks."""
        if user_input is not None:
            return self.async_create_entry(data=self._options)
        url = async_webhook_url(self.hass, self._options[CONF_WEBHOOK_ID])
        return self.async_show_form(
            step_id="webhook", description_placeholders={"webhook_url": url}, last_step=True
        )

    async def _end(self) -> ConfigFlowResult:
        """Save; a webhook keeps its address as long as there is the entry."""
        wanted = self._options.get(CONF_WEBHOOK)
        webhook_id = self.config_entry.options.get(CONF_WEBHOOK_ID)
        if webhook_id or wanted:
            self._options[CONF_WEBHOOK_ID] = webhook_id or secrets.token_hex(16)
        return (
            await self.async_step_webhook()
            if wanted
            else self.async_create_entry(data=self._options)
        )


def _schema(data: Mapping[str, Any]) -> vol.Schema:
    schema = CONNECTION_SCHEMA if data[CONF_AUTHORIZATION] == AUTH_NONE else USER_SCHEMA
    return schema.extend(SERVER_SCHEMA.schema) if CONF_SECRET in data else schema


def _read(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return the options as they are stored; raises `FormError`."""
    options: dict[str, Any] = strip_blanks(user_input)
    if len(options.get(CONF_WATCHLIST, ())) > MAX_WATCHLIST:
        raise FormError("watchlist_too_long")
    if origins := options.get(CONF_AUTH_ENDPOINT_ORIGINS):
        try:
            options[CONF_AUTH_ENDPOINT_ORIGINS] = [parse_origin(origin) for origin in origins]
        except ValueError:
            raise FormError("invalid_origin") from None
    return options
