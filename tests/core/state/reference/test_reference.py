"""The real store beside the reference model, through lives that Hypothesis makes up."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.state.reference.machine import Channel

LONG = "THAW_CHAOS" in os.environ
ROUND = settings(
    max_examples=3000 if LONG else 60,
    stateful_step_count=40 if LONG else 20,
    derandomize=not LONG,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_store_is_what_the_page_says_through_any_life_of_a_channel() -> None:
    run_state_machine_as_test(Channel, settings=ROUND)
