from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load
from core.model.amounts import NO_LIMIT, Limit


def read(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text, "utf-8")
    return load(file)


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value)


def test_limits_are_tokens_money_or_both(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        '[budget]\nper_job = "$2.50"\nper_person_day = 1_000\nper_month = "5000, $0.01"\n',
    )
    assert config.budget.per_job == Limit(nanos=2_500_000_000)
    assert config.budget.per_person_day == Limit(tokens=1000)
    assert config.budget.per_channel_day == NO_LIMIT
    assert config.budget.per_month == Limit(tokens=5000, nanos=10_000_000)
    assert config.budget.in_money() == ("per_job", "per_month")


@pytest.mark.parametrize(
    "value",
    ["0", "-1", "2.5", "true", '""', '"2.50 dollars"', '"$0"', "[1]", "{tokens = 5}", "1e6"],
)
def test_what_is_no_limit_is_named_with_its_key(tmp_path: Path, value: str) -> None:
    text = wrong(tmp_path, f"[budget]\nper_channel_day = {value}\n")
    assert text.startswith("[budget] per_channel_day: must be")
    assert any(words in text for words in ("$2.50", "whole number", "more than $0"))


def test_prices_are_exact(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        '[[prices]]\nmodel = "mine"\ninput = 0.1\ncached_input = 0.0375\noutput = 3\n'
        '[[prices]]\nmodel = "other"\ninput = 0\noutput = 0\n',
    )
    mine, other = (price.price.rates[0] for price in config.prices)
    assert (mine.input, mine.cached, mine.output) == (100_000_000, 37_500_000, 3_000_000_000)
    assert (other.input, other.cached, other.output) == (0, 0, 0)


def test_without_a_price_of_its_own_what_is_cached_costs_as_what_is_new(tmp_path: Path) -> None:
    config = read(tmp_path, '[[prices]]\nmodel = "mine"\ninput = 2\noutput = 3\n')
    assert config.prices[0].price.rates[0].cached == 2_000_000_000


@pytest.mark.parametrize(
    "value", ["-1", "nan", "inf", '"0.75"', "true", "100_001", "0.0000000001", "[]"]
)
def test_what_is_no_price_is_named_with_its_key(tmp_path: Path, value: str) -> None:
    text = wrong(tmp_path, f'[[prices]]\nmodel = "mine"\ninput = {value}\noutput = 1\n')
    assert text.startswith("[[prices]] no. 1, input: must be dollars for a million tokens")


def test_a_price_needs_its_parts_and_a_model_has_one(tmp_path: Path) -> None:
    text = wrong(tmp_path, '[[prices]]\nmodel = "mine"\ninput = 1\n')
    assert text == "[[prices]] no. 1, output: must be set"
    one = '[[prices]]\nmodel = "mine"\ninput = 1\noutput = 1\n'
    assert wrong(tmp_path, one + one) == (
        '[[prices]] no. 2, model: "mine" has a price in [[prices]] no. 1 already'
    )


def test_a_time_zone_is_known(tmp_path: Path) -> None:
    assert read(tmp_path, '[bot]\ntimezone = "europe/berlin"\n').bot.timezone == "Europe/Berlin"
    for value in ('"Mars/Olympus"', "7", '""'):
        text = wrong(tmp_path, f"[bot]\ntimezone = {value}\n")
        assert text.startswith('[bot] timezone: must be a time zone in quotes such as "Europe/')
