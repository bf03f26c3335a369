"""Drives the real frontend in a real browser, and pictures it for the documentation."""
