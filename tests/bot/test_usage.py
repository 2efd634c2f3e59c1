"""`thaw usage` over a ledger's real file and a channel's."""

import csv
from pathlib import Path
from typing import Literal

import pytest

from bot.usage import usage_of
from core.errors import BadRequest
from core.model.account import Account
from core.model.amounts import Amount
from core.model.budget import Ledger
from core.model.chat import Usage
from core.model.pots import Limits
from core.state.control import Control
from tests.core.room import ADA, CHANNEL, room

NOON = 1_794_744_000.0  # 2026-11-15
DAY = 86_400.0


async def spend(
    root: Path,
    person: str,
    model: str,
    nanos: int | None,
    at: float = NOON,
    kind: Literal["turn", "summary"] = "turn",
) -> None:
    control = await Control.open(root)
    try:
        ledger = Ledger(control.database, Limits())
        account = Account(channel=CHANNEL, person_id=person, work="turn:1", kind=kind)
        charged = Amount(tokens=1000, nanos=nanos)
        got = await ledger.reserve(account, model, charged, at)
        await ledger.settle(got, charged, Usage(prompt=900, completion=100, cached=500))
    finally:
        await control.close()


def test_before_the_first_start_nothing_was_used(tmp_path: Path) -> None:
    assert list(usage_of(tmp_path, None, None, None)) == ["nothing was used"]
    assert list(tmp_path.iterdir()) == []


async def test_each_way_to_add_up_has_the_dearest_first(tmp_path: Path) -> None:
    await spend(tmp_path, "ann", "small", 41_000_000)
    await spend(tmp_path, "bob", "large", 2_000_000_000, NOON + DAY)
    await spend(tmp_path, "bob", "own", None, NOON + DAY)
    unknown = "1,000 tokens at unknown prices"
    assert list(usage_of(tmp_path, "model", None, None)) == [
        "large  1 call, 1,000 tokens (500 of them cached), $2.00",
        "small  1 call, 1,000 tokens (500 of them cached), $0.041",
        f"own  1 call, 1,000 tokens (500 of them cached), {unknown}",
        f"together  3 calls, 3,000 tokens (1,500 of them cached), $2.04, {unknown}",
    ]
    assert [line.split()[0] for line in usage_of(tmp_path, "person", None, None)] == [
        "bob", "ann", "together",
    ]  # fmt: skip
    assert [line.split()[0] for line in usage_of(tmp_path, "day", None, None)] == [
        "2026-11-15", "2026-11-16", "together",
    ]  # fmt: skip
    (line,) = usage_of(tmp_path, "channel", "2026-11-16", "2026-11-16")
    assert line.startswith(f"{CHANNEL}  2 calls, 2,000 tokens")


async def test_what_summaries_cost_stands_by_itself(tmp_path: Path) -> None:
    await spend(tmp_path, "ann", "small", 2_000_000_000)
    await spend(tmp_path, "ann", "small", 1_000_000_000, kind="summary")
    assert list(usage_of(tmp_path, "kind", None, None))[:2] == [
        "turn  1 call, 1,000 tokens (500 of them cached), $2.00",
        "summary  1 call, 1,000 tokens (500 of them cached), $1.00",
    ]


async def test_csv_has_a_line_for_each_combination_with_exact_sums(tmp_path: Path) -> None:
    await spend(tmp_path, "ann", "small", 41_000_001)
    await spend(tmp_path, "ann", "small", 1)
    table = list(csv.DictReader(usage_of(tmp_path, None, None, None, as_csv=True)))
    assert table == [
        {
            "day": "2026-11-15", "channel": str(CHANNEL), "person": "ann", "model": "small",
            "kind": "turn", "calls": "2", "prompt": "1800", "cached": "1000", "completion": "200",
            "tokens": "2000", "dollars": "0.041000002", "unpriced_tokens": "0",
        }
    ]  # fmt: skip


async def test_people_are_named_while_the_bot_runs_and_no_name_is_a_formula(
    tmp_path: Path,
) -> None:
    await spend(tmp_path, ADA.id, "@model", 1)
    await spend(tmp_path, "=1+1\x1b[2J", "@model", 2)
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
        people = [line.split("  ")[0] for line in usage_of(tmp_path, "person", None, None)]
        assert people == ["=1+1\\u001b[2J", f"{ADA.name} ({ADA.id})", "together"]
        table = list(csv.DictReader(usage_of(tmp_path, None, None, None, as_csv=True)))
        assert {row["person"] for row in table} == {"'=1+1\\u001b[2J", f"{ADA.name} ({ADA.id})"}
        assert {row["model"] for row in table} == {"'@model"}


@pytest.mark.parametrize("name", ["=1", "+1", "-1", "@A", " =1", "\uff1d1", "\uff20A"])
async def test_no_model_is_a_formula_however_it_is_written(tmp_path: Path, name: str) -> None:
    await spend(tmp_path, ADA.id, name, 1)
    (row,) = csv.DictReader(usage_of(tmp_path, "model", None, None, as_csv=True))
    assert row["model"] == f"'{name}"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "11/22/2026", ""])
def test_a_day_that_is_none_is_refused(tmp_path: Path, day: str) -> None:
    with pytest.raises(BadRequest, match="2026-11-22"):
        list(usage_of(tmp_path, None, day, None))
