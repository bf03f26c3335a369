"""One configured share: states of entities that are sent as events on a channel."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import Event as HassEvent
from homeassistant.core import HomeAssistant, callback

from ..client import (
    CLIENT_EVENT_PREFIX,
    ChannelKind,
    ChannelNotice,
    ClientNotice,
    CloseCode,
    ConnectionState,
    ErrorReceived,
    Event,
    HttpApi,
    Listeners,
    MemberAdded,
    PusherClient,
    PusherError,
    RequestError,
    RequestFailure,
    StateChange,
    SubscriptionCount,
    SubscriptionRefused,
    SubscriptionSucceeded,
    Unlisten,
    Unsubscribed,
    is_transient,
)
from ..const import (
    CONF_ATTRIBUTES,
    CONF_CHANNEL,
    CONF_ENTITIES,
    CONF_EVENT,
    CONF_INTERVAL,
    CONF_LABELS,
    CONF_PUBLIC,
    EVENT_WEBHOOK,
)
from .issues import is_client_events_disabled
from .redaction import without_secrets
from .refusals import api_failed, api_succeeded
from .share_issues import ShareProblem, set_problem
from .share_payload import MAX_BODY_BYTES, Parts, make_row
from .share_route import ClientEventPace, Failure, make_route, request_budget
from .share_rows import ShareRows
from .share_selection import Selection, select
from .share_sender import ShareSender

_LOGGER = logging.getLogger(__name__)

REQUEST_PREFIX = f"{CLIENT_EVENT_PREFIX}get-"
DEFAULT_EVENT = "states"
DEFAULT_INTERVAL = 10
WEBHOOKS = ("channel_occupied", "cache_miss")


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """What the user chose; `interval` is in seconds, `public` allows a channel that anyone can read."""

    channel: str
    event: str
    entities: tuple[str, ...]
    labels: tuple[str, ...]
    attributes: tuple[str, ...]
    interval: float
    public: bool

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings in a subentry's data."""
        return cls(
            data[CONF_CHANNEL],
            data.get(CONF_EVENT, DEFAULT_EVENT),
            tuple(data.get(CONF_ENTITIES, ())),
            tuple(data.get(CONF_LABELS, ())),
            tuple(data.get(CONF_ATTRIBUTES, ())),
            data.get(CONF_INTERVAL, DEFAULT_INTERVAL),
            data.get(CONF_PUBLIC, False),
        )

    @property
    def kind(self) -> ChannelKind:
        """The channel's kind."""
        return ChannelKind.of(self.channel)


def fits_into_one_message(hass: HomeAssistant, settings: ShareSettings) -> bool:
    """Return whether one event has room for all selected entities, as cache channels need it."""
    parts = Parts(request_budget(settings.channel, settings.event, MAX_BODY_BYTES))
    for state in map(hass.states.get, select(hass, settings.entities, settings.labels)):
        if state is not None:
            parts.add(make_row(state, settings.attributes))
        if len(parts) > 1:
            return False
    return True


