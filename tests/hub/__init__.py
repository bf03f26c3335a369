"""Tests of a running app, in a real Home Assistant."""
