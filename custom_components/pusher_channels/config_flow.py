"""Adds an app, and changes how it is reached and how its private channels are authorized."""

from collections.abc import Mapping
from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
    OptionsFlow,
)
from homeassistant.core import callback
from homeassistant.helpers import instance_id

from .const import (
    AUTH_ENDPOINT,
    AUTH_NONE,
    AUTH_SCRIPT,
    AUTH_SECRET,
    CONF_APP_KEY,
    CONF_AUTHORIZATION,
    CONF_CLUSTER,
    CONF_SERVER,
    CONF_USER_ID,
    DOMAIN,
    SUBENTRY_CHANNEL,
    SUBENTRY_SHARE,
)
from .flows.app import app_address, app_schema, app_title, read_app
from .flows.authorization import (
    ENDPOINT_SCHEMA,
    SCRIPT_SCHEMA,
    SECRETS,
    read_endpoint,
    read_script,
    read_secret,
    secret_schema,
)
from .flows.channel import ChannelFlow
from .flows.forms import FormError
from .flows.options import AppOptionsFlow
from .flows.probe import CHANNEL_REFUSED, probe
from .flows.share import ShareFlow
from .hub.factory import Settings

PROBE_CHANNEL = "private-home-assistant-probe"


class AppFlow(ConfigFlow, domain=DOMAIN):
    """First the app and its server, proved by connecting; then who authorizes."""

    _app: dict[str, Any]

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_CHANNEL: ChannelFlow, SUBENTRY_SHARE: ShareFlow}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return AppOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new app."""
        return await self._ask_for_app("user", user_input, {})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what changed of an app."""
        stored = self._get_reconfigure_entry().data
        return await self._ask_for_app("reconfigure", user_input, stored)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask again for what authorizes."""
        self._app = {name: entry_data[name] for name in (CONF_APP_KEY, CONF_CLUSTER, CONF_SERVER)}
        steps = {
            AUTH_SECRET: self.async_step_auth_secret,
            AUTH_ENDPOINT: self.async_step_auth_endpoint,
            AUTH_SCRIPT: self.async_step_auth_script,
        }
        return await steps.get(entry_data[CONF_AUTHORIZATION], self.async_step_authorization)()

    async def async_step_authorization(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose who authorizes."""
        options = [AUTH_NONE, AUTH_SECRET, AUTH_ENDPOINT, AUTH_SCRIPT]
        return self.async_show_menu(step_id="authorization", menu_options=options)

    async def async_step_auth_none(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Do without private channels."""
        return self._finish({CONF_AUTHORIZATION: AUTH_NONE})

    async def async_step_auth_secret(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign with the app secret, after joining a private channel has proved it."""
        stored = self._stored(AUTH_SECRET)
        user_id = f"home-assistant-{(await instance_id.async_get(self.hass))[:8]}"
        error = None
        if user_input is not None:
            try:
                authorization = read_secret(user_input, stored, user_id)
            except FormError as err:
                error = str(err)
            else:
                error = await self._try_out(authorization, PROBE_CHANNEL)
                if error is None:
                    return self._finish(authorization)
        shown = {name: value for name, value in stored.items() if name not in SECRETS}
        suggested = user_input or {CONF_USER_ID: user_id, **shown}
        return self._form(AUTH_SECRET, secret_schema(stored), suggested, error)

    async def async_step_auth_endpoint(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask an endpoint; what it allows shows only when a channel is added."""
        error = None
        if user_input is not None:
            try:
                return self._finish(read_endpoint(self.hass, user_input))
            except FormError as err:
                error = str(err)
        suggested = user_input or self._stored(AUTH_ENDPOINT)
        return self._form(AUTH_ENDPOINT, ENDPOINT_SCHEMA, suggested, error)

    async def async_step_auth_script(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask a script; what it allows shows only when a channel is added."""
        if user_input is not None:
            return self._finish(read_script(user_input))
        return self._form(AUTH_SCRIPT, SCRIPT_SCHEMA, self._stored(AUTH_SCRIPT), None)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Go on with the first channel, unless the app could not be set up."""
        entry = result["result"]
        if entry.state is ConfigEntryState.LOADED:
            channel_flow = await self.hass.config_entries.subentries.async_init(
                (entry.entry_id, SUBENTRY_CHANNEL), context={"source": SOURCE_USER}
            )
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, channel_flow["flow_id"])
        return result

    async def _ask_for_app(
        self, step_id: str, user_input: dict[str, Any] | None, stored: Settings
    ) -> ConfigFlowResult:
        error = None
        if user_input is not None:
            try:
                self._app = read_app(user_input)
            except FormError as err:
                error = str(err)
            else:
                known = await self.async_set_unique_id(self._unique_id, raise_on_progress=False)
                if known is not None and known is not self._entry:
                    return self.async_abort(reason="already_configured")
                error = await self._try_out({CONF_AUTHORIZATION: AUTH_NONE})
                if error is None:
                    return await self.async_step_authorization()
        shown = user_input or stored
        return self._form(step_id, app_schema(shown), shown, error)

    async def _try_out(
        self, authorization: dict[str, Any], channel: str | None = None
    ) -> str | None:
        """Return the error to show; None when the app connects, and joins the channel if any."""
        problem = await probe(self.hass, self._app | authorization, {}, channel)
        if problem is None:
            return None
        return "invalid_auth" if problem.key == CHANNEL_REFUSED else problem.key

    def _form(
        self, step_id: str, schema: vol.Schema, suggested: Settings, error: str | None
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=None if error is None else {"base": error},
            last_step=step_id not in ("user", "reconfigure"),
        )

    @property
    def _unique_id(self) -> str:
        return f"{self._app[CONF_APP_KEY]}@{app_address(self._app)}"

    @property
    def _entry(self) -> ConfigEntry | None:
        """The entry that is changed; None while one is added."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    def _stored(self, authorization: str) -> Settings:
        """Return the data of the entry that is changed, where it is authorized in that way."""
        data: Settings = {} if self._entry is None else self._entry.data
        return data if data.get(CONF_AUTHORIZATION) == authorization else {}

    def _finish(self, authorization: dict[str, Any]) -> ConfigFlowResult:
        """Create the entry, or change it and see to it that it is set up anew."""
        data = self._app | authorization
        entry = self._entry
        if entry is None:
            return self.async_create_entry(title=app_title(data), data=data)
        is_followed = entry.data != data and bool(entry.update_listeners)
        has_own_title = entry.title != app_title(entry.data)
        result = self.async_update_and_abort(
            entry,
            unique_id=self._unique_id,
            title=entry.title if has_own_title else app_title(data),
            data=data,
        )
        if not is_followed:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result
