import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import SECTIONS, Config, load
from bot.sections import settings
from core.messages.money import NANOS
from core.model.amounts import Limit

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
COMMENTED_OUT = re.compile(r"^# (?=\[|\w+ = )", re.MULTILINE)
HEADING = re.compile(r"\[+([\w.]+)\]+")
SETTING = re.compile(r"(\w+) = ")


@pytest.fixture(autouse=True)
def an_ordinary_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def in_full() -> str:
    """The example with all that is commented out in force."""
    return COMMENTED_OUT.sub("", EXAMPLE.read_text("utf-8"))


def test_the_example_says_exactly_the_defaults() -> None:
    assert load(EXAMPLE) == replace(Config(), file=EXAMPLE)


def test_the_example_names_every_setting_and_no_other() -> None:
    section, named = "", set()
    for line in in_full().splitlines():
        if heading := HEADING.match(line):
            section = heading[1]
        elif setting := SETTING.match(line):
            named.add((section, setting[1]))
    assert named == {(name, key) for name, kind in SECTIONS.items() for key in settings(kind)}


def test_what_the_example_leaves_out_can_be_put_in(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "skills").mkdir()
    (tmp_path / "config.toml").write_text(in_full(), "utf-8")
    config = load(tmp_path / "config.toml")
    assert config.platforms.names == ("slack", "discord", "telegram")
    assert config.budget.per_month == Limit(tokens=200_000_000, nanos=500 * NANOS)
    assert [price.model for price in config.prices] == ["my-model"]
    assert config.model.subagent_name == "gpt-5.5"
    assert [source.name for source in config.sources] == ["logs"]
    assert [rule.kind or rule.rule for rule in config.rules] == ["latest", "counter"]
