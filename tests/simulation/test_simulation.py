"""The promises of DESIGN 1 in worlds that a seed breaks; `THAW_SEED=n` plays that one alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.play import play

SEEDS = 200
ONE = os.environ.get("THAW_SEED")
ROOT = Path(__file__).parents[2]


# A process that is killed closes nothing by itself.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("seed", [int(ONE)] if ONE else range(1, SEEDS + 1))
def test_every_promise_holds_in_a_world_that_fails(seed: int) -> None:
    played = play(seed)
    tail = "\n".join(played.lines[-30:])
    assert not played.broken, f"THAW_SEED={seed}\n" + "\n".join(played.broken) + f"\n{tail}"


def test_a_seed_goes_the_same_way_each_time() -> None:
    digests = set()
    for seed in range(1, 6):
        first, second = play(seed), play(seed)
        assert first.lines == second.lines
        digests.add(first.digest)
    assert len(digests) == 5


def test_a_seed_goes_the_same_way_in_another_process() -> None:
    digests = {play(11).digest}
    for hashing in ("1", "2"):
        code = "from tests.simulation.play import play; print(play(11).digest)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": hashing},
        )  # fmt: skip
        digests.add(done.stdout.strip())
    assert len(digests) == 1
