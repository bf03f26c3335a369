"""The demo: the dev server, a real Home Assistant with the integration, traffic and a dashboard."""
