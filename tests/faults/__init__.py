"""Faults of networks and servers, through Home Assistant as it is."""

import pytest

pytest.register_assert_rewrite("tests.faults.app")
