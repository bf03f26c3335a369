"""Third-party parts of the end-to-end tests: the soketi server, pusher-js guests, the official publisher."""
