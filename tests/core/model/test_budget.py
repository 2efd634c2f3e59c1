"""The ledger on a real file: exact limits, at any concurrency, across restarts."""

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BudgetExceeded
from core.messages.views import SpendLine
from core.model import usage_rows
from core.model.amounts import Amount, Limit
from core.model.budget import KEEP_S, Ledger
from core.model.chat import Usage
from core.model.pots import Limits
from core.model.usage_rows import UsageRow
from tests.core.model.chats import CHANNEL, account
from tests.core.model.ledgers import NOON, filed, keeping, money, most, tokens

DAY = 86_400.0
DOLLAR = 1_000_000_000


async def spent(ledger: Ledger, at: float = NOON) -> dict[str, tuple[int, int]]:
    lines = await ledger.spend(CHANNEL, "ann", at)
    return {line.level: (line.used, line.reserved) for line in lines}


async def granted(ledger: Ledger, bounds: Iterable[int], at: float = NOON) -> list[int]:
    """Reserve all at once for works of their own; the ids of those that were granted."""
    calls = [
        ledger.reserve(account(f"job:{number}"), "tiny", tokens(bound), at)
        for number, bound in enumerate(bounds)
    ]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(end, int | BudgetExceeded) for end in ends)
    return [end for end in ends if isinstance(end, int)]


