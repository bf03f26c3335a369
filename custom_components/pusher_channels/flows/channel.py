"""Adds a channel to an app, and changes one."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntryState,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from ..client import ChannelKind
from ..const import CONF_CHANNEL, CONF_EVENTS, CONF_MEMBERS, DOMAIN, Settings
from ..hub.factory import make_api
from .choices import occupied_channels, present_members
from .forms import (
    FormError,
    check_event_name,
    choose_none_of,
    errors,
    placeholders,
    select_or_type,
    strip_blanks,
)
from .probe import probe
from .values import ValueSteps

CHOICES_TIMEOUT: Final = 3.0
NEW_AUTOMATION_PATH: Final = "/config/automation/edit/new"
SEND_EVENT_PATH: Final = f"/config/tools/action?service={DOMAIN}.trigger"

type Labels = Mapping[str, str]


def channel_schema(channels: Labels, members: Labels) -> vol.Schema:
    """Return the form of a channel, which offers these channels and members."""
    return vol.Schema(
        {
            vol.Required(CONF_CHANNEL, description=choose_none_of(channels)): select_or_type(
                channels
            ),
            vol.Optional(CONF_EVENTS): TextSelector(TextSelectorConfig(multiple=True)),
            vol.Optional(CONF_MEMBERS): select_or_type(members, multiple=True),
        }
    )


class ChannelFlow(ValueSteps):
    """Adds a channel once it could be subscribed, and changes one."""

    _schema: vol.Schema | None = None

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
        error = None
        if user_input is not None:
            try:
                data = _read(user_input)
                if self._is_taken(data[CONF_CHANNEL], present):
                    return self.async_abort(reason="already_configured")
                await self._prove(data[CONF_CHANNEL], present)
            except FormError as err:
                error = err
            else:
                return self._finish(data)
        if self._schema is None:
            self._schema = await self._schema_with_choices(present)
        suggested = user_input or ({} if present is None else present.data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(self._schema, suggested),
            errors=errors(error),
            description_placeholders=placeholders(error),
        )

    async def _schema_with_choices(self, present: ConfigSubentry | None) -> vol.Schema:
        """Return the form with what the server API names; without, if it does not answer soon."""
        hub = self._get_entry().runtime_data
        channels: Labels = {}
        members: Labels = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(CHOICES_TIMEOUT):
                channels = await occupied_channels(hub)
                names = list(channels) if present is None else [present.data[CONF_CHANNEL]]
                members = await present_members(hub, names)
        return channel_schema(channels, members)

    def _is_taken(self, name: str, present: ConfigSubentry | None) -> bool:
        return any(
            subentry.unique_id == name and subentry is not present
            for subentry in self._get_entry().subentries.values()
        )

    async def _prove(self, name: str, present: ConfigSubentry | None) -> None:
        """Subscribe to a channel with a new name; raises `FormError`."""
        if present is not None:
            if name == present.data[CONF_CHANNEL]:
                return
            if ChannelKind.of(name) is not ChannelKind.of(present.data[CONF_CHANNEL]):
                raise FormError("channel_kind_changed")
        entry = self._get_entry()
        await probe(self.hass, entry.data, entry.options, name)

    def _finish(self, data: dict[str, Any]) -> SubentryFlowResult:
        """Create or change the subentry, as it is after the test.

        The app may not be set up any more.
        """
        entry, name = self._get_entry(), data[CONF_CHANNEL]
        if self.source == SOURCE_USER:
            has_api = make_api(self.hass, entry.data) is not None
            return self.async_create_entry(
                title=name,
                data=data,
                unique_id=name,
                description="server_api" if has_api else "default",
                description_placeholders={
                    "channel": name,
                    "send_event": SEND_EVENT_PATH,
                    "automation": NEW_AUTOMATION_PATH,
                },
            )
        present = self._get_reconfigure_subentry()
        is_renamed = name != present.data[CONF_CHANNEL]
        return self.async_update_and_abort(
            entry,
            present,
            unique_id=name,
            title=name if is_renamed else present.title,
            data={**present.data, **data},
        )


def _read(form: Settings) -> dict[str, Any]:
    """Return the subentry data of a form; raises `FormError`."""
    name = strip_blanks(form[CONF_CHANNEL])
    lists = {
        field: list(dict.fromkeys(strip_blanks(form.get(field, []))))
        for field in (CONF_EVENTS, CONF_MEMBERS)
    }
    for event in lists[CONF_EVENTS]:
        check_event_name(event)
    if lists[CONF_MEMBERS] and not ChannelKind.of(name).is_presence:
        raise FormError("members_need_presence")
    return {CONF_CHANNEL: name, **lists}
