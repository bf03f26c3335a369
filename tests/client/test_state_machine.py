"""Steps of client and server in any order: no event is lost outside a gap or doubled, and both sides agree."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tools.soak.state_machine import ClientStateMachine

SHORT = settings(
    max_examples=60,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate],
)


@pytest.mark.slow
def test_any_order_of_moves_ends_well() -> None:
    run_state_machine_as_test(ClientStateMachine, settings=SHORT)
