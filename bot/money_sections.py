"""The sections [budget] and [[prices]] of the configuration: what may be spent, what tokens cost.
Asks no list of prices."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

from bot import checks
from bot.checks import Wrong, shown
from bot.sections import numbered
from core.messages.money import NANOS
from core.model.amounts import MOST_TOKENS, NO_LIMIT, Limit, parse_limit
from core.model.periods import known_zone
from core.model.prices import Price, Rates

DEAREST = 100_000
"""Dollars for a million tokens: beyond it a price is a slip of the pen."""


def limit(value: object, _base: Path) -> Limit:
    """A limit in tokens (2_000_000), in money ("$2.50"), or in both ("2000000, $2.50")."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_TOKENS:
        return Limit(tokens=value)
    if isinstance(value, str):
        try:
            return parse_limit(value)
        except ValueError as error:
            raise Wrong(str(error)) from error
    raise Wrong(
        f"must be a whole number of tokens from 1 to {MOST_TOKENS}, money in quotes such as"
        f' "$2.50", or both in quotes such as "2000000, $2.50"; got {shown(value)}'
    )


def zone(value: object, _base: Path) -> str:
    """A time zone's name."""
    try:
        return known_zone(value if isinstance(value, str) else "")
    except ValueError as error:
        wanted = 'must be a time zone in quotes such as "Europe/Berlin" or "UTC"'
        raise Wrong(f"{wanted}, got {shown(value)}") from error


def price(value: object, _base: Path) -> int:
    """Dollars for a million tokens; comes back in nanodollars."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        # As it was written: 0.1 is a tenth, which no float is.
        dollars = Decimal(str(value)) if usable else Decimal(-1)
    except InvalidOperation:
        dollars = Decimal(-1)
    if not (dollars.is_finite() and 0 <= dollars <= DEAREST and dollars * NANOS % 1 == 0):
        raise Wrong(
            f"must be dollars for a million tokens, from 0 to {DEAREST:,} with at most nine"
            f" decimals, such as 0.75; got {shown(value)}"
        )
    return int(dollars * NANOS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """What may be spent, in tokens, in money, or in both."""

    per_job: Annotated[Limit, limit] = field(default=Limit(tokens=2_000_000))
    per_person_day: Annotated[Limit, limit] = NO_LIMIT
    per_channel_day: Annotated[Limit, limit] = NO_LIMIT
    per_month: Annotated[Limit, limit] = NO_LIMIT

    def in_money(self) -> tuple[str, ...]:
        """The settings that limit money."""
        every = ("per_job", "per_person_day", "per_channel_day", "per_month")
        return tuple(name for name in every if getattr(self, name).nanos is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSettings:
    """One model's price, over what the list says: nanodollars for a million tokens."""

    model: Annotated[str, checks.line(200)]
    input: Annotated[int, price]
    output: Annotated[int, price]
    cached_input: Annotated[int | None, price] = None

    @property
    def price(self) -> Price:
        """The same as the core has it: one price for prompts of every length."""
        cached = self.input if self.cached_input is None else self.cached_input
        rates = Rates(input=self.input, cached=cached, written=self.input, output=self.output)
        return Price(rates=(rates,))


def twice(prices: tuple[PriceSettings | None, ...]) -> Iterator[str]:
    """What is wrong among the prices: a model that has two."""
    places: dict[str, str] = {}
    for at, one in enumerate(prices):
        if one is None:
            continue
        place = numbered("prices", at)
        if one.model in places:
            yield f"{place} model: {shown(one.model)} has a price in {places[one.model]} already"
        places.setdefault(one.model, place.rstrip(","))
