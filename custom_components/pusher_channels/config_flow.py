"""Config flow."""

from homeassistant.config_entries import ConfigFlow

from .const import DOMAIN


class PusherChannelsConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up an app."""
