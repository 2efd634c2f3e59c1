"""Merges of generated branches, by us and by git."""

import os

import pytest

from core.state.text import Clean, Conflicted, Indivisible, merge_text
from tests.core.state.agreement import COMPARED, disagreements
from tests.core.state.git import Triple, merge_branches, merge_file
from tests.core.state.reference.edits import branches

pytestmark = pytest.mark.needs_system("git")
LONG = "THAW_CHAOS" in os.environ


@pytest.mark.parametrize("seed", range(8 if LONG else 1))
def test_branches_of_many_edits_merge_as_git_merges_them(seed: int) -> None:
    made = branches(seed, 1000 if LONG else 300)
    assert disagreements([triple for triple in made if not binary(triple)]) == []


def binary(triple: Triple) -> bool:
    return any(b"\0" in text[:8000] for text in triple)


@pytest.mark.parametrize("seed", range(50, 58 if LONG else 51))
def test_branches_with_nul_in_them_merge_whole_or_not_at_all_as_in_git(seed: int) -> None:
    made = [one for one in branches(seed, 1000 if LONG else 200) if one.base and binary(one)]
    for triple, judged in zip(made, merge_branches(made, *COMPARED), strict=True):
        match merge_text(*triple):
            case Clean(content=content):
                assert (True, content) == judged, triple
            case _:
                assert (False, triple.ours) == judged, triple


def test_generated_branches_end_in_every_verdict() -> None:
    verdicts = [type(merge_text(*triple)) for triple in branches(0, 300)]
    for verdict in (Clean, Conflicted, Indivisible):
        assert verdicts.count(verdict) > 10


@pytest.mark.parametrize("seed", range(100, 130 if LONG else 101))
def test_verdict_and_bytes_are_those_of_git_merge_file_after_many_edits(seed: int) -> None:
    for triple in branches(seed, 40):
        if binary(triple):
            continue
        merge, judged = merge_text(*triple), merge_file(triple)
        assert isinstance(merge, Clean) == judged.clean, triple
        if isinstance(merge, Clean):
            assert merge.content == judged.content, triple
