"""A timer that calls an action once and can be cancelled."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback


class Timer:
    """Calls an action after a delay; at most one call is scheduled, and none survives the stop of Home Assistant."""

    def __init__(self, hass: HomeAssistant, action: Callable[[], None]) -> None:
        self._hass = hass
        self._action = action
        self._cancel: CALLBACK_TYPE | None = None
        self._job: HassJob[[], None] = HassJob(self._fire, cancel_on_shutdown=True)

    @property
    def is_running(self) -> bool:
        """Whether a call is scheduled."""
        return self._cancel is not None

    def start(self, seconds: float) -> None:
        """Schedule the call, in place of an earlier one."""
        self.cancel()
        # Home Assistant's stop cancels only timers that have the job as their first argument.
        run = self._hass.async_run_hass_job
        self._cancel = self._hass.loop.call_later(seconds, run, self._job).cancel

    def cancel(self) -> None:
        """Cancel the scheduled call."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _fire(self) -> None:
        self._cancel = None
        self._action()
