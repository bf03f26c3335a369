"""A pause that calls an action at its end and can be ended early."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later


class Timer:
    """At most one pause at a time; nothing is left of it when Home Assistant stops."""

    def __init__(self, hass: HomeAssistant, action: Callable[[], None]) -> None:
        self._hass = hass
        self._action = action
        self._cancel: CALLBACK_TYPE | None = None
        self._job: HassJob[..., None] = HassJob(self._over, cancel_on_shutdown=True)

    @property
    def is_running(self) -> bool:
        """Whether the pause lasts."""
        return self._cancel is not None

    def start(self, seconds: float) -> None:
        """Pause from now on."""
        self.cancel()
        self._cancel = async_call_later(self._hass, seconds, self._job)

    def cancel(self) -> None:
        """End the pause without the call."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _over(self, *_: object) -> None:
        self._cancel = None
        self._action()
