"""Drives the real frontend in Chromium and takes pictures of it."""
