"""A channel's settings."""

import pytest

from core import settings
from core.errors import BadRequest
from core.messages import Person
from core.model.amounts import Limit
from core.state.database import Transaction
from tests.core.room import DEFAULTS

ADA = Person(id="ada", name="Ada")


def keep(tx: Transaction, name: str, value: str) -> None:
    tx.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, 'x', 0)", (name, value))


def test_what_a_channel_has_set_is_in_force_until_it_is_reset(tx: Transaction) -> None:
    settings.change(tx, "max_steps", "1,000", ADA, 1.0)
    settings.change(tx, "model", "gpt_x", ADA, 1.0)
    now = settings.effective(tx, DEFAULTS)
    assert (now.max_steps, now.model) == (1000, "gpt_x")
    settings.change(tx, "model", "default", ADA, 1.0)
    assert settings.effective(tx, DEFAULTS).model == DEFAULTS.model


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_steps", '"many"'), ("max_steps", "0"), ("max_steps", "true"), ("max_steps", "1.5"),
        ("timeout_s", "null"), ("model", "[]"), ("model", '"two\\nlines"'), ("per_job", "{}"),
        ("instructions", "7"), ("paused", '"yes"'), ("unheard_of", "1"), ("model", "no JSON"),
    ],
)  # fmt: skip
def test_a_value_that_an_older_program_left_is_passed_over(
    tx: Transaction, name: str, value: str
) -> None:
    keep(tx, "instructions", '"be brief"')
    keep(tx, name, value)
    now = settings.effective(tx, DEFAULTS)
    assert (now.max_steps, now.timeout_s) == (DEFAULTS.max_steps, DEFAULTS.timeout_s)
    assert (now.model, now.per_job, now.paused) == (DEFAULTS.model, DEFAULTS.per_job, False)
    own = {line.name for line in settings.lines(tx, DEFAULTS) if line.own}
    assert own == ({"instructions"} if name != "instructions" else set())


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("5000", Limit(tokens=5000)),
        ("$2.50", Limit(nanos=2_500_000_000)),
        ("200,000 tokens, $2.50", Limit(tokens=200_000, nanos=2_500_000_000)),
    ],
)
def test_a_jobs_budget_may_be_in_tokens_in_money_or_both(
    tx: Transaction, text: str, limit: Limit
) -> None:
    settings.change(tx, "per_job", text, ADA, 1.0)
    assert settings.effective(tx, DEFAULTS).per_job == limit
    (line,) = (line for line in settings.lines(tx, DEFAULTS) if line.name == "per_job")
    assert settings.change(tx, "per_job", line.value, ADA, 1.0)
    assert settings.effective(tx, DEFAULTS).per_job == limit


def test_a_channel_has_a_time_zone(tx: Transaction) -> None:
    assert settings.effective(tx, DEFAULTS).timezone == "UTC"
    settings.change(tx, "timezone", "europe/berlin", ADA, 1.0)
    assert settings.effective(tx, DEFAULTS).timezone == "Europe/Berlin"
    with pytest.raises(BadRequest, match="such as Europe/Berlin"):
        settings.change(tx, "timezone", "Mars/Olympus", ADA, 1.0)


def test_a_pause_is_kept(tx: Transaction) -> None:
    settings.pause(tx, True, ADA, 1.0)
    assert settings.effective(tx, DEFAULTS).paused
    settings.pause(tx, False, ADA, 1.0)
    assert not settings.effective(tx, DEFAULTS).paused


@pytest.mark.parametrize(
    ("name", "text"),
    [("max_steps", "0"), ("max_steps", "9" * 5000), ("model", "a\nb"), ("x" * 5000, "1")],
)
def test_a_wrong_value_is_refused_in_a_few_words(tx: Transaction, name: str, text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        settings.change(tx, name, text, ADA, 1.0)
    assert len(str(caught.value)) < 300
