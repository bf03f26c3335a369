"""Tests of the flows, in a real Home Assistant."""
