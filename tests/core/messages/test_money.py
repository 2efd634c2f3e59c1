import pytest

from core.messages.money import NANOS, dollars, exact_dollars, usage_words


@pytest.mark.parametrize(
    ("nanos", "words"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (42, "$0.000000042"),
        (999_999, "$0.001"),
        (4_249_999, "$0.0042"),
        (41_234_567, "$0.041"),
        (99_999_999, "$0.10"),
        (100_000_000, "$0.10"),
        (1_005_000_000, "$1.01"),
        (2_500_000_000, "$2.50"),
        (1_234_567 * NANOS, "$1,234,567.00"),
    ],
)
def test_money_is_short_and_never_nothing(nanos: int, words: str) -> None:
    assert dollars(nanos) == words


def test_what_is_owed_has_its_sign() -> None:
    assert dollars(-41_234_567) == "-$0.041"


def test_limits_keep_all_their_digits() -> None:
    assert exact_dollars(2_500_000_000) == "$2.50"
    assert exact_dollars(1_234_000_000_001) == "$1,234.000000001"


def test_tokens_stand_alone_where_no_cost_is_known() -> None:
    assert usage_words(12_300, 41_000_000) == "12,300 tokens · $0.041"
    assert usage_words(12_300, None) == usage_words(12_300, 0) == "12,300 tokens"
