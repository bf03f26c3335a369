"""The options of an app: its connection, its user, and what Home Assistant does with the secret."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    OptionsFlow,
    UnknownEntry,
)
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
)

from ..client import Timing
from ..const import (
    AUTH_ENDPOINT,
    AUTH_NONE,
    CONF_ACTIVITY_TIMEOUT,
    CONF_APP_KEY,
    CONF_AUTH_ENDPOINT_ORIGINS,
    CONF_AUTH_ENDPOINT_VIEW,
    CONF_AUTHORIZATION,
    CONF_MAX_RECONNECT_ATTEMPTS,
    CONF_MAX_RECONNECT_GAP,
    CONF_PONG_TIMEOUT,
    CONF_SECRET,
    CONF_SIGN_IN,
    CONF_USER_AUTH_ENDPOINT,
    CONF_WATCHLIST,
    CONF_WEBHOOK,
    CONF_WEBHOOK_KEYS,
)
from ..web.auth_view import CHANNEL_PATH, USER_PATH
from ..web.webhook import async_webhook_url
from .addresses import parse_origin
from .forms import (
    NAME,
    FormError,
    errors,
    fields_selector,
    hide_values,
    placeholders,
    read_secret_fields,
    strip_blanks,
    whole_number,
)
from .subentry import REMOVED

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
        vol.Optional(CONF_WEBHOOK_KEYS): fields_selector("webhook_key", secret=True),
    }
)


class AppOptionsFlow(OptionsFlow):
    """Asks for the options of an app."""

    _options: dict[str, Any]

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        entry = self._entry
        error = None
        if user_input is not None:
            try:
                self._options = _read(user_input, entry)
            except FormError as err:
                error = err
            else:
                if self._options.get(CONF_WEBHOOK):
                    return await self.async_step_webhook()
                return self.async_create_entry(data=self._options)
        shown = asdict(Timing()) | _shown(entry.options) | (user_input or {})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_schema(entry), shown),
            errors=errors(error),
            description_placeholders=placeholders(
                error,
                # Apart from the ID, so that a phone can break the line between them.
                auth_path=CHANNEL_PATH.format(entry_id=""),
                user_auth_path=USER_PATH.format(entry_id=""),
                entry_id=entry.entry_id,
                origin="https://panel.example:8443",
            ),
        )

    async def async_step_webhook(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the address to which the server sends its webhooks.

        It stays as long as the entry exists, so the one that another dialog has saved since is
        shown before it is taken.
        """
        shown = self._options.get(CONF_WEBHOOK_ID)
        webhook_id = self._entry.options.get(CONF_WEBHOOK_ID) or shown or secrets.token_hex(16)
        self._options[CONF_WEBHOOK_ID] = webhook_id
        if user_input is not None and webhook_id == shown:
            return self.async_create_entry(data=self._options)
        url = async_webhook_url(self.hass, webhook_id)
        return self.async_show_form(
            step_id="webhook", description_placeholders={"webhook_url": url}, last_step=True
        )

    @property
    def _entry(self) -> ConfigEntry:
        """The app; raises `AbortFlow` if it was removed while the dialog was open."""
        try:
            return self.config_entry
        except UnknownEntry:
            raise AbortFlow(REMOVED) from None


def _schema(entry: ConfigEntry) -> vol.Schema:
    """Return the options that can have an effect, and a sign-in that can only be turned off."""
    is_authorized = entry.data[CONF_AUTHORIZATION] != AUTH_NONE
    has_user = is_authorized or entry.options.get(CONF_SIGN_IN)
    schema = USER_SCHEMA if has_user else CONNECTION_SCHEMA
    return schema.extend(SERVER_SCHEMA.schema) if CONF_SECRET in entry.data else schema


def _shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored options for the form, without the secrets of webhook keys."""
    shown = dict(options)
    if CONF_WEBHOOK_KEYS in shown:
        shown[CONF_WEBHOOK_KEYS] = hide_values(shown[CONF_WEBHOOK_KEYS])
    return shown


def _read(user_input: dict[str, Any], entry: ConfigEntry) -> dict[str, Any]:
    """Return the options as they are stored; raises `FormError`."""
    options: dict[str, Any] = strip_blanks(user_input)
    is_endpoint = entry.data[CONF_AUTHORIZATION] == AUTH_ENDPOINT
    if options.get(CONF_SIGN_IN) and is_endpoint and CONF_USER_AUTH_ENDPOINT not in entry.data:
        raise FormError("sign_in_needs_endpoint")
    if watchlist := options.get(CONF_WATCHLIST):
        options[CONF_WATCHLIST] = list(dict.fromkeys(watchlist))
        if len(options[CONF_WATCHLIST]) > MAX_WATCHLIST:
            raise FormError("watchlist_too_long")
    if origins := options.get(CONF_AUTH_ENDPOINT_ORIGINS):
        try:
            parsed = [parse_origin(origin) for origin in origins]
        except ValueError:
            raise FormError("invalid_origin") from None
        options[CONF_AUTH_ENDPOINT_ORIGINS] = list(dict.fromkeys(parsed))
    if keys := options.get(CONF_WEBHOOK_KEYS):
        stored = entry.options.get(CONF_WEBHOOK_KEYS, ())
        keys = read_secret_fields(keys, stored, "invalid_webhook_key")
        if any(key[NAME] == entry.data[CONF_APP_KEY] for key in keys):
            raise FormError("invalid_webhook_key", "The app key itself need not be entered")
        options[CONF_WEBHOOK_KEYS] = keys
    if webhook_id := entry.options.get(CONF_WEBHOOK_ID):
        options[CONF_WEBHOOK_ID] = webhook_id
    return options
