"""Hides short outages from entities and automations."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .timer import Timer

GRACE_SECONDS: Final = 10.0


class OutageGrace:
    """Keeps something available until an outage has lasted 10 s.

    `is_available` is false until the first call of `recover`.
    """

    def __init__(self, hass: HomeAssistant, on_expired: Callable[[], None]) -> None:
        self._on_expired = on_expired
        self._timer = Timer(hass, self._expire)
        self.is_available = False

    @property
    def is_holding(self) -> bool:
        """Whether there is an outage that entities do not show yet."""
        return self._timer.is_running

    @callback
    def recover(self) -> None:
        """End an outage."""
        self._timer.cancel()
        self.is_available = True

    @callback
    def start_outage(self) -> None:
        """Start an outage, which becomes visible unless it ends within 10 s."""
        if self.is_available and not self._timer.is_running:
            self._timer.start(GRACE_SECONDS)

    @callback
    def give_up(self) -> None:
        """Show an outage at once."""
        self._timer.cancel()
        self.is_available = False

    @callback
    def _expire(self) -> None:
        self.is_available = False
        self._on_expired()
