"""Faults of networks and servers, through Home Assistant as it is."""
