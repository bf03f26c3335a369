"""One running app: its connection, channels, bus events and repair issues."""
