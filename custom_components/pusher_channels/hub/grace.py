"""Hides short outages from entities and automations."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

GRACE_SECONDS: Final = 10.0


class OutageGrace:
    """Keeps something available until an outage has lasted 10 s.

    `is_available` is false until the first call of `recover`.
    """

    def __init__(self, hass: HomeAssistant, on_expired: Callable[[], None]) -> None:
        self._hass = hass
        self._on_expired = on_expired
        self._job = HassJob(self._expire, "pusher_channels outage", cancel_on_shutdown=True)
        self._cancel_timer: CALLBACK_TYPE | None = None
        self.is_available = False

    @property
    def is_holding(self) -> bool:
        """Whether there is an outage that entities do not show yet."""
        return self._cancel_timer is not None

    @callback
    def recover(self) -> None:
        """End an outage."""
        self._stop_timer()
        self.is_available = True

    @callback
    def start_outage(self) -> None:
        """Start an outage, which becomes visible unless it ends within 10 s."""
        if self.is_available and self._cancel_timer is None:
            self._cancel_timer = async_call_later(self._hass, GRACE_SECONDS, self._job)

    @callback
    def give_up(self) -> None:
        """Show an outage at once."""
        self._stop_timer()
        self.is_available = False

    @callback
    def _expire(self, _: datetime) -> None:
        self._cancel_timer = None
        self.is_available = False
        self._on_expired()

    def _stop_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
