"""Thousands of texts merged by us and by git, for `make chaos`."""

import os

import pytest

from tests.core.state.agreement import disagreements
from tests.core.state.texts import made_up, replayed

pytestmark = [
    pytest.mark.skipif("THAW_CHAOS" not in os.environ, reason="takes minutes: run `make chaos`"),
    pytest.mark.needs_system("git"),
]


@pytest.mark.parametrize("seed", range(100, 110))
def test_a_thousand_texts_made_up_to_be_mean_merge_as_in_git(seed: int) -> None:
    assert disagreements(made_up(seed, 1000)) == []


def test_every_change_in_this_projects_history_can_be_picked_as_git_picks_it() -> None:
    found = replayed(seed=0, most=10_000)
    assert found, "there is no history of this project here"
    assert disagreements(found) == []
