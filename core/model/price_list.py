"""A program of its own: looks prices up in genai-prices and ends. The bot never imports it.

The list takes a third of a second to load and 40 MB to keep, of which a bot needs a few rows.
Standard input: {"server": URL, "models": [...], "at": Unix seconds}. Standard output: the models
whose price is known, each {"rates": [[above, input, cached, written, output], ...], "until":
Unix seconds or null}, as core.model.prices has them. Nothing is downloaded.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

Found = dict[str, object]


def found(server: str, models: list[str], at: float) -> dict[str, Found]:
    """The models whose price on that server is known."""
    moment, prices = datetime.fromtimestamp(at, UTC), get_snapshot()
    known = {name: _found(prices, server, name, moment) for name in models}
    return {name: one for name, one in known.items() if one is not None}


def _found(prices: DataSnapshot, server: str, name: str, at: datetime) -> Found | None:
    try:
        _, model = prices.find_provider_model(name, None, None, server)
    except LookupError:
        return None
    price = model.get_prices(at)
    parts = (price.input_mtok, price.output_mtok)
    # What else there is to pay for is not in the usage that a chat completion reports.
    if None in parts or price.requests_kcount:
        return None
    starts = sorted({0, *_starts(price)})
    ends = [end.timestamp() for end in _ends(model, at)]
    return {"rates": [_rates(price, start) for start in starts], "until": min(ends, default=None)}


def _starts(price: ModelPrice) -> Iterator[int]:
    """The lengths of prompts above which something costs another price."""
    for part in (
        price.input_mtok, price.cache_read_mtok, price.cache_write_mtok, price.output_mtok,
    ):  # fmt: skip
        if isinstance(part, TieredPrices):
            yield from (tier.start for tier in part.tiers)


def _rates(price: ModelPrice, above: int) -> list[int]:
    new = _nanos(price.input_mtok, above, 0)
    return [
        above,
        new,
        _nanos(price.cache_read_mtok, above, new),
        _nanos(price.cache_write_mtok, above, new),
        _nanos(price.output_mtok, above, 0),
    ]


def _nanos(price: Decimal | TieredPrices | None, above: int, otherwise: int) -> int:
    if price is None:
        return otherwise
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if tier.start <= above]
        price = reached[-1] if reached else price.base
    return int((price * 10**9).to_integral_value(ROUND_CEILING))


def _ends(model: ModelInfo, at: datetime) -> Iterator[datetime]:
    """When the price may be another: days from which, and times of day at which, one holds."""
    for one in [] if isinstance(model.prices, ModelPrice) else model.prices:
        match one.constraint:
            case StartDateConstraint(start_date=day):
                begins = datetime.combine(day, time(), UTC)
                if begins > at:
                    yield begins
            case TimeOfDateConstraint(start_time=start, end_time=end):
                yield from (_next(at, start), _next(at, end))
            case None:
                pass


def _next(at: datetime, clock: time) -> datetime:
    zoned = clock if clock.tzinfo else clock.replace(tzinfo=UTC)
    today = datetime.combine(at.astimezone(zoned.tzinfo).date(), zoned)
    return today if today > at else today + timedelta(days=1)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(found(asked["server"], asked["models"], asked["at"]), sys.stdout)
