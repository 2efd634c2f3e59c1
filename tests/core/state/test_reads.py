import pytest

from core.state.reads import PrefixRead


@pytest.mark.parametrize(
    ("read", "shows"),
    [
        (PrefixRead(prefix="a.", commit=0), True),
        (PrefixRead(prefix="a.", commit=0, last="a.b"), True),
        (PrefixRead(prefix="a.", commit=0, last="a.a"), False),
        (PrefixRead(prefix="a.", commit=0, own=("a.b",)), False),
        (PrefixRead(prefix="a.", commit=0, last="a.c", own=("a.a",)), True),
    ],
)
def test_what_was_left_out_and_what_was_the_job_s_own_was_not_shown(
    read: PrefixRead, shows: bool
) -> None:
    assert read.shows("a.b") is shows
