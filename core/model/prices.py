"""What a model's tokens cost: a call's bound before it, its cost after it. Pure; looks nothing up.

Prices are whole nanodollars for a million tokens, so that sums are exact.
"""

from dataclasses import dataclass

from core.messages.money import exact_dollars
from core.model.chat import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices of prompts with more than `above` tokens: of what is new in them, of what the
    server had cached, of what it put into its cache, and of the answer."""

    above: int = 0
    input: int
    cached: int
    written: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One model's price: its rates, those of the shortest prompts first. Many servers ask more
    for the whole of a long prompt."""

    rates: tuple[Rates, ...]

    def cost(self, usage: Usage) -> int:
        """Nanodollars, rounded up. What was reasoned is part of the answer already."""
        rates = self.rates[0]
        for further in self.rates[1:]:
            if usage.prompt > further.above:
                rates = further
        cached = min(usage.cached, usage.prompt)
        written = min(usage.written, usage.prompt - cached)
        new = usage.prompt - cached - written
        return _rounded_up(
            new * rates.input
            + cached * rates.cached
            + written * rates.written
            + usage.completion * rates.output
        )

    def bound(self, prompt: int, completion: int) -> int:
        """The most, in nanodollars, that so many tokens can cost however they are counted."""
        first, *further = self.rates
        reached = (first, *(rates for rates in further if prompt > rates.above))
        return max(
            _rounded_up(
                prompt * max(rates.input, rates.cached, rates.written) + completion * rates.output
            )
            for rates in reached
        )

    def words(self) -> str:
        """For people, of short prompts."""
        rates = self.rates[0]
        return (
            f"{exact_dollars(rates.input)} in, {exact_dollars(rates.cached)} cached, "
            f"{exact_dollars(rates.output)} out per million tokens"
        )


FREE = Price(rates=(Rates(input=0, cached=0, written=0, output=0),))
"""Of the offline model."""


def _rounded_up(sum_of_millionths: int) -> int:
    return -(-sum_of_millionths // _MILLION)
