"""What is said of the configured models' prices, and what does not start without them."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import prices
from bot.config import Config, ConfigError, ModelSettings
from bot.finding import Level
from bot.money_sections import BudgetSettings, PriceSettings
from core.model.amounts import Limit

OWN = ModelSettings(base_url="http://127.0.0.1:9/v1", name="tiny", subagent_name="deep")
TINY = PriceSettings(model="tiny", input=10**9, output=2 * 10**9)
DEEP = PriceSettings(model="deep", input=10**9, output=2 * 10**9)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Config(model=OWN)


async def test_a_limit_of_money_needs_the_price_of_each_model(config: Config) -> None:
    rich = replace(config, budget=BudgetSettings(per_month=Limit(nanos=1)), prices=(TINY,))
    with pytest.raises(ConfigError) as caught:
        await prices.check(rich, prices.book(rich))
    (line,) = caught.value.lines
    assert line.startswith("[budget] per_month: is in money, but the price of deep at http://127")
    assert 'write [[prices]] with model = "deep", input = … and output = …' in line
    known = replace(rich, prices=(TINY, DEEP))
    await prices.check(known, prices.book(known))


async def test_tokens_can_be_limited_without_prices(config: Config) -> None:
    await prices.check(config, prices.book(config))


async def test_the_offline_model_costs_nothing_and_can_be_limited_in_money(config: Config) -> None:
    free = replace(config, model=ModelSettings(), budget=BudgetSettings(per_job=Limit(nanos=1)))
    book = prices.book(free)
    await prices.check(free, book)
    assert prices.models(free) == ("offline",)
    price = await book.of("offline")
    assert price is not None
    assert price.bound(10**6, 10**6) == 0
    assert (await prices.price_finding(free, book)).level is Level.OK


async def test_the_doctor_names_prices_and_what_is_not_known(config: Config) -> None:
    some = replace(config, prices=(TINY,))
    found = await prices.price_finding(some, prices.book(some))
    assert found.level is Level.NOTE
    assert "tiny: $1.00 in, $1.00 cached, $2.00 out per million tokens" in found.text
    assert "deep: not known, so only its tokens are counted" in found.text
    assert found.advice.startswith('write [[prices]] with model = "deep"')
    rich = replace(some, budget=BudgetSettings(per_job=Limit(nanos=1)))
    assert (await prices.price_finding(rich, prices.book(rich))).level is Level.PROBLEM
    whole = replace(config, prices=(TINY, DEEP))
    assert (await prices.price_finding(whole, prices.book(whole))).level is Level.OK
