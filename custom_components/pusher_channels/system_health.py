"""What the system information page shows of all apps."""

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .client import ConnectionState
from .const import DOMAIN, SUBENTRY_CHANNEL
from .hub.hub import PusherConfigEntry


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown, and the page where it can be changed."""
    register.async_register_info(_info, f"/config/integrations/integration/{DOMAIN}")


async def _info(hass: HomeAssistant) -> dict[str, int]:
    entries: list[PusherConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    loaded: list[PusherConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    hubs = [entry.runtime_data for entry in loaded]
    return {
        "apps": len(entries),
        "connected_apps": sum(hub.client.state is ConnectionState.CONNECTED for hub in hubs),
        "channels": sum(len(entry.get_subentries_of_type(SUBENTRY_CHANNEL)) for entry in entries),
        "subscribed_channels": sum(
            channel.is_subscribed for hub in hubs for channel in hub.channels.values()
        ),
    }
