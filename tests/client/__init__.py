"""Tests of the client, against real sockets; none of them uses Home Assistant."""
