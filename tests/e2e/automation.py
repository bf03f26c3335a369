"""Automations, made as the automation editor makes them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tools.harness import Events, HomeAssistant


@asynccontextmanager
async def automation(
    hass: HomeAssistant, trigger: str, **options: object
) -> AsyncGenerator[Events]:
    """Run an automation on one of the integration's triggers; give its `trigger` of each run.

    It ends with the block. `trigger` is the trigger's name without the integration's.
    """
    name = f"e2e_{trigger}"
    path = f"/api/config/automation/config/{name}"
    config = {
        "alias": name,
        "triggers": [{"trigger": f"pusher_channels.{trigger}", "options": options}],
        "actions": [{"event": f"{name}_ran", "event_data": {"trigger": "{{ trigger }}"}}],
        "mode": "queued",
    }
    async with hass.events(f"{name}_ran") as runs:
        await hass.post(path, config)
        try:
            await hass.wait_state(f"automation.{name}", lambda state: state.state == "on")
            yield runs
        finally:
            await hass.delete(path)
