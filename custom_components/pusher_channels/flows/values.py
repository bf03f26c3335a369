"""Adds, changes and removes the values of a channel."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import uuid4

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntryState,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, CONF_PLATFORM, Platform
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template

from ..client import Event
from ..const import CONF_EVENTS, CONF_VALUE, CONF_VALUES
from ..hub.hub import Hub
from ..hub.value_paths import PathError, compile_path
from ..hub.value_reader import ValueReader
from ..hub.values import Value, is_template
from .forms import FormError, check_event_name, strip_blanks
from .subentry import SubentryFlow
from .value_forms import (
    BINARY_SENSOR_SCHEMA,
    CONF_VALUE_ID,
    MAX_NAME_LENGTH,
    NOTHING,
    SENSOR_SCHEMA,
    Errors,
    Form,
    check_sensor,
    choice_schema,
    comparable,
    fitting,
    path_options,
    read_value,
    shorten,
    value_schema,
)

MAX_VALUES: Final = 100


class ValueSteps(SubentryFlow):
    """The steps of a channel's flow that are about its values."""

    _value_id: str | None = None
    _value: Form

    @property
    def _values(self) -> dict[str, Form]:
        """The stored values; one that was edited and is no mapping has no fields."""
        stored = self._get_reconfigure_subentry().data.get(CONF_VALUES, {})
        return {
            value_id: dict(value) if isinstance(value, Mapping) else {}
            for value_id, value in stored.items()
        }

    @property
    def _has_no_room(self) -> bool:
        return self._value_id is None and len(self._values) >= MAX_VALUES

    @property
    def value_options(self) -> list[str]:
        """The choices of the channel's menu that are about values."""
        return ["add_value", *(["change_value", "remove_value"] if self._values else [])]

    async def async_step_add_value(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Ask what to show: of a new value, or of the one that is changed."""
        if self._has_no_room:
            return self.async_abort(reason="too_many_values")
        errors: Errors = {}
        problem = ""
        if user_input is not None:
            self._value = read_value(user_input)
            errors, problem = self._check_value(self._value)
            if not errors:
                return await self._ask_for_details(None)
        shown = user_input or self._values.get(self._value_id or "", {})
        if errors.get(CONF_NAME) == "name_taken" and not strip_blanks(shown.get(CONF_NAME)):
            shown = shown | {CONF_NAME: self._value[CONF_NAME]}
        schema = value_schema(path_options(self._latest_events))
        return self.async_show_form(
            step_id="add_value",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"error": problem},
            last_step=False,
        )

    async def async_step_sensor(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Ask how a sensor shows the value."""
        return await self._ask_for_details(user_input)

    async def async_step_binary_sensor(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Ask how a binary sensor shows the value."""
        return await self._ask_for_details(user_input)

    async def async_step_change_value(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Ask which value to change."""
        if user_input is None:
            return self._ask_which("change_value")
        self._value_id = user_input[CONF_VALUE_ID]
        return await self.async_step_add_value()

    async def async_step_remove_value(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Ask which value to remove."""
        if user_input is None:
            return self._ask_which("remove_value")
        removed = user_input[CONF_VALUE_ID]
        return self._save(
            {value_id: value for value_id, value in self._values.items() if value_id != removed}
        )

    def _ask_which(self, step_id: str) -> SubentryFlowResult:
        return self.async_show_form(step_id=step_id, data_schema=choice_schema(self._values))

    async def _ask_for_details(self, user_input: Form | None) -> SubentryFlowResult:
        is_sensor = self._value[CONF_PLATFORM] == Platform.SENSOR
        errors: Errors = {}
        if user_input is None:
            details = self._stored_details
        else:
            details = strip_blanks(user_input)
            errors = check_sensor(details) if is_sensor else {}
            if self._has_no_room:
                return self.async_abort(reason="too_many_values")
            if not errors and self._check_value(self._value)[0]:
                # Another dialog has taken the name since.
                return await self.async_step_add_value(self._value)
            if not errors:
                value_id = self._value_id or uuid4().hex
                return self._save(self._values | {value_id: self._value | details})
        schema = SENSOR_SCHEMA if is_sensor else BINARY_SENSOR_SCHEMA
        return self.async_show_form(
            step_id=self._value[CONF_PLATFORM],
            data_schema=self.add_suggested_values_to_schema(schema, details),
            errors=errors,
            description_placeholders={"present": self._present(details), **fitting(details)},
            last_step=True,
        )

    @property
    def _stored_details(self) -> Form:
        """The second form of the value that is changed, unless its platform is another one now."""
        stored = self._values.get(self._value_id or "", {})
        return stored if stored.get(CONF_PLATFORM) == self._value[CONF_PLATFORM] else {}

    def _check_value(self, value: Form) -> tuple[Errors, str]:
        """Return what is wrong with the first form, and the text for `{error}`."""
        errors: Errors = {}
        problem = ""
        name, source = value[CONF_NAME], value[CONF_VALUE]
        try:
            if is_template(source):
                Template(source, self.hass).ensure_valid()
            else:
                compile_path(source)
        except PathError:
            errors[CONF_VALUE] = "invalid_path"
        except TemplateError as err:
            errors[CONF_VALUE] = "invalid_template"
            problem = str(err)
        others = (other for value_id, other in self._values.items() if value_id != self._value_id)
        if comparable(name) in (comparable(str(other.get(CONF_NAME))) for other in others):
            errors[CONF_NAME] = "name_taken"
        elif (not name and not errors) or len(name) > MAX_NAME_LENGTH:
            errors[CONF_NAME] = "invalid_name"
        if problem:
            return errors, problem
        try:
            for event in value[CONF_EVENTS]:
                check_event_name(event)
        except FormError as err:
            errors[CONF_EVENTS] = err.key
            problem = err.message
        return errors, problem

    def _present(self, details: Form) -> str:
        """Return what the value would be now, by the latest events."""
        try:
            value = Value.of("", details | self._value)
        except vol.Invalid:  # a stored detail was edited
            return NOTHING
        reader = ValueReader(self.hass, value)
        reader.replay(self._latest_events)
        if reader.event is None:
            return NOTHING
        match reader.state:
            case bool(is_on):
                return "on" if is_on else "off"
            case state:
                return shorten(state)

    @property
    def _latest_events(self) -> Iterable[Event]:
        """The latest event of each recent name, the most recent last; none after a restart."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return ()
        hub: Hub = entry.runtime_data
        channel = hub.channels.get(self._get_reconfigure_subentry().subentry_id)
        return () if channel is None else channel.latest_events.values()

    def _save(self, values: dict[str, Form]) -> SubentryFlowResult:
        subentry = self._get_reconfigure_subentry()
        return self.async_update_and_abort(
            self._get_entry(), subentry, data={**subentry.data, CONF_VALUES: values}
        )
