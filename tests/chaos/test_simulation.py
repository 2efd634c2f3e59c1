"""Ten thousand seeds of the simulation, for `make chaos`."""

import os

import pytest

from tests.simulation.play import play

AT_ONCE = 100
SEEDS = int(os.environ.get("THAW_CHAOS_SIMULATED", "10000"))

pytestmark = pytest.mark.skipif(
    "THAW_CHAOS" not in os.environ, reason="takes minutes: run `make chaos`"
)


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_promise_holds_in_a_hundred_worlds_that_fail(first: int) -> None:
    broken = {seed: play(seed).broken for seed in range(first, first + AT_ONCE)}
    assert {f"THAW_SEED={seed}": lines for seed, lines in broken.items() if lines} == {}
