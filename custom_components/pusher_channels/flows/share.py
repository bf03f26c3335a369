"""Adds a share to an app, and changes one."""

from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    LabelSelector,
    LabelSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ..client import ChannelKind, InvalidUseError, check_channel_name
from ..const import (
    AUTH_NONE,
    CONF_ATTRIBUTES,
    CONF_AUTHORIZATION,
    CONF_CHANNEL,
    CONF_ENTITIES,
    CONF_EVENT,
    CONF_INTERVAL,
    CONF_LABELS,
    CONF_PUBLIC,
    Settings,
)
from ..hub.factory import make_api
from ..hub.share import (
    DEFAULT_EVENT,
    DEFAULT_INTERVAL,
    REQUEST_PREFIX,
    ShareSettings,
    fits_into_one_message,
)
from .forms import FormError, check_event_name, errors, placeholders, strip_blanks
from .subentry import SubentryFlow

MAX_INTERVAL: Final = 86_400
SECONDS_OF_A_DAY: Final = 86_400
MAX_EVENT_NAME: Final = 200 - len(REQUEST_PREFIX)
RESERVED_PREFIXES: Final = ("pusher:", "pusher_internal:", "client-")

_INTERVAL: Final = NumberSelectorConfig(
    min=1, max=MAX_INTERVAL, mode=NumberSelectorMode.BOX, unit_of_measurement="s"
)
SHARE_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_ENTITIES): EntitySelector(EntitySelectorConfig(multiple=True)),
        vol.Optional(CONF_LABELS): LabelSelector(LabelSelectorConfig(multiple=True)),
        vol.Required(CONF_CHANNEL): TextSelector(),
        vol.Optional(CONF_EVENT, default=DEFAULT_EVENT): TextSelector(),
        vol.Optional(CONF_ATTRIBUTES): TextSelector(TextSelectorConfig(multiple=True)),
        vol.Optional(CONF_INTERVAL, default=DEFAULT_INTERVAL): vol.All(
            NumberSelector(_INTERVAL), vol.Coerce(int)
        ),
        vol.Optional(CONF_PUBLIC, default=False): BooleanSelector(),
    }
)


class ShareFlow(SubentryFlow):
    """Asks for entities, a channel and how often to send."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new share."""
        return self._ask("user", user_input, None)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what changed of a share."""
        return self._ask("reconfigure", user_input, self._get_reconfigure_subentry())

    def _ask(
        self, step_id: str, user_input: dict[str, Any] | None, present: ConfigSubentry | None
    ) -> SubentryFlowResult:
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        suggested: Settings = user_input or ({} if present is None else present.data)
        error = None
        if user_input is not None:
            try:
                data = self._read(user_input)
            except FormError as err:
                error = err
            else:
                return self._finish(data, present)
        interval = max(int(suggested.get(CONF_INTERVAL, DEFAULT_INTERVAL)), 1)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(SHARE_SCHEMA, suggested),
            errors=errors(error),
            description_placeholders=placeholders(
                error, interval=str(interval), messages=str(SECONDS_OF_A_DAY // interval)
            ),
        )

    def _read(self, form: Settings) -> dict[str, Any]:
        """Return the subentry data of a filled form; raises `FormError`."""
        registry = er.async_get(self.hass)
        entities = strip_blanks(form.get(CONF_ENTITIES, []))
        data: dict[str, Any] = {
            CONF_ENTITIES: list(
                dict.fromkeys(er.async_resolve_entity_id(registry, it) or it for it in entities)
            ),
            CONF_LABELS: list(dict.fromkeys(strip_blanks(form.get(CONF_LABELS, [])))),
            CONF_CHANNEL: strip_blanks(form[CONF_CHANNEL]),
            CONF_EVENT: strip_blanks(form[CONF_EVENT]) or DEFAULT_EVENT,
            CONF_ATTRIBUTES: list(dict.fromkeys(strip_blanks(form.get(CONF_ATTRIBUTES, [])))),
            CONF_INTERVAL: form[CONF_INTERVAL],
            CONF_PUBLIC: form[CONF_PUBLIC],
        }
        if not data[CONF_ENTITIES] and not data[CONF_LABELS]:
            raise FormError("nothing_selected")
        self._check(ShareSettings.of(data))
        return data

    def _check(self, settings: ShareSettings) -> None:
        """Raise `FormError` unless the app can send such a share, and may."""
        kind = settings.kind
        try:
            check_channel_name(settings.channel)
        except InvalidUseError:
            raise FormError("invalid_channel_name") from None
        if len(settings.event) > MAX_EVENT_NAME or settings.event.startswith(RESERVED_PREFIXES):
            raise FormError("invalid_event_name")
        check_event_name(settings.event)
        if not kind.needs_authorization and not settings.public:
            raise FormError("public_channel")
        entry_data = self._get_entry().data
        api = make_api(self.hass, entry_data)
        if api is None and not _can_send_client_events(entry_data, kind):
            raise FormError("cannot_publish")
        if api is not None and kind.is_encrypted and api.master_key is None:
            raise FormError("needs_master_key")
        if kind.is_cache and not fits_into_one_message(self.hass, settings):
            raise FormError("too_many_for_cache")

    def _finish(self, data: dict[str, Any], present: ConfigSubentry | None) -> SubentryFlowResult:
        entry = self._get_entry()
        unique_id = f"share_{data[CONF_CHANNEL]}_{data[CONF_EVENT]}"
        if any(
            subentry.unique_id == unique_id and subentry is not present
            for subentry in entry.subentries.values()
        ):
            return self.async_abort(reason="already_configured")
        title = _title(data)
        if present is None:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        has_own_title = present.title != _title(present.data)
        return self.async_update_and_abort(
            entry,
            present,
            unique_id=unique_id,
            title=present.title if has_own_title else title,
            data=data,
        )


def _can_send_client_events(entry_data: Settings, kind: ChannelKind) -> bool:
    return kind.takes_client_events and entry_data[CONF_AUTHORIZATION] != AUTH_NONE


def _title(data: Settings) -> str:
    return f"{data[CONF_CHANNEL]} {data[CONF_EVENT]}"
