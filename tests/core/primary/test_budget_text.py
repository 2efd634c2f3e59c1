from core.messages.views import SpendLine
from core.model.amounts import NO_LIMIT, Limit
from core.primary.budget_text import budget_text

LINE = SpendLine(
    level="this channel, today", used=12_300, reserved=800, limit=None, renews="at midnight UTC"
)


def test_tokens_stand_alone_without_a_price() -> None:
    assert budget_text([LINE], NO_LIMIT) == (
        "- this channel, today: 12,300 tokens no limit, 800 reserved, renews at midnight UTC\n"
        "- each job: no limit"
    )


def test_money_is_shown_where_it_is_known() -> None:
    priced = SpendLine(
        level="this channel, today", used=12_300, reserved=800, limit=20_000, renews="",
        cost=41_000_000, cost_reserved=5_000_000, cost_limit=2_500_000_000,
    )  # fmt: skip
    assert budget_text([priced], Limit(tokens=2_000_000)) == (
        "- this channel, today: 12,300 tokens · $0.041 of 20,000 tokens and $2.50,"
        " 800 · $0.005 reserved\n- each job: at most 2,000,000 tokens"
    )


def test_an_unknown_price_is_said() -> None:
    unknown = SpendLine(
        level="model t_x, this month", used=10, reserved=0, limit=None, renews="", unpriced=10
    )
    some = SpendLine(
        level="everybody, this month", used=1_010, reserved=0, limit=None, renews="", unpriced=10
    )
    text = budget_text([unknown, some], NO_LIMIT)
    assert "model t\\_x, this month: 10 tokens no limit (the price is not known)" in text
    assert "1,010 tokens no limit (the price of 10 tokens is not known)" in text
