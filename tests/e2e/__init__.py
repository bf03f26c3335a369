"""Parts that nobody here wrote, for end-to-end tests: the soketi server, pusher-js guests, the official publisher."""
