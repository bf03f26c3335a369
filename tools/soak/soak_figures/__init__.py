"""Counts what a leak would pile up, and watches states, inside Home Assistant; only the soak run has this."""

import asyncio
import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .state_watch import StateWatch

DOMAIN = "soak_figures"
OURS = "custom_components.pusher_channels"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Watch states, and offer the actions that count and report."""
    watch = StateWatch(hass)
    watch.start()

    async def count(_: ServiceCall) -> ServiceResponse:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        return {
            "tasks": len(asyncio.all_tasks()),
            "own_tasks": sum(
                task.get_name().startswith("pusher_channels") for task in asyncio.all_tasks()
            ),
            "own_timers": sum(_is_ours(handle) for handle in _timers(hass)),
            "own_objects": sum(
                str(type(it).__module__).startswith(OURS) for it in gc.get_objects()
            ),
            "sockets": sum(target.startswith("socket:") for target in _open_files()),
            "megabytes": _resident(),
        }

    async def states(_: ServiceCall) -> ServiceResponse:
        return {
            "found": [*watch.found],
            "short_outages": watch.short_outages,
            "kinds": [*watch.kinds()],
        }

    for name, action in (("count", count), ("states", states)):
        hass.services.async_register(DOMAIN, name, action, supports_response=SupportsResponse.ONLY)
    return True


def _resident() -> float:
    """Return the memory in MB that the process really holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def _timers(hass: HomeAssistant) -> list[asyncio.TimerHandle]:
    handles: list[asyncio.TimerHandle] = vars(hass.loop)["_scheduled"]
    return [handle for handle in handles if not handle.cancelled()]


def _is_ours(handle: asyncio.TimerHandle) -> bool:
    callback: object = getattr(handle, "_callback", None)
    return str(getattr(callback, "__module__", "")).startswith(OURS)


def _open_files() -> Iterator[str]:
    for link in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with suppress(FileNotFoundError):
            yield os.readlink(f"/proc/self/fd/{link}")  # noqa: PTH115
