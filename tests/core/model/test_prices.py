from dataclasses import replace
from itertools import product

import pytest

from core.model.chat import Usage
from core.model.prices import FREE, Price, Rates

# gpt-5.4-mini's as they were in November 2026.
SHORT = Rates(input=750_000_000, cached=75_000_000, written=750_000_000, output=4_500_000_000)
LONG = Rates(
    above=1000, input=1_500_000_000, cached=150_000_000, written=1_875_000_000,
    output=6_750_000_000,
)  # fmt: skip
PLAIN, TIERED = Price(rates=(SHORT,)), Price(rates=(SHORT, LONG))


def test_what_was_cached_costs_less_and_what_was_reasoned_is_counted_once() -> None:
    usage = Usage(prompt=1000, completion=100, cached=800, reasoning=90)
    assert PLAIN.cost(usage) == 200 * 750 + 800 * 75 + 100 * 4500
    assert PLAIN.cost(replace(usage, reasoning=0)) == PLAIN.cost(usage)


def test_what_was_put_into_the_cache_has_a_price_of_its_own() -> None:
    usage = Usage(prompt=2000, completion=0, cached=500, written=1500)
    assert TIERED.cost(usage) == 500 * 150 + 1500 * 1875


def test_a_long_prompt_is_dearer_from_its_first_token() -> None:
    assert TIERED.cost(Usage(prompt=1000, completion=1)) == 1000 * 750 + 4500
    assert TIERED.cost(Usage(prompt=1001, completion=1)) == 1001 * 1500 + 6750


def test_a_part_of_a_nanodollar_is_a_whole_one() -> None:
    third = Price(rates=(Rates(input=333_333, cached=1, written=333_333, output=0),))
    assert third.cost(Usage(prompt=1, completion=0)) == 1
    assert third.cost(Usage(prompt=1, completion=0, cached=1)) == 1
    assert third.cost(Usage(prompt=0, completion=9)) == 0


@pytest.mark.parametrize(("cached", "written"), [(900, 0), (0, 900), (900, 900), (10**9, 10**9)])
def test_more_cached_than_asked_is_all_that_was_asked(cached: int, written: int) -> None:
    usage = Usage(prompt=100, completion=0, cached=cached, written=written)
    assert PLAIN.cost(usage) in (100 * 75, 100 * 750)
    assert PLAIN.cost(usage) >= 0


def test_no_call_within_its_tokens_costs_more_than_its_bound() -> None:
    cheap_when_long = Price(rates=(SHORT, replace(SHORT, above=500, input=1, output=1)))
    for price in (PLAIN, TIERED, cheap_when_long, FREE):
        bound = price.bound(1200, 300)
        for prompt, completion, share in product(
            (0, 1, 500, 501, 1000, 1001, 1200), (0, 300), (0, 2)
        ):
            part = prompt * share // 2
            for cached, written in ((part, 0), (0, part)):
                usage = Usage(prompt=prompt, completion=completion, cached=cached, written=written)
                assert price.cost(usage) <= bound


def test_a_price_is_said_for_a_million_tokens() -> None:
    assert PLAIN.words() == "$0.75 in, $0.075 cached, $4.50 out per million tokens"
