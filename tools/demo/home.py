"""The home of the demo: a lamp and a power meter, and an automation that an event starts."""

from typing import Final

from tools.harness import HomeAssistant

LAMP: Final = "light.shop_lamp"
POWER: Final = "sensor.house_power"
SHARED: Final = (LAMP, POWER)
AUTOMATION: Final = "automation.lamp_when_an_order_is_shipped"

CONFIGURATION: Final = """\
template:
  - light:
      - name: Shop lamp
        unique_id: shop_lamp
        turn_on: []
        turn_off: []
  - triggers:
      - trigger: time_pattern
        seconds: "/5"
    sensor:
      - name: House power
        unique_id: house_power
        state: "{{ range(220, 480) | random }}"
        unit_of_measurement: W
        device_class: power
"""


async def add_automation(hass: HomeAssistant, orders: str) -> None:
    """Toggle the lamp with each order that is shipped, once a minute in the demo.

    With `orders`, the event entity of the channel, as target, the channel's device lists it under Related.
    """
    await hass.call_service("light", "turn_off", {"entity_id": LAMP})
    automation = {
        "alias": "Lamp when an order is shipped",
        "mode": "queued",
        "triggers": [
            {
                "trigger": "pusher_channels.event_received",
                "target": {"entity_id": orders},
                "options": {"event": "order.shipped"},
            }
        ],
        "actions": [{"action": "light.toggle", "target": {"entity_id": LAMP}}],
    }
    await hass.post("/api/config/automation/config/lamp", automation)
