"""Sends a share's messages: one at a time, changes once in an interval, snapshots at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..client import PusherError
from .share_payload import (
    LEAST_BODY_BYTES,
    MAX_BODY_BYTES,
    Message,
    Parts,
    Row,
    TooLargeError,
)
from .share_route import Failure, Route, failure_of
from .share_rows import ROWS_AT_ONCE, ShareRows
from .timer import Timer

_LOGGER = logging.getLogger(__name__)

# Changes that follow each other closely, such as those of a scene, are sent together.
SECONDS_TO_GATHER: Final = 0.1
SECONDS_BETWEEN_SNAPSHOTS: Final = 5.0
# Cache channels keep an event for 30 minutes.
SECONDS_IN_CACHE: Final = 25 * 60.0
SECONDS_AFTER_REFUSAL: Final = 300.0
# An outage of a minute is retried once a second, one of an hour every half minute.
FIRST_RETRY: Final = 0.5
RETRY_GROWTH: Final = 1.01
LONGEST_RETRY: Final = 30.0
SLOW_REQUEST: Final = 0.3
_LOWERED: Final = 0.75


class ShareSender:
    """Sends rows over a route; what cannot be sent is kept, and sent once it can be."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        rows: ShareRows,
        on_change: Callable[[], None],
    ) -> None:
        """Prepare; `on_change` is called whenever a property has changed."""
        self._hass = hass
        self._entry = entry
        self._rows = rows
        self._on_change = on_change
        self._route: Route | None = None
        self._interval = 0.0
        self._is_cache = False
        self._limit = MAX_BODY_BYTES
        self._is_snapshot_due = False
        self._are_changes_due = False
        self._has_sent = False
        self._retry_delay = 0.0
        self._task: asyncio.Task[None] | None = None
        self._interval_timer = Timer(hass, self._proceed)
        self._snapshot_timer = Timer(hass, self._proceed)
        self._retry_timer = Timer(hass, self._proceed)
        self._cache_timer = Timer(hass, self.request_snapshot)
        self.messages_sent = 0
        self.failure: Failure | None = None
        self.error: PusherError | TimeoutError | None = None

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything was sent that could be by now."""
        route = self._route
        return route is not None and route.is_open and self._has_sent and self.failure is None

    def start(self, route: Route, interval: float, *, is_cache: bool) -> None:
        """Send over a route: changes at most once in so many seconds, on cache channels always all."""
        self._route, self._interval, self._is_cache = route, interval, is_cache

    def stop(self) -> None:
        """Send nothing more, and leave neither a task nor a timer."""
        self._route = None
        self._cancel_task()
        for timer in (
            self._interval_timer,
            self._snapshot_timer,
            self._retry_timer,
            self._cache_timer,
        ):
            timer.cancel()
        self._is_snapshot_due = self._are_changes_due = self._has_sent = False
        self._retry_delay = 0.0
        self.failure = self.error = None

    @callback
    def look_for_changes(self) -> None:
        """Send what has changed: soon, or when the interval is over."""
        self._are_changes_due = True
        if not self._interval_timer.is_running:
            self._interval_timer.start(SECONDS_TO_GATHER)

    @callback
    def request_snapshot(self) -> None:
        """Send a snapshot: at once, or when the last one is 5 seconds old."""
        self._is_snapshot_due = True
        self._proceed()

    @callback
    def server_returned(self) -> None:
        """Send a snapshot without waiting for the next retry."""
        self._retry_delay = 0.0
        self._retry_timer.cancel()
        self.request_snapshot()

    @callback
    def event_refused(self) -> None:
        """Keep everything for later: the server forwards no client events."""
        self._cancel_task()
        self._is_snapshot_due = True
        self._set_failure(Failure.REFUSED)
        self._retry_timer.start(SECONDS_AFTER_REFUSAL)

    @callback
    def _proceed(self) -> None:
        """Start to send what is due, unless something is being sent or waited for."""
        if self._route is None or self._task is not None or self._retry_timer.is_running:
            return
        if self._is_snapshot_due and not self._snapshot_timer.is_running:
            work = self._send_snapshot(self._route)
        elif self._are_changes_due and not self._interval_timer.is_running:
            work = self._send_changes(self._route)
        else:
            return
        name = f"{self._entry.title}: share"
        self._task = self._entry.async_create_background_task(
            self._hass, work, name, eager_start=False
        )
        self._task.add_done_callback(self._done)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _done(self, task: asyncio.Task[None]) -> None:
        if task is self._task:
            self._task = None
            self._proceed()

    async def _send_snapshot(self, route: Route) -> None:
        self._is_snapshot_due = self._are_changes_due = False
        self._snapshot_timer.start(SECONDS_BETWEEN_SNAPSHOTS)
        rows = await self._rows.take_all()
        has_sent = await self._send(route, rows, snapshot=True)
        if self.failure is not None:
            self._is_snapshot_due = True
            if not has_sent:
                self._snapshot_timer.cancel()

    async def _send_changes(self, route: Route) -> None:
        self._are_changes_due = False
        rows = await self._rows.take_changes()
        if rows and self._is_cache:
            rows = await self._rows.take_all()
        if rows:
            await self._send(route, rows, snapshot=self._is_cache)
        elif self.failure in (Failure.TRANSIENT, Failure.TOO_LARGE) and not self._is_snapshot_due:
            # What could not be sent is as it was sent before, or is not shared any more.
            self._retry_delay = 0.0
            self._set_failure(None)

    async def _send(self, route: Route, rows: Sequence[Row], *, snapshot: bool) -> bool:
        """Send rows and return whether a message was sent; sets `failure`."""
        has_sent = False
        began = self._hass.loop.time()
        while True:
            try:
                for message in await self._split(route, rows, snapshot=snapshot):
                    self._interval_timer.start(self._interval)
                    await route.send(message.text)
                    has_sent = True
                    self.messages_sent += 1
                    self._rows.confirm(message.rows)
            except TooLargeError:
                self._failed(Failure.TOO_LARGE, rows)
            except (PusherError, TimeoutError) as err:
                failure = failure_of(err)
                if failure is Failure.TOO_LARGE:
                    if self._lower_limit():
                        continue
                    failure = Failure.REFUSED
                _LOGGER.debug("%s could not send a share: %s", self._entry.title, err)
                self._failed(failure, rows, err)
            else:
                if self._retry_delay and self._hass.loop.time() - began > SLOW_REQUEST:
                    # The server was away during the request: what has changed since goes at once.
                    self._interval_timer.cancel()
                self._succeeded()
            if not has_sent:
                self._interval_timer.cancel()
            return has_sent

    async def _split(self, route: Route, rows: Sequence[Row], *, snapshot: bool) -> list[Message]:
        parts = Parts(route.budget(self._limit))
        for number, row in enumerate(rows, 1):
            parts.add(row)
            if self._is_cache and len(parts) > 1:
                raise TooLargeError
            if number % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return parts.messages(snapshot=snapshot)

    def _lower_limit(self) -> bool:
        """Take less into a message from now on; return False when that is not possible."""
        if self._limit <= LEAST_BODY_BYTES:
            return False
        self._limit = max(LEAST_BODY_BYTES, int(self._limit * _LOWERED))
        return True

    def _succeeded(self) -> None:
        self._retry_delay = 0.0
        self._has_sent = True
        if self._is_cache:
            self._cache_timer.start(SECONDS_IN_CACHE)
        self._set_failure(None)

    def _failed(
        self,
        failure: Failure,
        rows: Sequence[Row],
        error: PusherError | TimeoutError | None = None,
    ) -> None:
        self._rows.put_back(rows)
        self._are_changes_due = True
        match failure:
            case Failure.TRANSIENT:
                grown = max(self._retry_delay * RETRY_GROWTH, FIRST_RETRY)
                delay = self._retry_delay = min(grown, LONGEST_RETRY)
            case Failure.TOO_LARGE:
                delay = self._interval
            case Failure.REFUSED:
                delay = SECONDS_AFTER_REFUSAL
        self._retry_timer.start(delay)
        self._set_failure(failure, error)

    def _set_failure(
        self, failure: Failure | None, error: PusherError | TimeoutError | None = None
    ) -> None:
        self.failure, self.error = failure, error
        self._on_change()