async def test_a_call_counts_on_every_level_as_reserved_then_as_used(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        reservation = await ledger.reserve(account(), "tiny", tokens(500), NOON)
        assert (await ledger.charged("job:1")).tokens == 500
        assert set((await spent(ledger)).values()) == {(0, 500)}
        await ledger.settle(reservation, tokens(120))
        assert (await ledger.charged("job:1")).tokens == 120
        assert await spent(ledger) == {
            "each person, today": (120, 0),
            "this channel, today": (120, 0),
            "everybody, this month": (120, 0),
            "model tiny, this month": (120, 0),
        }


async def test_unknown_usage_is_charged_at_the_bound(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        await ledger.settle(await ledger.reserve(account(), "tiny", tokens(500), NOON), None)
        assert set((await spent(ledger)).values()) == {(500, 0)}


async def test_usage_above_the_bound_is_recorded_as_used(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        await ledger.settle(await ledger.reserve(account(), "tiny", tokens(500), NOON), tokens(900))
        assert set((await spent(ledger)).values()) == {(900, 0)}


async def test_settling_twice_counts_once(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        reservation = await ledger.reserve(account(), "tiny", tokens(500), NOON)
        await ledger.settle(reservation, tokens(100))
        await ledger.settle(reservation, tokens(100))
        await ledger.settle(reservation, None)
        assert set((await spent(ledger)).values()) == {(100, 0)}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(per_person_day=most(1000)), "each person, today"),
        (Limits(per_channel_day=most(1000)), "this channel, today"),
        (Limits(per_month=most(1000)), "everybody, this month"),
    ],
)
async def test_a_limit_is_kept_to_the_token(tmp_path: Path, limits: Limits, words: str) -> None:
    async with keeping(tmp_path, limits) as ledger:
        await ledger.settle(
            await ledger.reserve(account("job:1"), "tiny", tokens(700), NOON), tokens(600)
        )
        await ledger.reserve(account("job:2"), "tiny", tokens(100), NOON)
        with pytest.raises(BudgetExceeded) as caught:
            await ledger.reserve(account("job:3"), "tiny", tokens(301), NOON)
        text = str(caught.value)
        assert words in text
        assert "1,000 tokens" in text
        assert "600 are used and 100 reserved" in text
        assert "300 are left" in text
        assert "301" in text
        assert await ledger.reserve(account("job:3"), "tiny", tokens(300), NOON)
        assert (await ledger.charged("job:3")).tokens == 300


async def test_a_work_has_a_budget_of_its_own_that_does_not_renew(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        await ledger.settle(
            await ledger.reserve(account(budget=100), "tiny", tokens(90), NOON), tokens(90)
        )
        for at in (NOON, NOON + 40 * DAY):
            with pytest.raises(BudgetExceeded, match=r"this job.*does not renew"):
                await ledger.reserve(account(budget=100), "tiny", tokens(11), at)
        assert await ledger.reserve(account("turn:1", budget=100), "tiny", tokens(100), NOON)


async def test_a_refused_call_reserves_nothing_on_any_level(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_month=most(100))) as ledger:
        with pytest.raises(BudgetExceeded):
            await ledger.reserve(account(), "tiny", tokens(101), NOON)
        assert set((await spent(ledger)).values()) == {(0, 0)}


async def test_people_and_channels_do_not_share_their_days(tmp_path: Path) -> None:
    limits = Limits(per_person_day=most(100), per_channel_day=most(150))
    async with keeping(tmp_path, limits) as ledger:
        await ledger.reserve(account(person="ann"), "tiny", tokens(100), NOON)
        with pytest.raises(BudgetExceeded, match="each person"):
            await ledger.reserve(account(person="ann", channel="other"), "tiny", tokens(1), NOON)
        with pytest.raises(BudgetExceeded, match="this channel"):
            await ledger.reserve(account(person="bob"), "tiny", tokens(51), NOON)
        await ledger.reserve(account(person="bob", channel="other"), "tiny", tokens(100), NOON)


async def test_a_day_renews_at_midnight_utc_and_a_month_on_its_first(tmp_path: Path) -> None:
    limits = Limits(per_person_day=most(100), per_month=most(150))
    midnight = NOON + DAY / 2
    async with keeping(tmp_path, limits) as ledger:
        await ledger.reserve(account(), "tiny", tokens(100), NOON)
        with pytest.raises(BudgetExceeded, match="midnight UTC, in 0 h 1 min"):
            await ledger.reserve(account(), "tiny", tokens(1), midnight - 60)
        with pytest.raises(BudgetExceeded, match="2026-12-01"):
            await ledger.reserve(account(), "tiny", tokens(51), midnight)
        await ledger.reserve(account(), "tiny", tokens(50), midnight)
        await ledger.reserve(account(), "tiny", tokens(100), NOON + 16 * DAY)


async def test_a_call_is_settled_on_the_day_it_was_reserved(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        reservation = await ledger.reserve(account(), "tiny", tokens(100), NOON)
        await ledger.reserve(account(), "tiny", tokens(7), NOON + DAY)
        await ledger.settle(reservation, tokens(60))
        assert (await spent(ledger, NOON))["each person, today"] == (60, 0)
        assert (await spent(ledger, NOON + DAY))["each person, today"] == (0, 7)


async def test_200_reservations_at_once_never_go_over_by_a_token(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_month=most(1000))) as ledger:
        ids = await granted(ledger, [7] * 200)
        assert len(ids) == 1000 // 7
        assert len(set(ids)) == len(ids)
        assert (await spent(ledger))["everybody, this month"] == (0, 994)


async def test_reserving_and_settling_at_once_never_goes_over(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_channel_day=most(300))) as ledger:
        highest = 0

        async def call(number: int) -> None:
            nonlocal highest
            try:
                got = await ledger.reserve(account(f"job:{number}"), "tiny", tokens(30), NOON)
            except BudgetExceeded:
                return
            highest = max(highest, sum((await spent(ledger))["this channel, today"]))
            await ledger.settle(got, tokens(number % 31))

        await asyncio.gather(*(call(number) for number in range(200)))
        used, reserved = (await spent(ledger))["this channel, today"]
        assert 0 < used <= 300
        assert highest <= 300
        assert reserved == 0


