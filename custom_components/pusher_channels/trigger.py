"""Automation triggers: an event was received, a member joined or left.

They listen on Home Assistant's bus, so they neither need a loaded app nor notice a reload.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Any, ClassVar, cast, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .const import EVENT, EVENT_MEMBER_ADDED, EVENT_MEMBER_REMOVED

type EventData = Mapping[str, Any]

ENTRY = {"config_entry_id": "entry_id"}
CHANNEL = {"channel": "channel"}
EVENT_NAME = {"event": "event"}
USER = {"user_id": "user_id"}


class BusTrigger(Trigger):
    """Fires for the bus events of one type whose fields match the options.

    Each option is a name or glob, or a list of them; one that is left out matches everything.
    """

    _event_type: ClassVar[str]
    _fields: ClassVar[dict[str, str]]
    _subject: ClassVar[str]
    _verb: ClassVar[str]

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        globs = vol.All(cv.ensure_list, [cv.string])
        options = {vol.Optional(option): globs for option in cls._fields}
        schema = vol.Schema({vol.Required(CONF_OPTIONS, default=dict): options})
        return cast(ConfigType, schema(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Prepare the filter."""
        super().__init__(hass, config)
        self._matches = _matcher(
            {self._fields[option]: globs for option, globs in (config.options or {}).items()}
        )

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        @callback
        def run(event: Event) -> None:
            run_action(dict(event.data), self._describe(event.data), event.context)

        return self._hass.bus.async_listen(self._event_type, run, event_filter=self._matches)

    def _describe(self, data: EventData) -> str:
        """Return what happened, as it follows "triggered by"."""
        return f"{data.get(self._subject)} {self._verb} {data.get('channel')}"


class EventReceivedTrigger(BusTrigger):
    """Fires when an event is received."""

    _event_type = EVENT
    _fields = ENTRY | CHANNEL | EVENT_NAME
    _subject, _verb = "event", "on"


class MemberJoinedTrigger(BusTrigger):
    """Fires when a member joins a presence channel."""

    _event_type = EVENT_MEMBER_ADDED
    _fields = ENTRY | CHANNEL | USER
    _subject, _verb = "user_id", "joining"


class MemberLeftTrigger(BusTrigger):
    """Fires when a member leaves a presence channel."""

    _event_type = EVENT_MEMBER_REMOVED
    _fields = ENTRY | CHANNEL | USER
    _subject, _verb = "user_id", "leaving"


TRIGGERS: dict[str, type[Trigger]] = {
    "event_received": EventReceivedTrigger,
    "member_joined": MemberJoinedTrigger,
    "member_left": MemberLeftTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS


def _matcher(globs: Mapping[str, list[str]]) -> Callable[[EventData], bool]:
    """Return whether an event's fields match; a field without globs may be anything."""
    patterns = [
        (field, re.compile("|".join(map(translate, wanted))))
        for field, wanted in globs.items()
        if wanted
    ]

    @callback
    def matches(data: EventData) -> bool:
        for field, pattern in patterns:
            value = data.get(field)
            if not isinstance(value, str) or pattern.match(value) is None:
                return False
        return True

    return matches
