"""The prices of the configured models: what the bot counts with, and what is said of them."""

from bot.config import Config, ConfigError
from bot.finding import Finding, Level
from core.model.price_book import PriceBook
from core.model.prices import FREE


def book(config: Config) -> PriceBook:
    """The configuration's prices over the list's. Asks nothing yet."""
    own = {one.model: one.price for one in config.prices}
    return PriceBook(config.model.base_url, {"offline": FREE, **own})


def models(config: Config) -> tuple[str, ...]:
    """The models that the configuration names."""
    if config.model.offline:
        return ("offline",)
    return tuple(
        dict.fromkeys((config.model.name, config.model.subagent_name or config.model.name))
    )


async def check(config: Config, prices: PriceBook) -> None:
    """A limit of money holds only where prices are known. Raises ConfigError."""
    if not config.budget.in_money():
        return
    wrong = _unkept(config, await _unknown(config, prices))
    if wrong:
        raise ConfigError(wrong)


async def price_finding(config: Config, prices: PriceBook) -> Finding:
    """What the models cost, for doctor. Asks the list that came with the program, no server."""
    if config.model.offline:
        return Finding(level=Level.OK, about="prices", text="the offline model costs nothing")
    found = await prices.every(models(config))
    text = "; ".join(
        f"{name}: {price.words() if price else 'not known, so only its tokens are counted'}"
        for name, price in found.items()
    )
    unknown = [name for name, price in found.items() if price is None]
    if not unknown:
        return Finding(level=Level.OK, about="prices", text=text)
    wrong = _unkept(config, unknown)
    level = Level.PROBLEM if wrong else Level.NOTE
    return Finding(level=level, about="prices", text=text, advice=_advice(unknown[0]))


async def _unknown(config: Config, prices: PriceBook) -> list[str]:
    found = await prices.every(models(config))
    return [name for name, price in found.items() if price is None]


def _unkept(config: Config, unknown: list[str]) -> list[str]:
    return [
        f"[budget] {key}: is in money, but the price of {name} at {config.model.base_url} is not"
        f" known; limit tokens instead, or {_advice(name)}"
        for key in config.budget.in_money()
        for name in unknown
    ]


def _advice(name: str) -> str:
    return (
        f'write [[prices]] with model = "{name}", input = … and output = …, in dollars for a'
        " million tokens (and cached_input = …, if what is cached costs less)"
    )