async def test_what_a_dead_process_left_reserved_is_charged_at_its_bound(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        await ledger.reserve(account(), "tiny", tokens(500), NOON)
        await ledger.settle(await ledger.reserve(account(), "tiny", tokens(300), NOON), tokens(20))
    async with keeping(tmp_path) as ledger:
        assert await ledger.recover(NOON + 1) == 1
        assert set((await spent(ledger)).values()) == {(520, 0)}
        assert await ledger.recover(NOON + 2) == 0
        assert (await ledger.charged("job:1")).tokens == 520


async def test_the_tables_stay_small(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        for number in range(50):
            got = await ledger.reserve(account(f"turn:{number % 5}"), "tiny", tokens(10), NOON)
            await ledger.settle(got, tokens(10))
        await ledger.reserve(account("turn:new"), "tiny", tokens(10), NOON + KEEP_S + DAY)
    rows = sqlite3.connect(tmp_path / "control.db")
    try:
        works = rows.execute("SELECT name FROM spent WHERE level = 'work'").fetchall()
        assert works == [("turn:new",)]
        assert rows.execute("SELECT count(*) FROM reservations").fetchone() == (1,)
    finally:
        rows.close()


async def test_spend_lines_say_limit_and_renewal(tmp_path: Path) -> None:
    limits = Limits(per_person_day=most(10), per_channel_day=most(20), per_month=most(30))
    async with keeping(tmp_path, limits) as ledger:
        lines = await ledger.spend(CHANNEL, "ann", NOON)
        assert [line.limit for line in lines] == [10, 20, 30]
        assert lines[2] == SpendLine(
            level="everybody, this month",
            used=0,
            reserved=0,
            limit=30,
            renews="on 2026-12-01 UTC",
        )
        assert len(await ledger.spend(CHANNEL, None, NOON)) == 2


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        (Limits(per_person_day=Limit(nanos=1000)), "per_person_day"),
        (Limits(per_channel_day=Limit(nanos=1000)), "per_channel_day"),
        (Limits(per_month=Limit(nanos=1000)), "per_month"),
    ],
)
async def test_money_is_kept_to_the_nanodollar(tmp_path: Path, limits: Limits, key: str) -> None:
    async with keeping(tmp_path, limits) as ledger:
        got = await ledger.reserve(account("job:1"), "tiny", money(9, 700), NOON)
        await ledger.settle(got, money(3, 600))
        await ledger.reserve(account("job:2"), "tiny", money(9, 100), NOON)
        with pytest.raises(BudgetExceeded) as caught:
            await ledger.reserve(account("job:3"), "tiny", money(1, 301), NOON)
        assert "$0.0000003 is left, and it may need $0.000000301" in str(caught.value)
        assert f"An admin can raise it: [budget] {key} in the" in str(caught.value)
        await ledger.reserve(account("job:3"), "tiny", money(1, 300), NOON)


async def test_both_limits_of_one_level_hold(tmp_path: Path) -> None:
    both = replace(account(), budget=Limit(tokens=100, nanos=DOLLAR))
    async with keeping(tmp_path) as ledger:
        with pytest.raises(BudgetExceeded, match=r"100 tokens for this job.*/settings per_job"):
            await ledger.reserve(both, "tiny", money(101, 1), NOON)
        with pytest.raises(BudgetExceeded, match=r"\$1\.00 for this job"):
            await ledger.reserve(both, "tiny", money(1, DOLLAR + 1), NOON)
        await ledger.reserve(both, "tiny", money(100, DOLLAR), NOON)


async def test_a_model_of_unknown_price_is_not_asked_where_money_is_limited(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path, Limits(per_month=Limit(nanos=DOLLAR))) as ledger:
        with pytest.raises(BudgetExceeded, match=r"unknown price.*\[\[prices\]\]"):
            await ledger.reserve(account(), "tiny", tokens(1), NOON)
    async with keeping(tmp_path) as ledger:
        got = await ledger.reserve(account(), "tiny", tokens(10), NOON)
        await ledger.settle(got, tokens(10))
        line = (await ledger.spend(CHANNEL, "ann", NOON))[0]
        assert (line.used, line.cost, line.unpriced) == (10, 0, 10)


async def test_200_calls_at_once_never_go_over_by_a_nanodollar(tmp_path: Path) -> None:
    limits = Limits(per_month=Limit(nanos=1003), per_channel_day=Limit(tokens=10**6, nanos=1001))
    async with keeping(tmp_path, limits) as ledger:

        async def call(number: int) -> int:
            try:
                got = await ledger.reserve(account(f"job:{number}"), "tiny", money(1, 10), NOON)
            except BudgetExceeded:
                return 0
            await ledger.settle(got, money(1, number % 11) if number % 3 else None)
            return 1

        made = sum(await asyncio.gather(*(call(number) for number in range(200))))
        for line in (await ledger.spend(CHANNEL, "ann", NOON))[1:3]:
            assert line.cost_limit is not None
            assert line.cost + line.cost_reserved <= line.cost_limit
            assert line.used == made


