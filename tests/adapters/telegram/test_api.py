"""What Telegram says of waiting, as it is kept to."""

from datetime import timedelta

import pytest
from telegram.error import RetryAfter

from adapters.telegram.api import asked_wait


@pytest.mark.parametrize(
    ("asked", "kept"), [(0, 0.0), (7, 7.0), (timedelta(seconds=0.5), 0.5), (10**8, 3600.0)]
)
def test_telegram_is_left_alone_as_long_as_it_asks_and_an_hour_at_most(
    monkeypatch: pytest.MonkeyPatch, asked: int | timedelta, kept: float
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # as adapters.telegram.api does
    assert asked_wait(RetryAfter(asked)) == kept
