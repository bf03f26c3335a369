"""Automation triggers on the integration's bus events.

They need no loaded app, so that they work before its setup and across reloads.
"""

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Any, ClassVar, Final, cast, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.template import Template, is_template_string
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .client import ChannelKind
from .const import (
    CACHE_MISS,
    CONF_CHANNEL,
    ECHO_PREFIXES,
    EVENT,
    EVENT_DECRYPTION_FAILURE,
    EVENT_GAP,
    EVENT_MEMBER_ADDED,
    EVENT_MEMBER_REMOVED,
    EVENT_SUBSCRIPTION_ERROR,
)
from .hub.devices import subentry_identifier
from .hub.yaml_text import yaml_text

type EventData = Mapping[str, Any]
type Matcher = Callable[[str], bool]
type Validator = Callable[[object], object]

CONF_EXCLUDE = "exclude"
MAX_DESCRIPTION_CHARS: Final = 300
MAX_CACHE_CHANNELS: Final = 200


REMEDIES = {
    CONF_OPTIONS: "Use a name or a pattern such as orders-*",
    CONF_TARGET: "Choose devices, entities, areas, floors or labels",
}


def refuse_templates(value: object, path: tuple[object, ...] = ()) -> None:
    """Raise `vol.Invalid` for a template anywhere in the target or the options."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            refuse_templates(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_templates(item, (*path, index))
    elif isinstance(value, Template) or (isinstance(value, str) and is_template_string(value)):
        raise vol.Invalid(
            "Templates cannot be used here, because a trigger reads its configuration only once. "
            f"{REMEDIES[str(path[0])]}, and check the rest in a template condition",
            path=list(path),
        )


def pattern(value: object) -> str:
    """Validate a name or glob; raises `vol.Invalid`."""
    return yaml_text(value).strip()


def event_pattern(value: object) -> str:
    """Validate the name or glob of an event; raises `vol.Invalid`."""
    name = pattern(value)
    if name.startswith(ECHO_PREFIXES):
        kind = "dot" if name.startswith(".") else "backslash"
        raise vol.Invalid(
            f"Leave out the leading {kind}: Laravel Echo's {name} is the event {name[1:]}"
        )
    return name


def _without_blanks(patterns: list[str]) -> list[str]:
    return [text for text in patterns if text]


PATTERNS: Validator = vol.All(cv.ensure_list, [pattern], _without_blanks)
EVENT_PATTERNS: Validator = vol.All(cv.ensure_list, [event_pattern], _without_blanks)
ENTRY = {"config_entry_id": ("entry_id", PATTERNS)}
CHANNEL = {"channel": ("channel", PATTERNS)}
CHANNELS = {"channel": ("channels", PATTERNS)}
EVENT_NAME = {"event": ("event", EVENT_PATTERNS)}
USER = {"user_id": ("user_id", PATTERNS)}


class BusTrigger(Trigger):
    """Triggers on bus events of one type that match the options and belong to the target.

    Each option is a name, a glob or a list of them; without it, everything matches.
    """

    _event_type: ClassVar[str]
    _fields: ClassVar[dict[str, tuple[str, Validator]]]
    # The frontend replaces a description that starts with "event", "time" or "state of".
    _description: ClassVar[str]

    @classmethod
    @override
    async def async_validate_complete_config(
        cls, hass: HomeAssistant, complete_config: ConfigType
    ) -> ConfigType:
        refuse_templates({key: complete_config.get(key) for key in REMEDIES})
        return await super().async_validate_complete_config(hass, complete_config)

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        options = {vol.Optional(option): schema for option, (_, schema) in cls._fields.items()}
        schema = vol.Schema(
            {
                vol.Optional(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Required(CONF_OPTIONS, default=dict): options,
            }
        )
        return cast(ConfigType, schema(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._matchers = {
            self._fields[option][0]: _matcher(patterns)
            for option, patterns in (config.options or {}).items()
            if patterns
        }
        self._target = config.target or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        @callback
        def run(event: Event) -> None:
            if self._is_repeated(event.data):
                return
            description = self._description.format_map(defaultdict(str, event.data))
            run_action(dict(event.data), description[:MAX_DESCRIPTION_CHARS], event.context)

        return self._hass.bus.async_listen(self._event_type, run, event_filter=self._matches)

    def _is_repeated(self, data: EventData) -> bool:
        """Return whether the trigger has run for this event before."""
        return False

    @callback
    def _matches(self, data: EventData) -> bool:
        for field, matches in self._matchers.items():
            value = data.get(field)
            names = value if isinstance(value, list) else [value]
            if not any(isinstance(name, str) and matches(name) for name in names):
                return False
        return self._is_targeted(data)

    def _is_targeted(self, data: EventData) -> bool:
        """Return whether a channel of the event belongs to the target; an empty target has all."""
        if not TargetSelection(self._target).has_any_target:
            return True
        targeted = _device_ids(self._hass, self._target)
        excluded = _device_ids(self._hass, self._target.get(CONF_EXCLUDE) or {})
        return any(targeted & devices and not excluded & devices for devices in self._devices(data))

    def _devices(self, data: EventData) -> list[set[str]]:
        """Return the devices of each channel of an event: its own, and the app's."""
        device_id = data.get("device_id", "")
        device = dr.async_get(self._hass).async_get(device_id)
        if not isinstance(device, dr.DeviceEntry) or device.via_device_id is None:
            return [{device_id}]
        return [{device.id, device.via_device_id}]


