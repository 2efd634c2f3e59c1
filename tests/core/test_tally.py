import time

import pytest

from core.tally import Tally


def test_what_fails_is_counted_too_and_the_longest_is_known() -> None:
    tally = Tally()
    with tally.timed():
        time.sleep(0.02)
    with pytest.raises(ValueError, match="x"), tally.timed():
        raise ValueError("x")
    assert tally.count == 2
    assert 0.02 <= tally.longest_s <= tally.seconds
