"""The forms of the config, options and channel flows."""
