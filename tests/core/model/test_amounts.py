import pytest

from core.messages.money import NANOS
from core.model.amounts import NO_LIMIT, Limit, parse_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("2000000", Limit(tokens=2_000_000)),
        (" 2,000_000 tokens ", Limit(tokens=2_000_000)),
        ("$2.50", Limit(nanos=2_500_000_000)),
        ("$1,234", Limit(nanos=1234 * NANOS)),
        ("$0.000000001", Limit(nanos=1)),
        ("200_000, $2.5", Limit(tokens=200_000, nanos=2_500_000_000)),
        ("$2.50 and 200000 tokens", Limit(tokens=200_000, nanos=2_500_000_000)),
    ],
)
def test_limits_are_read_as_people_write_them(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit
    assert parse_limit(str(limit)) == limit


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "-5", "1.5", "$0", "$-1", "$", "$2.0000000001", "$1000001", "€5", "2 3", "$1 $2",
        "9" * 30, "$" + "9" * 30, "١٢", "two", "1e6", "$NaN", "5 dollars", "tokens",
    ],
)  # fmt: skip
def test_what_is_no_limit_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be"):
        parse_limit(text)


def test_limits_say_what_they_allow() -> None:
    assert Limit(tokens=2_000_000, nanos=NANOS).words() == "2,000,000 tokens and $1.00"
    assert NO_LIMIT.words() == str(NO_LIMIT) == "no limit"
