"""A year in minutes: Home Assistant and the integration against a simulated server, network and clock."""
