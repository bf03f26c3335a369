"""Lets something happen at most so often, without losing the last time."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later


class Pace:
    """Calls an action at once, and again after the pause when it was asked for meanwhile."""

    def __init__(self, hass: HomeAssistant, pause: float, action: Callable[[], None]) -> None:
        """Set the least number of seconds between two calls."""
        self._hass = hass
        self._pause = pause
        self._action = action
        self._asked = False
        self._end_pause: CALLBACK_TYPE | None = None
        self._job: HassJob[..., None] = HassJob(self._pause_over, cancel_on_shutdown=True)

    @callback
    def ask(self) -> None:
        """Call the action now, or when the pause is over."""
        if self._end_pause is not None:
            self._asked = True
            return
        self._end_pause = async_call_later(self._hass, self._pause, self._job)
        self._action()

    @callback
    def cancel(self) -> None:
        """Drop what is still to come."""
        self._asked = False
        if self._end_pause is not None:
            self._end_pause()
            self._end_pause = None

    @callback
    def _pause_over(self, *_: object) -> None:
        self._end_pause = None
        if self._asked:
            self._asked = False
            self.ask()
