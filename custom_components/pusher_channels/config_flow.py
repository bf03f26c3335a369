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
    UnknownEntry,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import instance_id

from .const import (
    AUTH_ENDPOINT,
    AUTH_NONE,
    AUTH_SCRIPT,
    AUTH_SECRET,
    CONF_APP_KEY,
    CONF_AUTHORIZATION,
    CONF_CLUSTER,
    CONF_REASON,
    CONF_SERVER,
    DOMAIN,
    SUBENTRY_CHANNEL,
    SUBENTRY_SHARE,
    Settings,
)
from .flows.app import (
    app_address,
    app_schema,
    app_title,
    fill_app,
    is_generated_title,
    read_app,
    read_pasted,
    shown_app,
)
from .flows.authorization import FORMS, FormContext
from .flows.channel import ChannelFlow
from .flows.forms import FormError, errors, placeholders
from .flows.options import AppOptionsFlow
from .flows.probe import PROBE_CHANNEL, check_app_id, probe
from .flows.share import ShareFlow
from .flows.subentry import REMOVED
from .hub.authorization import METHODS

APP_FIELDS = (CONF_APP_KEY, CONF_CLUSTER, CONF_SERVER)


class AppFlow(ConfigFlow, domain=DOMAIN):
    """Asks for the app and its server, connects, and asks how private channels are authorized."""

    _app: Settings = {}
    _pasted: Settings = {}
    _reason: str | None = None

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
        return await self._ask_for_app("user", user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the changes of an app."""
        return await self._ask_for_app("reconfigure", user_input)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for what authorizes an app; `reason` among the data says why it was refused."""
        self._reason = entry_data.get(CONF_REASON)
        method = entry_data[CONF_AUTHORIZATION]
        if method not in FORMS:
            return await self.async_step_authorization()
        return await self._ask_for_authorization(method, None)

    async def async_step_authorization(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose an authorization method."""
        return self.async_show_menu(step_id="authorization", menu_options=list(METHODS))

    async def async_step_auth_none(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the app up without private channels."""
        return await self._finish({CONF_AUTHORIZATION: AUTH_NONE})

    async def async_step_auth_secret(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the app secret; a private channel proves it, the server API the app id."""
        return await self._ask_for_authorization(AUTH_SECRET, user_input)

    async def async_step_auth_endpoint(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for an endpoint; a channel that is added later proves it."""
        return await self._ask_for_authorization(AUTH_ENDPOINT, user_input)

    async def async_step_auth_script(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a script; a channel that is added later proves it."""
        return await self._ask_for_authorization(AUTH_SCRIPT, user_input)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Continue with the first channel, unless the app could not be set up."""
        entry = result["result"]
        if entry.state is ConfigEntryState.LOADED:
            channel_flow = await self.hass.config_entries.subentries.async_init(
                (entry.entry_id, SUBENTRY_CHANNEL), context={"source": SOURCE_USER}
            )
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, channel_flow["flow_id"])
        return result

    async def _ask_for_app(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        present = self._app or self._entry_data
        shown = shown_app(present) if present else {}
        error = None
        if user_input is not None:
            shown = user_input
            try:
                pasted = read_pasted(user_input)
                self._pasted = pasted or self._pasted
                shown = fill_app(user_input, pasted, present)
                app = read_app(shown, present)
                self._app, shown = app, shown_app(app)
                await self._check_taken()
                await probe(self.hass, self._data({CONF_AUTHORIZATION: AUTH_NONE}), {})
            except FormError as err:
                error = err
            else:
                return await self.async_step_authorization()
        return self._form(step_id, app_schema(shown), shown, error)

    async def _ask_for_authorization(
        self, method: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        form = FORMS[method]
        user_id = f"home-assistant-{(await instance_id.async_get(self.hass))[:8]}"
        stored = self._entry_data if self._entry_data.get(CONF_AUTHORIZATION) == method else {}
        context = FormContext(stored, self._pasted, user_id)
        error = None
        if user_input is not None:
            try:
                authorization = form.read(self.hass, user_input, context)
                if form.is_proved:
                    await self._prove(self._data(authorization))
            except FormError as err:
                error = err
            else:
                return await self._finish(authorization)
        elif reason := self._refusal:
            error = FormError("authorization_refused", reason)
        suggested = form.suggested(context) if user_input is None else user_input
        return self._form(method, form.schema(context, error), suggested, error)

    async def _prove(self, data: dict[str, Any]) -> None:
        """Subscribe to a private channel and ask the server API; raises `FormError`."""
        try:
            await probe(self.hass, data, {}, PROBE_CHANNEL)
        except FormError as err:
            if err.key == "channel_refused":
                raise FormError("invalid_auth", err.message) from None
            raise
        await check_app_id(self.hass, data)

    def _form(
        self, step_id: str, schema: vol.Schema, suggested: Settings, error: FormError | None
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors(error),
            description_placeholders=placeholders(error),
            last_step=step_id not in ("user", "reconfigure"),
        )

    @property
    def _entry(self) -> ConfigEntry | None:
        """The entry that is changed; None while one is added.

        Raises `AbortFlow` if it was removed while the dialog was open.
        """
        try:
            if self.source == SOURCE_REAUTH:
                return self._get_reauth_entry()
            if self.source == SOURCE_RECONFIGURE:
                return self._get_reconfigure_entry()
        except UnknownEntry:
            raise AbortFlow(REMOVED) from None
        return None

    @property
    def _refusal(self) -> str | None:
        """Why the present authorization was refused; None unless it has to be renewed.

        A failed setup stores its reason in the entry after it has started this flow.
        """
        entry = self._entry
        if self.source != SOURCE_REAUTH or entry is None:
            return None
        placeholders = entry.error_reason_translation_placeholders or {}
        return self._reason or placeholders.get("error") or entry.reason

    @property
    def _entry_data(self) -> Settings:
        return {} if self._entry is None else self._entry.data

    def _data(self, authorization: Settings) -> dict[str, Any]:
        """Return entry data with this authorization; reauthentication keeps the app."""
        app = self._app or {name: self._entry_data[name] for name in APP_FIELDS}
        return {**app, **authorization}

    async def _check_taken(self) -> str:
        """Return the app's unique id; raises `AbortFlow` if another entry has it."""
        app = self._data({})
        unique_id = f"{app[CONF_APP_KEY]}@{app_address(app)}"
        other = await self.async_set_unique_id(unique_id, raise_on_progress=False)
        if other is not None and other is not self._entry:
            raise AbortFlow("already_configured")
        return unique_id

    async def _finish(self, authorization: dict[str, Any]) -> ConfigFlowResult:
        """Create the entry, or change it and set it up again."""
        data = self._data(authorization)
        unique_id = await self._check_taken()
        entry = self._entry
        taken = {other.title for other in self._async_current_entries() if other is not entry}
        if entry is None:
            return self.async_create_entry(title=app_title(data, taken), data=data)
        is_reloaded_by_listener = entry.data != data and bool(entry.update_listeners)
        is_generated = is_generated_title(entry.data, entry.title)
        result = self.async_update_and_abort(
            entry,
            unique_id=unique_id,
            title=app_title(data, taken) if is_generated else entry.title,
            data=data,
        )
        if not is_reloaded_by_listener:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result