class ConfiguredShare:
    """Sends what is selected until it is paused or removed; entities of its device listen here."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        subentry: ConfigSubentry,
        client: PusherClient,
        api: HttpApi | None,
        pace: ClientEventPace,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._subentry = subentry
        self._client = client
        self._api = api
        self._pace = pace
        self._problem: ShareProblem | None = None
        self._selection = Selection(
            hass,
            subentry.subentry_id,
            on_state=self._state_changed,
            on_registry=self._registry_changed,
        )
        self._rows = ShareRows(hass, self._selection)
        self._sender = ShareSender(hass, entry, self._rows, self._sender_changed)
        self._listeners: Listeners[None] = Listeners()
        self._unlisteners: list[Callable[[], None]] = []
        self._settings: ShareSettings | None = None
        self._subscriptions = 0
        self._is_started = False
        self._is_paused = False
        self.subentry_id = subentry.subentry_id

    @property
    def settings(self) -> ShareSettings:
        """The settings as they are now."""
        return ShareSettings.of(self._subentry.data)

    @property
    def is_sharing(self) -> bool:
        """Whether the user has switched it on."""
        return not self._is_paused

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything was sent that could be by now."""
        return self._sender.is_up_to_date

    @property
    def failure(self) -> Failure | None:
        """What keeps the share from being sent."""
        return self._sender.failure

    @property
    def messages_sent(self) -> int:
        """How many messages were sent since the app was set up."""
        return self._sender.messages_sent

    @property
    def entity_count(self) -> int:
        """How many entities are shared at present."""
        return len(self._selection.entity_ids)

    def listen(self, listener: Callable[[None], None]) -> Unlisten:
        """Call the listener whenever a property may have changed."""
        return self._listeners.add(listener)

    def start(self) -> None:
        """Start sharing, unless it is paused."""
        self._is_started = True
        if not self._is_paused:
            self._run()

    def pause(self) -> None:
        """Stop sharing until `resume`."""
        self._is_paused = True
        self._halt()
        self._listeners.notify(None)

    def resume(self) -> None:
        """Resume sharing."""
        self._is_paused = False
        if self._is_started:
            self._run()
        self._listeners.notify(None)

    def stop(self) -> None:
        """Stop sharing."""
        self._is_started = False
        self._halt()

    def update(self, subentry: ConfigSubentry) -> None:
        """Apply what the user changed."""
        self._subentry = subentry
        if self._unlisteners and self._settings != self.settings:
            self._halt()
            self._run()
        self._listeners.notify(None)

    def _run(self) -> None:
        if self._unlisteners:
            return
        before, settings = self._settings, self.settings
        if before is not None and (before.channel, before.event) != (
            settings.channel,
            settings.event,
        ):
            self._rows.clear()
        self._settings = settings
        self._rows.attributes = settings.attributes
        self._selection.start(settings.entities, settings.labels)
        route = make_route(self._client, self._api, self._pace, settings.channel, settings.event)
        self._sender.start(route, settings.interval, is_cache=settings.kind.is_cache)
        self._unlisteners = [
            self._client.listen(self._client_notice),
            self._hass.bus.async_listen(EVENT_WEBHOOK, self._webhook_received),
        ]
        if not settings.kind.needs_authorization:
            self._sender.request_snapshot()
            return
        channel = self._client.subscribe(settings.channel)
        self._unlisteners += [
            channel.bind(self._snapshot_requested, f"{REQUEST_PREFIX}{settings.event}"),
            channel.listen(self._channel_notice),
            partial(self._client.unsubscribe, settings.channel),
        ]
        if channel.is_subscribed or self._client.state is not ConnectionState.CONNECTED:
            self._sender.request_snapshot()

    def _halt(self) -> None:
        """Leave neither a task, a timer, a listener, a subscription nor a repair issue."""
        self._sender.stop()
        for unlisten in self._unlisteners:
            unlisten()
        self._unlisteners = []
        self._selection.stop()
        self._problem = None
        set_problem(self._hass, self._entry, self.subentry_id, None)

    def _state_changed(self, entity_id: str) -> None:
        self._rows.mark((entity_id,))
        self._sender.look_for_changes()

    def _registry_changed(self) -> None:
        self._sender.look_for_changes()

    def _sender_changed(self) -> None:
        match self._sender.failure, self._sender.error:
            case Failure.REFUSED, RequestError(failure=RequestFailure.CLOCK_SKEW) as err:
                api_failed(self._hass, self._entry, err)
            case Failure.REFUSED, RequestError(status=status) as err:
                self._set_problem(ShareProblem.REFUSED, str(err), status=str(status))
            case Failure.REFUSED, PusherError() as err:
                self._set_problem(ShareProblem.REFUSED, str(err), status="-")
            case Failure.TOO_LARGE, _:
                self._set_problem(ShareProblem.TOO_LARGE, "one event has no room for its entities")
            case None, _:
                self._set_problem(None)
                api_succeeded(self._hass, self._entry)
            case _:
                pass
        self._listeners.notify(None)

    def _set_problem(
        self, problem: ShareProblem | None, reason: str = "", **placeholders: str
    ) -> None:
        """Set what is wrong; None if nothing is. The reason is for the log only."""
        if problem is not self._problem:
            self._problem = problem
            title = f"{self._entry.title}: {self._subentry.title}"
            if problem is None:
                _LOGGER.info("%s is sent again", title)
            else:
                reason = without_secrets(reason, self._entry.data)
                _LOGGER.warning("%s cannot be sent: %s", title, reason)
        names = {"name": self._subentry.title, "app": self._entry.title}
        set_problem(self._hass, self._entry, self.subentry_id, problem, **names, **placeholders)

    @callback
    def _webhook_received(self, event: HassEvent[Mapping[str, Any]]) -> None:
        data = event.data
        if (
            data.get("entry_id") == self._entry.entry_id
            and data.get("channel") == self.settings.channel
            and data.get("event") in WEBHOOKS
        ):
            self._sender.request_snapshot()

    def _client_notice(self, notice: ClientNotice) -> None:
        match notice:
            case StateChange(state=ConnectionState.CONNECTED):
                if not self.settings.kind.needs_authorization:
                    self._sender.server_returned()
            case ErrorReceived() if self._api is None and notice.channel in (
                None,
                self.settings.channel,
            ):
                self._client_event_refused(notice)
            case _:
                pass

    def _client_event_refused(self, notice: ErrorReceived) -> None:
        """Send again what the server did not forward: its error does not name the event."""
        if is_client_events_disabled(notice.message):
            self._sender.event_refused()
        elif notice.code == CloseCode.CLIENT_EVENT_REJECTED:
            self._sender.request_snapshot()

    def _channel_notice(self, notice: ChannelNotice) -> None:
        match notice:
            case SubscriptionSucceeded():
                self._sender.server_returned()
                self._listeners.notify(None)
            case SubscriptionRefused(status=status, error=error):
                if self._api is not None:
                    self._sender.server_returned()
                elif status and not is_transient(status):
                    self._set_problem(ShareProblem.REFUSED, error, status=str(status))
            case Unsubscribed():
                self._listeners.notify(None)
            case MemberAdded():
                self._sender.request_snapshot()
            case SubscriptionCount(count=count):
                # Readers of encrypted channels cannot ask, since client events do not exist there.
                if count > self._subscriptions and self.settings.kind.is_encrypted:
                    self._sender.request_snapshot()
                self._subscriptions = count
            case _:
                pass

    def _snapshot_requested(self, _: Event) -> None:
        self._sender.request_snapshot()
