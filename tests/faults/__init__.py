"""Faults of networks and servers, seen through Home Assistant."""

import pytest

pytest.register_assert_rewrite("tests.faults.app")
