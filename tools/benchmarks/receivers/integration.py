"""The integration in a Home Assistant in this process; a listener on the bus counts its events.

Options: `entity`: the channel's event entity shows the events too. `trigger`: the integration's own trigger counts,
in place of the listener.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import async_initialize_triggers, async_validate_trigger_config

from custom_components.pusher_channels.const import DOMAIN, EVENT
from tools.harness.in_process import add_app, home_assistant, set_up

from .measurement import Measurement


async def main() -> None:
    """Receive through the whole integration."""
    measurement = Measurement.of_arguments(("entity", "trigger"))
    async with home_assistant() as hass:
        entry = add_app(hass, measurement.port, "Bench", measurement.channel)
        if "entity" not in measurement.options:
            disable_entity(hass, entry, measurement.channel)
        await set_up(hass, entry)
        count = counting(measurement)
        if "trigger" in measurement.options:
            await attach_trigger(hass, measurement.channel, count)
        else:

            @callback
            def hear(_: Event) -> None:
                count()

            hass.bus.async_listen(EVENT, hear)
        measurement.ready()
        await asyncio.Event().wait()


def counting(measurement: Measurement) -> Callable[[], None]:
    """Return what counts one event."""
    left = measurement.warm

    def count() -> None:
        nonlocal left
        left -= 1
        if not left:
            left = measurement.phase_over(0)

    return count


def disable_entity(hass: HomeAssistant, entry: ConfigEntry, channel: str) -> None:
    """Disable the channel's event entity before it is made."""
    er.async_get(hass).async_get_or_create(
        "event",
        DOMAIN,
        f"{entry.entry_id}_id-{channel}_event",
        config_entry=entry,
        config_subentry_id=f"id-{channel}",
        disabled_by=er.RegistryEntryDisabler.USER,
    )


async def attach_trigger(hass: HomeAssistant, channel: str, count: Callable[[], None]) -> None:
    """Attach the trigger, as an automation would."""

    async def act(_: dict[str, Any], __: Context | None = None) -> None:
        count()

    trigger = {"trigger": f"{DOMAIN}.event_received", "options": {"channel": channel}}
    config = await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([trigger]))
    await async_initialize_triggers(hass, config, act, DOMAIN, "bench", lambda *_: None)


if __name__ == "__main__":
    asyncio.run(main())