async def test_limits_lowered_below_what_is_used_let_nothing_more_through(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        got = await ledger.reserve(account(), "tiny", money(500, 500), NOON)
        await ledger.settle(got, money(500, 500))
    for lower in (Limits(per_month=most(100)), Limits(per_month=Limit(nanos=100))):
        async with keeping(tmp_path, lower) as ledger:
            with pytest.raises(BudgetExceeded, match="left, and it may need"):
                await ledger.reserve(account(), "tiny", money(1, 1), NOON)


async def test_a_settlement_after_midnight_goes_to_the_day_of_its_call_in_its_zone(
    tmp_path: Path,
) -> None:
    tokyo = replace(account(), zone="Asia/Tokyo")
    before = NOON + 3 * 3600 - 1  # a second before midnight there
    async with keeping(tmp_path) as ledger:
        early = await ledger.reserve(tokyo, "tiny", money(100, 100), before)
        await ledger.reserve(tokyo, "tiny", money(7, 7), before + 2)
        await ledger.settle(early, money(60, 60))
        days = [
            (await ledger.spend(CHANNEL, "ann", at, "Asia/Tokyo"))[0] for at in (before, before + 2)
        ]
        assert [(day.cost, day.cost_reserved) for day in days] == [(60, 0), (0, 7)]
        assert days[1].renews == "at midnight Asia/Tokyo, in 23 h 59 min"
        assert [row.day for row in await rows(tmp_path)] == ["2026-11-15"]


async def rows(path: Path) -> list[UsageRow]:
    async with filed(path) as database:
        return await database.read(lambda tx: list(usage_rows.read(tx, "2026-01-01", "2027-01-01")))


async def test_what_is_held_for_a_job_makes_place_for_its_first_call(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_month=most(100))) as ledger:
        await ledger.admit(account("job:1"), "tiny", tokens(80), NOON)
        await ledger.admit(account("job:1"), "tiny", tokens(80), NOON)
        assert (await spent(ledger))["everybody, this month"] == (0, 80)
        with pytest.raises(BudgetExceeded, match="20 are left"):
            await ledger.admit(account("job:2"), "tiny", tokens(21), NOON)
        with pytest.raises(BudgetExceeded):
            await ledger.reserve(account("job:2"), "tiny", tokens(21), NOON)
        await ledger.reserve(account("job:1"), "tiny", tokens(100), NOON)
        assert (await spent(ledger))["everybody, this month"] == (0, 100)


async def test_a_first_call_that_is_refused_leaves_its_hold(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_month=most(100))) as ledger:
        await ledger.admit(account("job:1"), "tiny", tokens(80), NOON)
        with pytest.raises(BudgetExceeded):
            await ledger.reserve(account("job:1"), "tiny", tokens(101), NOON)
        assert (await spent(ledger))["everybody, this month"] == (0, 80)
        await ledger.release("job:1")
        await ledger.release("job:1")
        assert (await spent(ledger))["everybody, this month"] == (0, 0)


async def test_a_new_start_charges_calls_and_lets_go_of_holds(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        await ledger.admit(account("job:1"), "tiny", money(80, 8), NOON)
        await ledger.reserve(account("job:2"), "tiny", money(50, 5), NOON)
    async with keeping(tmp_path) as ledger:
        assert await ledger.recover(NOON + 1) == 1
        assert await ledger.charged("job:1") == money(0, 0)
        assert await ledger.charged("job:2") == money(50, 5)
    (row,) = await rows(tmp_path)
    assert (row.person, row.calls, row.tokens, row.nanos, row.prompt) == ("ann", 1, 50, 5, 0)


async def test_usage_is_added_up_by_day_place_person_and_model(tmp_path: Path) -> None:
    async with keeping(tmp_path) as ledger:
        for person, model, nanos in (("ann", "a", 3), ("ann", "a", 4), ("bob", "a", None)):
            got = await ledger.reserve(
                account("turn:1", person=person), model, Amount(tokens=99, nanos=nanos), NOON
            )
            usage = Usage(prompt=8, completion=2, cached=5)
            await ledger.settle(got, Amount(tokens=10, nanos=nanos), usage)
        free = await ledger.reserve(account(person="cat"), "a", tokens(5), NOON)
        await ledger.settle(free, money(0, 0))
    first, second = await rows(tmp_path)
    assert (first.person, first.calls, first.nanos, first.unpriced) == ("ann", 2, 7, 0)
    assert (first.prompt, first.cached, first.completion, first.tokens) == (16, 10, 4, 20)
    assert (second.person, second.nanos, second.unpriced) == ("bob", 0, 10)
