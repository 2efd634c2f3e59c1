"""The list itself: the rows that genai-prices has, as whole nanodollars."""

from datetime import UTC, datetime

from core.model.price_list import found

OPENAI = "https://api.openai.com/v1"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


def test_a_known_model_has_its_price_and_an_unknown_one_none() -> None:
    said = found(OPENAI, ["gpt-5.4-mini", "tiny", ""], NOW)
    assert said == {
        "gpt-5.4-mini": {
            "rates": [[0, 750_000_000, 75_000_000, 750_000_000, 4_500_000_000]],
            "until": None,
        }
    }


def test_long_prompts_have_rates_of_their_own() -> None:
    said = found(OPENAI, ["gpt-5.5"], NOW)["gpt-5.5"]["rates"]
    assert said == [
        [0, 5 * 10**9, 5 * 10**8, 5 * 10**9, 30 * 10**9],
        [272_000, 10**10, 10**9, 10**10, 45 * 10**9],
    ]


def test_a_server_that_no_list_knows_has_no_prices() -> None:
    assert found("https://models.example.org/v1", ["gpt-5.4-mini"], NOW) == {}


def test_a_model_with_prices_by_the_hour_says_until_when_one_holds() -> None:
    names = ["deepseek-chat", "deepseek-reasoner"]
    begins = datetime(2025, 8, 1, tzinfo=UTC).timestamp()
    seen = set()
    at = begins
    while at < begins + 86_400:
        said = found("https://api.deepseek.com/v1", names[:1], at)[names[0]]
        until = said["until"]
        assert isinstance(until, float)
        assert at < until <= at + 60 * 86_400
        rates = said["rates"]
        assert isinstance(rates, list)
        seen.add(tuple(rates[0]))
        at = until
    assert len(seen) > 1