class EventReceivedTrigger(BusTrigger):
    """Triggers when an event is received."""

    _event_type = EVENT
    _fields = ENTRY | CHANNEL | EVENT_NAME
    _description = "channel {channel} receiving event {event}"

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._latest: OrderedDict[tuple[object, str], tuple[object, object]] = OrderedDict()

    @override
    def _is_repeated(self, data: EventData) -> bool:
        """Return whether a cache channel sends again, after a reconnect, what the trigger has run for."""
        channel, name = str(data.get("channel")), data.get("event")
        if not ChannelKind.of(channel).is_cache:
            return False
        key, event = (data.get("entry_id"), channel), (name, data.get("data"))
        is_stored = data.get("cached") or name == CACHE_MISS
        is_repeated = bool(is_stored) and self._latest.get(key) == event
        self._latest[key] = event
        self._latest.move_to_end(key)
        if len(self._latest) > MAX_CACHE_CHANNELS:
            self._latest.popitem(last=False)
        return is_repeated


class MemberJoinedTrigger(BusTrigger):
    """Triggers when a member joins a presence channel."""

    _event_type = EVENT_MEMBER_ADDED
    _fields = ENTRY | CHANNEL | USER
    _description = "member {user_id} joining channel {channel}"


class MemberLeftTrigger(BusTrigger):
    """Triggers when a member leaves a presence channel."""

    _event_type = EVENT_MEMBER_REMOVED
    _fields = ENTRY | CHANNEL | USER
    _description = "member {user_id} leaving channel {channel}"


class EventsMissedTrigger(BusTrigger):
    """Triggers when events may have been missed on at least one channel."""

    _event_type = EVENT_GAP
    _fields = ENTRY | CHANNELS
    _description = "channels that may have missed events since {since}"

    @override
    def _devices(self, data: EventData) -> list[set[str]]:
        """Return the devices of each channel that matches the options."""
        app = {data.get("device_id", "")}
        channels = data.get("channels", ())
        if (matches := self._matchers.get("channels")) is not None:
            channels = [name for name in channels if isinstance(name, str) and matches(name)]
        entry = self._hass.config_entries.async_get_entry(data.get("entry_id", ""))
        if entry is None:
            return [app]
        identifiers = {
            subentry_identifier(entry.entry_id, subentry_id)
            for subentry_id, subentry in entry.subentries.items()
            if subentry.data.get(CONF_CHANNEL) in channels
        }
        devices = dr.async_entries_for_config_entry(dr.async_get(self._hass), entry.entry_id)
        missed = [app | {device.id} for device in devices if identifiers & device.identifiers]
        return missed if len(missed) == len(channels) > 0 else [*missed, app]


class SubscriptionFailedTrigger(BusTrigger):
    """Triggers when a channel cannot be subscribed."""

    _event_type = EVENT_SUBSCRIPTION_ERROR
    _fields = ENTRY | CHANNEL
    _description = "failed subscription of channel {channel}: {error}"


class DecryptionFailedTrigger(BusTrigger):
    """Triggers when an event of an encrypted channel cannot be decrypted."""

    _event_type = EVENT_DECRYPTION_FAILURE
    _fields = ENTRY | CHANNEL
    _description = "failed decryption of event {event} on channel {channel}"


TRIGGERS: dict[str, type[Trigger]] = {
    "event_received": EventReceivedTrigger,
    "member_joined": MemberJoinedTrigger,
    "member_left": MemberLeftTrigger,
    "events_missed": EventsMissedTrigger,
    "subscription_failed": SubscriptionFailedTrigger,
    "decryption_failed": DecryptionFailedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS


def _matcher(patterns: list[str]) -> Matcher:
    """Return whether a name equals or matches one of the patterns."""
    names, glob = frozenset(patterns), re.compile("|".join(map(translate, patterns)))

    def matches(name: str) -> bool:
        return name in names or glob.match(name) is not None

    return matches


def _device_ids(hass: HomeAssistant, target: ConfigType) -> set[str]:
    """Return the devices of a target; an entity counts as its device."""
    selected = async_extract_referenced_entity_ids(
        hass, TargetSelection(target), primary_entities_only=False
    )
    registry = er.async_get(hass)
    entities = map(registry.async_get, selected.referenced | selected.indirectly_referenced)
    devices = {entity.device_id for entity in entities if entity is not None and entity.device_id}
    return devices | selected.referenced_devices
