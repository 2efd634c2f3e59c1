from email.utils import formatdate
from time import time

import pytest

from adapters.examined import ahead_s, clock


@pytest.mark.parametrize("off_s", [-3600.0, 0.0, 3600.0])
def test_a_date_tells_how_far_ahead_this_machine_is(off_s: float) -> None:
    told = ahead_s(formatdate(time() - off_s, usegmt=True))
    assert told is not None
    assert abs(told - off_s) < 60


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 32 Foo 2026"])
def test_a_date_that_is_none_tells_nothing(date: str) -> None:
    assert ahead_s(date) is None
    assert clock(None, "set it") == []


@pytest.mark.parametrize("ahead", [-59.0, 0.0, 59.0])
def test_a_clock_within_a_minute_is_right(ahead: float) -> None:
    assert clock(ahead, "set it") == []


def test_a_clock_that_is_off_is_told_with_what_to_do() -> None:
    [behind] = clock(-90.0, "set it")
    assert (behind.level, behind.text, behind.advice) == (
        "note",
        "this machine's clock is 90 s behind",
        "set it",
    )
    [ahead] = clock(301.0, "set it", 300.0)
    assert (ahead.level, ahead.text) == ("problem", "this machine's clock is 301 s ahead")
